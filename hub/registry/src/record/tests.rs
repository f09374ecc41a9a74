use hub_model::Calibration;
use proptest::prelude::*;

use super::*;

fn device() -> Device {
    Device {
        id: DeviceId::from_u64(0xA4C1_3800_1122),
        address: Address::new([0xA4, 0xC1, 0x38, 0, 0x11, 0x22]),
        name: Name::parse("Bath").unwrap(),
        room: Some(RoomId(3)),
        format: Some(Format::BthomeV2),
        key: Some(BindKey::new([7; 16])),
        replay: ReplayRule::Compat,
        calibration: Calibration::from([((Quantity::Temperature, 0), -60), ((Quantity::Humidity, 1), 9)]),
        retention: Some(Retention { raw_days: Some(400), rollup_days: None }),
        retention_of: [].into(),
        adopted_at: UnixMillis(1_700_000_000_000),
    }
}

/// A device that keeps its power for a week, and its humidity for ever.
fn retained_apart() -> Device {
    let power = Retention { raw_days: Some(7), rollup_days: Some(400) };
    Device { retention_of: [(Quantity::Humidity, Retention::FOREVER), (Quantity::Power, power)].into(), ..device() }
}

fn device_of(bytes: &[u8]) -> Result<Device, RegistryError> {
    read_device(device().id, bytes)
}

fn hex(device: &Device) -> String {
    write_device(device).unwrap().iter().map(|b| format!("{b:02x}")).collect()
}

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|i| u8::from_str_radix(&hex[i..i + 2], 16).unwrap()).collect()
}

#[test]
fn a_device_is_read_as_it_was_written() {
    for device in [device(), retained_apart()] {
        assert_eq!(device_of(&write_device(&device).unwrap()).unwrap(), device);
    }
}

/// These bytes are in files that are out there: a change of any of them is a change of the format.
#[test]
fn the_first_version_of_a_device_stays_readable() {
    let golden = concat!(
        "01",           // version
        "a4c138001122", // address
        "0442617468",   // name
        "0103",         // room
        "0109627468",
        "6f6d652d7632",                       // format
        "0107070707070707070707070707070707", // key
        "01",                                 // compat
        "02",
        "010077",
        "020112", // calibration: code, instance, offset (zigzag)
        "01",
        "019003",
        "00",           // retention
        "80a0abfef962", // adopted at (zigzag)
    );
    assert_eq!(device_of(&bytes(golden)).unwrap(), device());
    assert_eq!(hex(&device()), golden);
}

/// And these, of devices whose quantities are retained apart.
#[test]
fn the_second_version_of_a_device_stays_readable() {
    let first = hex(&device());
    let golden = format!(
        "02{}{}",
        &first[2..],
        concat!(
            "02",     // two quantities: code, raw days, roll-up days
            "020000", // humidity, for ever, for ever
            "070107", // power, 7
            "019003", // 400
        )
    );
    assert_eq!(hex(&retained_apart()), golden);
    assert_eq!(device_of(&bytes(&golden)).unwrap(), retained_apart());
}

#[test]
fn a_quantity_that_is_not_known_is_said() {
    let mut unknown = bytes(&hex(&device()));
    unknown[0] = 2;
    unknown.extend([1, 0xFF, 0xFF, 0x03, 0, 0]);
    let said = device_of(&unknown).unwrap_err().to_string();
    assert!(said.contains("a4c138001122") && said.contains("quantity 65535 is not known"), "{said}");
}

#[test]
fn a_damaged_record_says_which_and_why() {
    let mut bytes = write_device(&device()).unwrap();
    let said = |bytes: &[u8]| device_of(bytes).unwrap_err().to_string();
    assert_eq!(said(&[]), "device a4c138001122 in the registry is damaged (it is empty); restore a backup");
    assert!(said(&bytes[..20]).contains("is damaged"));
    bytes.push(0);
    assert!(said(&bytes).contains("1 bytes too many"));
    bytes[0] = 2;
    bytes.push(0);
    assert!(said(&bytes).contains("1 bytes too many"));
    bytes[0] = 3;
    assert!(said(&bytes).contains("its version is 3; expected 1 or 2"));
}

proptest! {
    #[test]
    fn no_bytes_make_reading_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        // Most are refused; what is accepted is a device that can be written again.
        if let Ok(device) = device_of(&bytes) {
            let again = write_device(&device).unwrap();
            prop_assert_eq!(device_of(&again).unwrap(), device);
        }
    }
}
