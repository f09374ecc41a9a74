use std::{collections::BTreeMap, vec::Vec};

use wire::bthome::{Item, v2};

use super::*;

const ROOM_SENSOR: [Channel; 3] = [
    Channel { quantity: Quantity::Temperature, band: 50 },
    Channel { quantity: Quantity::Humidity, band: 5000 },
    Channel { quantity: Quantity::Battery, band: 2 },
];
const NEWEST: SampleId = SampleId { boot: 0x0107, number: 0x0001_0203 };

/// What a receiver reads out of the sealed advert.
fn heard(payload: &Payload) -> BTreeMap<Quantity, i64> {
    let (key, address) = ([7; 16], [0xC0, 1, 2, 3, 4, 5]);
    let advert = payload.sealed(false, &key, address, 9);
    assert!(advert.fits_legacy(), "{} bytes", advert.service_data().len());
    let frame = v2::Frame::parse(advert.service_data()).unwrap();
    let mut buffer = [0; wire::bthome::MAX_SERVICE_DATA];
    let items = frame.open(&key, address, &mut buffer).unwrap();
    let mut values = BTreeMap::new();
    let mut places = Vec::new();
    for item in items {
        match item {
            Item::Reading { quantity: Quantity::SettingsRevision, value, .. } => assert_eq!(value, 0),
            Item::Reading { quantity, value, .. } => _ = values.insert(quantity, value),
            Item::Fact(Fact::Raw(bytes)) => places.push(bytes.to_vec()),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(places, [NEWEST.hint()]);
    values
}

fn measure(beacon: &mut Beacon, values: [i64; 3]) {
    for (channel, value) in ROOM_SENSOR.iter().zip(values) {
        beacon.measured(Measure::new(channel.quantity, value));
    }
}

#[test]
fn the_first_payload_tells_everything_and_where_the_log_stands() {
    let mut beacon = Beacon::new(&ROOM_SENSOR, &Settings::DEFAULT);
    assert!(beacon.is_due(0));
    measure(&mut beacon, [21_500, 452_500, 97]);
    let told = heard(&beacon.payload(1, NEWEST));
    assert_eq!(told[&Quantity::Temperature], 21_500);
    assert_eq!((told[&Quantity::Humidity], told[&Quantity::Battery]), (452_500, 97));
    assert!(!beacon.is_due(1));
}

#[test]
fn only_what_leaves_its_dead_band_or_the_heartbeat_is_told_anew() {
    let mut beacon = Beacon::new(&ROOM_SENSOR, &Settings::DEFAULT);
    measure(&mut beacon, [21_500, 452_500, 97]);
    beacon.payload(0, NEWEST);
    measure(&mut beacon, [21_549, 457_499, 96]);
    assert!(!beacon.is_due(299));
    assert!(beacon.is_due(300));
    // The band is around what was told, so that a slow drift is told too.
    measure(&mut beacon, [21_450, 452_500, 97]);
    assert!(beacon.is_due(10));
    assert_eq!(heard(&beacon.payload(10, NEWEST))[&Quantity::Temperature], 21_450);
    assert!(!beacon.is_due(309));
}

#[test]
fn more_values_than_a_frame_holds_are_told_one_frame_after_another() {
    let quantities = [
        Quantity::Temperature,
        Quantity::Humidity,
        Quantity::Pressure,
        Quantity::Co2,
        Quantity::Voltage,
        Quantity::Illuminance,
        Quantity::Battery,
        Quantity::Motion,
    ];
    let mut beacon = Beacon::new(&quantities.map(|quantity| Channel { quantity, band: 1 }), &Settings::DEFAULT);
    for quantity in quantities {
        beacon.measured(Measure::new(quantity, 1));
    }
    let mut told = BTreeMap::new();
    let mut frames = 0;
    while beacon.is_due(frames) {
        told.extend(heard(&beacon.payload(frames, NEWEST)));
        frames += 1;
    }
    // The revision of the settings is the ninth.
    assert_eq!((told.len(), frames), (8, 3));
    // What moves again comes first, the others in turn.
    beacon.measured(Measure::new(Quantity::Motion, 0));
    assert_eq!(heard(&beacon.payload(20, NEWEST))[&Quantity::Motion], 0);
    let silent: Vec<_> = (0..3).flat_map(|n| heard(&beacon.payload(400 + n, NEWEST)).into_keys()).collect();
    assert!(quantities.iter().all(|quantity| silent.contains(quantity)), "{silent:?}");
}

#[test]
fn a_value_that_cannot_be_said_is_left_out_and_does_not_block_the_others() {
    let mut beacon = Beacon::new(&ROOM_SENSOR, &Settings::DEFAULT);
    measure(&mut beacon, [21_500, i64::MAX, 97]);
    let told = heard(&beacon.payload(0, NEWEST));
    assert_eq!(told.len(), 2);
    assert!(!beacon.is_due(1));
    measure(&mut beacon, [21_500, 452_500, 97]);
    assert_eq!(heard(&beacon.payload(2, NEWEST))[&Quantity::Humidity], 452_500);
}

#[test]
fn what_is_no_channel_is_not_told() {
    let mut beacon = Beacon::new(&ROOM_SENSOR[..1], &Settings::DEFAULT);
    beacon.measured(Measure::new(Quantity::Humidity, 1));
    assert_eq!(heard(&beacon.payload(0, NEWEST)).len(), 0);
}
