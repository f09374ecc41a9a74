//! Set up like devices of others, the model says what their makers measured.
#![expect(clippy::print_stdout, reason = "a test")]
use fw_energy::published::{Anchor, Role, anchors};

const TOLERANCE: f64 = 0.15;

fn of(role: Role) -> Vec<Anchor> {
    anchors().into_iter().filter(|anchor| anchor.role == role).collect()
}

fn check(device: &str) {
    let own: Vec<_> = anchors().into_iter().filter(|anchor| anchor.device == device).collect();
    assert!(own.len() >= 3, "{} anchors of {device}", own.len());
    own.iter().for_each(|anchor| println!("{anchor}"));
    for anchor in own.iter().filter(|anchor| anchor.role != Role::Missed) {
        assert!(anchor.deviation().abs() <= TOLERANCE, "{anchor}");
    }
}

#[test]
fn a_b_parasite_takes_what_its_maker_measured() {
    check("b-parasite");
}

#[test]
fn a_ruuvitag_takes_what_its_maker_measured() {
    check("RuuviTag");
}

#[test]
fn a_thermometer_takes_what_its_firmwares_author_measured() {
    check("LYWSD03MMC");
}

/// The advert of a b-parasite at 30 ms; its charge was computed from the same trace.
#[test]
fn one_number_is_fitted_to_one_measurement() {
    let fitted = of(Role::Fitted);
    assert_eq!(fitted.iter().map(|anchor| anchor.unit).collect::<Vec<_>>(), ["µA", "µC"]);
    assert!(fitted.iter().all(|anchor| anchor.device == "b-parasite"));
    assert!(fitted[0].deviation().abs() < 0.01, "{}", fitted[0]);
}

/// It is no secret what the model misses, and by how much: a third.
#[test]
fn one_measurement_is_missed() {
    let missed = of(Role::Missed);
    let off: Vec<_> = missed.iter().map(|anchor| (anchor.what, (anchor.deviation() * 100.0).round() as i32)).collect();
    assert_eq!(off, [("reading 19 632 records", -35)]);
}
