use std::collections::{BTreeMap, BTreeSet};

use fw_host::Listening;
use hub_link::first_settings;
use hub_model::{Address, SensorSettings, UnixMillis};
use units::Quantity;

use crate::{Air, Climate, House, Profile, Sent};

const START: UnixMillis = UnixMillis(1_767_225_600_000);
const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;

#[test]
fn the_same_seed_sends_the_same_frames_and_another_seed_others() {
    let frames = |seed| {
        let (mut house, mut air) = (House::new(seed, START).unwrap(), Air::new(seed, 2, 0.2));
        let sent = house.live_until(START + 2 * HOUR_MS);
        sent.iter().flat_map(|sent| air.carry(&sent.advert)).collect::<Vec<_>>()
    };
    assert_eq!(frames(1), frames(1));
    assert_ne!(frames(1), frames(2));
}

/// When a frame was sent, its counter, and what it says.
type Frame = (UnixMillis, u32, BTreeMap<Quantity, i64>);

/// What each sensor says, frame by frame.
fn told(house: &House, sent: &[Sent]) -> BTreeMap<Address, Vec<Frame>> {
    let mut told: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for Sent { at, advert } in sent {
        let sensor = house.sensors().iter().find(|sensor| sensor.address == advert.address).unwrap();
        let (counter, measures) = sensor.truth(advert).unwrap();
        assert!(measures.iter().all(|measure| measure.is_plausible()), "{measures:?}");
        let values = measures.iter().map(|measure| (measure.quantity, measure.value)).collect();
        told.entry(advert.address).or_default().push((*at, counter, values));
    }
    told
}

#[test]
fn every_frame_fits_a_legacy_advert_and_an_hour_says_all_that_is_measured() {
    let mut house = House::new(3, START).unwrap();
    house.listen(Listening::First(1));
    let sent = house.live_until(START + HOUR_MS);
    assert!(sent.iter().all(|sent| sent.advert.service_data.iter().all(|(_, data)| data.len() <= 24)));
    let told = told(&house, &sent);
    assert_eq!(told.len(), 6);
    for (address, frames) in told {
        let quantities: BTreeSet<Quantity> = frames.iter().flat_map(|(_, _, values)| values.keys().copied()).collect();
        assert_eq!(quantities.len(), 4, "{address}: {quantities:?}");
        assert!(frames.is_sorted_by_key(|(at, counter, _)| (*at, *counter)), "{address}");
    }
}

#[test]
fn whoever_passes_is_told_within_a_second_and_whenever_it_happens() {
    let mut house = House::new(4, START).unwrap();
    let sensor = house.sensors().iter().find(|sensor| sensor.profile == Profile::Motion).unwrap().clone();
    let number = house.watches.iter().find(|watch| watch.id == sensor.id).unwrap().number;
    let day = house.live_until(START + 24 * HOUR_MS);
    let mut motion: Vec<(UnixMillis, i64)> = told(&house, &day)[&sensor.address]
        .iter()
        .filter_map(|(at, _, values)| Some((*at, *values.get(&Quantity::Motion)?)))
        .collect();
    motion.dedup_by_key(|(_, value)| *value);
    let mut passing: Vec<(UnixMillis, i64)> = (0..24 * 60)
        .map(|minute| START + minute * MINUTE_MS)
        .map(|at| (at, house.climate().passing(at, number).into()))
        .collect();
    passing.dedup_by_key(|(_, value)| *value);
    assert!(passing.len() > 20, "{} changes a day", passing.len());
    assert_eq!(motion.len(), passing.len());
    for (told, happened) in motion.iter().zip(&passing).skip(1) {
        assert!(told.1 == happened.1 && (0..1000).contains(&(told.0 - happened.0)), "{told:?} for {happened:?}");
    }
}

#[test]
fn settings_are_told_over_the_air_and_lived_by() {
    let mut house = House::new(5, START).unwrap();
    let frames = |house: &mut House| {
        let now = house.now();
        house.live_until(now + MINUTE_MS);
        let sent = house.live_until(now + HOUR_MS);
        told(house, &sent).values().map(|frames| frames.len()).max().unwrap()
    };
    let seldom = frames(&mut house);
    house.set(&SensorSettings { advert_interval_ms: 1000, ..first_settings() }).unwrap();
    let often = frames(&mut house);
    assert!((700..1100).contains(&seldom) && (3500..4300).contains(&often), "{seldom} and {often} adverts an hour");
}

#[test]
fn the_climate_stays_in_bounds_for_ten_years() {
    let climate = Climate::new(9);
    for hour in 0..87_600 {
        let at = START + hour * 3_600_000;
        assert!((-35.0..45.0).contains(&climate.outside(at)));
        assert!((10.0..40.0).contains(&climate.room(at, 1, 0.0)));
        assert!((15.0..100.0).contains(&climate.humidity(at, 5, 30.0)));
        assert!((970.0..1060.0).contains(&climate.pressure(at)));
        assert!((0.0..200_000.0).contains(&climate.light(at)));
    }
}
