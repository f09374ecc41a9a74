//! No sensor takes more than its budget says, or less, and the room sensor reaches its goal.

use fw_energy::{
    budget::{self, Entry},
    table::chips,
    variant,
};

/// The goal: µA at 0 dBm, with an advert in five seconds, a reading a minute, and the log on.
const GOAL: f64 = 5.0;

#[test]
fn every_sensor_takes_what_its_budget_says() {
    let budget = budget::parse(include_str!("../budget.toml")).unwrap();
    let entries = budget::entries().unwrap();
    entries
        .iter()
        .for_each(|Entry { profile, chip, bill, .. }| println!("{:<10} {:<9} {bill}", profile.name, chip.name));
    let deviations = budget::deviations(&budget, &entries);
    assert!(
        deviations.is_empty(),
        "{}\nIf that is meant, `cargo run -p fw-energy -- bless` writes the budget anew; commit it with the change.",
        deviations.join("\n")
    );
}

#[test]
fn a_room_sensor_takes_at_most_five_microamperes_on_every_chip() {
    for Entry { chip, bill, .. } in budget::entries().unwrap().iter().filter(|entry| entry.profile.name == "room") {
        assert!(bill.average().as_microamps() <= GOAL, "{}: {bill}", chip.name);
    }
}

/// What the goal asks of a board's start: unused RAM is switched off.
#[test]
fn with_all_memory_on_an_nrf52840_misses_the_goal() {
    let all_on = variant::ALL.iter().find(|variant| variant.what == "all RAM stays on").unwrap();
    let bill = all_on.bill(&chips::NRF52840).unwrap();
    assert!((GOAL..GOAL * 1.1).contains(&bill.average().as_microamps()), "{bill}");
}

#[test]
fn a_deviation_is_told_in_either_direction_and_so_are_missing_and_old_budgets() {
    let entries = budget::entries().unwrap();
    let room: Vec<_> = entries.into_iter().filter(|entry| entry.profile.name == "room").collect();
    let taken = room[0].bill.average().as_microamps();
    let told = |allowed: f64| {
        let text = format!("[room]\nnrf52840 = {allowed}\nnrf52832 = {allowed}\n[attic]\nnrf52840 = 1.0");
        budget::deviations(&budget::parse(&text).unwrap(), &room[..1])
    };
    let gone = ["there is no attic on nrf52840 any more", "there is no room on nrf52832 any more"];
    assert_eq!(told(taken), gone);
    assert_eq!(told(taken * 1.029), gone);
    assert!(told(taken * 1.032)[0].starts_with("room on nrf52840 takes"));
    assert!(told(taken * 0.968)[0].starts_with("room on nrf52840 takes"));
    let none = budget::deviations(&budget::parse("").unwrap(), &room[..1]);
    assert_eq!(none.len(), 1);
    assert!(none[0].contains("has no budget"));
    assert_eq!(budget::parse("room = 5").unwrap_err().to_string(), "the budget is not `[profile]` with `chip = µA`");
}
