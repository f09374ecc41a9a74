use proptest::prelude::*;

use super::*;

const BEGAN: UnixMillis = UnixMillis(1_795_219_200_000);
const DAY_S: u32 = 86_400;

fn anchor(boot: u32, uptime_s: u32, ms: i64) -> Anchor {
    Anchor { boot, uptime_s, at: BEGAN + ms }
}

#[test]
fn near_an_anchor_time_is_certain_and_far_from_it_a_guess() {
    let clockwork = Clockwork::new(vec![anchor(1, 100, 100_000)]);
    let sure = |s: u32| Some(Taken { at: BEGAN + i64::from(s) * 1000, quality: TimeQuality::Synchronised });
    assert_eq!(clockwork.time(1, 40), sure(40));
    assert_eq!(clockwork.time(1, 10 * 3600), sure(10 * 3600));
    assert_eq!(clockwork.time(1, DAY_S).unwrap().quality, TimeQuality::Estimated);
    assert_eq!(clockwork.time(2, 40), None);
}

#[test]
fn the_next_boot_began_when_its_anchor_says() {
    let clockwork = Clockwork::new(vec![anchor(1, 5, 5_000), anchor(4, 60, 900_000)]);
    assert_eq!(clockwork.begin_after(1), Some(BEGAN + 840_000));
    assert_eq!(clockwork.begin_after(4), None);
}

#[test]
fn a_clock_that_was_set_makes_its_anchors_void() {
    let mut clockwork = Clockwork::new(vec![anchor(1, 100, 100_000), anchor(2, 50, 300_000)]);
    clockwork.set(anchor(1, 200, 3_800_000));
    assert_eq!(clockwork.anchors(), [anchor(1, 200, 3_800_000), anchor(2, 50, 300_000)]);
}

proptest! {
    /// A crystal that is off by up to 100 ppm, anchors at both ends of ten days, read in whole seconds up to half a second late.
    #[test]
    fn between_two_anchors_time_is_within_two_seconds(ppm in -100_i64..=100, s in 0_u32..=10 * DAY_S, late in (0_i64..500, 0_i64..500)) {
        let real_ms = |uptime_s: u32| i64::from(uptime_s) * 1000 + i64::from(uptime_s) * ppm / 1000;
        let clockwork = Clockwork::new(vec![
            anchor(1, 0, real_ms(0) + late.0),
            anchor(1, 10 * DAY_S, real_ms(10 * DAY_S) + late.1),
        ]);
        let taken = clockwork.time(1, s).unwrap();
        prop_assert!((taken.at - BEGAN - real_ms(s)).abs() <= 2_000);
        prop_assert_eq!(taken.quality, TimeQuality::Synchronised);
    }

    #[test]
    fn any_anchors_give_some_time_and_no_panic(anchors in prop::collection::vec((0_u32..4, any::<u32>(), any::<i64>()), 0..100), boot in 0_u32..4, s in any::<u32>()) {
        let anchors: Vec<_> = anchors.into_iter().map(|(boot, uptime_s, at)| Anchor { boot, uptime_s, at: UnixMillis(at) }).collect();
        let clockwork = Clockwork::new(anchors);
        prop_assert!(clockwork.anchors().len() <= MOST_ANCHORS);
        prop_assert_eq!(clockwork.time(boot, s).is_some(), clockwork.anchors().iter().any(|anchor| anchor.boot == boot));
        let _ = clockwork.begin_after(boot);
    }
}
