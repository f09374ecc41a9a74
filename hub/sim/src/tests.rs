use std::collections::{BTreeMap, BTreeSet};

use hub_model::{Address, UnixMillis};
use units::Quantity;

use crate::{Air, Climate, House};

const START: UnixMillis = UnixMillis(1_767_225_600_000);

#[test]
fn the_same_seed_sends_the_same_frames_and_another_seed_others() {
    let frames = |seed| {
        let (mut house, mut air) = (House::new(seed), Air::new(seed, 2, 0.2));
        (0..100)
            .flat_map(|minute| house.send_due(START + minute * 60_000, 60_000))
            .flat_map(|sent| air.carry(&sent.advert, 2))
            .collect::<Vec<_>>()
    };
    assert_eq!(frames(1), frames(1));
    assert_ne!(frames(1), frames(2));
}

#[test]
fn every_frame_fits_a_legacy_advert_and_two_say_all_that_was_measured() {
    let mut house = House::new(3);
    let mut said: BTreeMap<Address, BTreeSet<Quantity>> = BTreeMap::new();
    for minute in 0..2 {
        for sent in house.send_due(START + minute * 60_000, 60_000) {
            assert!(sent.advert.service_data.iter().all(|(_, data)| data.len() <= 24), "{:?}", sent.advert);
            assert!(sent.truth.iter().all(|measure| measure.is_plausible()), "{:?}", sent.truth);
            said.entry(sent.advert.address).or_default().extend(sent.truth.iter().map(|measure| measure.quantity));
        }
    }
    assert!(said.len() == 6 && said.values().all(|quantities| quantities.len() == 4), "{said:?}");
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
