use hub_model::{Bucket, HistoryError, Zone};
use jiff::{Timestamp, civil::DateTime};
use proptest::prelude::*;

use super::*;
use crate::calendar::edges;

const ZONES: [&str; 7] = [
    "UTC",
    "Europe/Berlin",
    "Asia/Kathmandu",
    "America/St_Johns",
    "Australia/Lord_Howe",
    "America/Sao_Paulo",
    "Pacific/Apia",
];
const BUCKETS: [Bucket; 5] = [Bucket::Hour, Bucket::Day, Bucket::Week, Bucket::Month, Bucket::Year];

fn zone(name: &str) -> Zone {
    name.parse().unwrap()
}

fn millis(text: &str) -> i64 {
    text.parse::<Timestamp>().unwrap().as_millisecond()
}

fn ask(name: &str, bucket: Bucket, from: &str, to: &str) -> Vec<i64> {
    edges(&zone(name), bucket, UnixMillis(millis(from)), UnixMillis(millis(to)), 2000).unwrap()
}

/// The lengths of the parts in minutes.
fn lengths(edges: &[i64]) -> Vec<i64> {
    edges.windows(2).map(|pair| (pair[1] - pair[0]) / MINUTE).collect()
}

#[test]
fn days_are_as_long_as_the_clock_makes_them() {
    let spring = ask("Europe/Berlin", Bucket::Day, "2026-03-27T23:00:00Z", "2026-03-30T22:00:00Z");
    assert_eq!(lengths(&spring), [24 * 60, 23 * 60, 24 * 60]);
    let autumn = ask("Europe/Berlin", Bucket::Day, "2026-10-23T22:00:00Z", "2026-10-26T23:00:00Z");
    assert_eq!(lengths(&autumn), [24 * 60, 25 * 60, 24 * 60]);
    // Nepal is 5:45 before UTC and sets no clock.
    let nepal = ask("Asia/Kathmandu", Bucket::Day, "2026-03-27T18:15:00Z", "2026-03-29T18:15:00Z");
    assert_eq!(lengths(&nepal), [24 * 60, 24 * 60]);
    // Newfoundland set its clock at 00:01, back to 23:01 of the day before: a day begins at its first midnight.
    let st_johns = ask("America/St_Johns", Bucket::Day, "2010-11-06T02:30:00Z", "2010-11-08T03:30:00Z");
    assert_eq!(lengths(&st_johns), [24 * 60, 25 * 60]);
    // São Paulo jumped over midnight: the day began at 01:00.
    let sao_paulo = ask("America/Sao_Paulo", Bucket::Day, "2018-11-03T03:00:00Z", "2018-11-06T02:00:00Z");
    assert_eq!(lengths(&sao_paulo), [24 * 60, 23 * 60, 24 * 60]);
    // Samoa had no 30 December 2011.
    let apia = ask("Pacific/Apia", Bucket::Day, "2011-12-29T10:00:00Z", "2011-12-31T10:00:00Z");
    assert_eq!(lengths(&apia), [24 * 60, 24 * 60]);
}

#[test]
fn hours_that_come_twice_are_two() {
    let autumn = ask("Europe/Berlin", Bucket::Hour, "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z");
    assert_eq!(lengths(&autumn), [60; 25]);
    let spring = ask("Europe/Berlin", Bucket::Hour, "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z");
    assert_eq!(lengths(&spring), [60; 23]);
    // Lord Howe sets its clock by half an hour, so that one hour is longer.
    let lord_howe = ask("Australia/Lord_Howe", Bucket::Hour, "2026-04-04T13:00:00Z", "2026-04-04T16:30:00Z");
    assert_eq!(lengths(&lord_howe), [60, 90, 60]);
    let nepal = ask("Asia/Kathmandu", Bucket::Hour, "2026-03-27T18:00:00Z", "2026-03-27T20:00:00Z");
    assert_eq!(lengths(&nepal), [15, 60, 45]);
}

#[test]
fn weeks_begin_on_monday_and_windows_cut() {
    let weeks = ask("Europe/Berlin", Bucket::Week, "2026-10-20T10:00:00Z", "2026-11-03T10:00:00Z");
    let begins = ["2026-10-20T10:00:00Z", "2026-10-25T23:00:00Z", "2026-11-01T23:00:00Z", "2026-11-03T10:00:00Z"];
    assert_eq!(weeks, begins.map(millis));
    let months = ask("Europe/Berlin", Bucket::Month, "2026-01-31T12:00:00Z", "2026-04-01T00:00:00Z");
    let begins = [
        "2026-01-31T12:00:00Z",
        "2026-01-31T23:00:00Z",
        "2026-02-28T23:00:00Z",
        "2026-03-31T22:00:00Z",
        "2026-04-01T00:00:00Z",
    ];
    assert_eq!(months, begins.map(millis));
    let years = ask("UTC", Bucket::Year, "2024-06-01T00:00:00Z", "2026-01-01T00:00:00Z");
    assert_eq!(years, ["2024-06-01T00:00:00Z", "2025-01-01T00:00:00Z", "2026-01-01T00:00:00Z"].map(millis));
    assert_eq!(ask("Europe/Berlin", Bucket::Whole, "2024-06-01T00:00:00Z", "2026-01-01T00:00:00Z").len(), 2);
}

#[test]
fn too_many_parts_and_empty_windows_are_refused() {
    let ask = |bucket, from, to, most| edges(&Zone::UTC, bucket, UnixMillis(from), UnixMillis(to), most);
    assert_eq!(ask(Bucket::Hour, 0, 10 * HOUR, 10).unwrap().len(), 11);
    for (bucket, to, most) in [(Bucket::Hour, 10 * HOUR + 1, 10), (Bucket::Hour, i64::MAX, 2000), (Bucket::Whole, 1, 0)]
    {
        assert!(matches!(ask(bucket, 0, to, most), Err(HistoryError::TooManyBuckets { most: told }) if told == most));
    }
    assert!(matches!(ask(Bucket::Day, 5, 5, 10), Err(HistoryError::EmptyWindow { .. })));
    // Where no calendar reaches there is one part.
    assert_eq!(ask(Bucket::Year, 1 << 51, 1 << 52, 10).unwrap(), [1 << 51, 1 << 52]);
    assert_eq!(ask(Bucket::Hour, -(1 << 52), -(1 << 51), 10).unwrap(), [-(1 << 52), -(1 << 51)]);
}

/// What the clock on the wall shows of a part: two moments of one part show the same.
fn shown(zone: &Zone, bucket: Bucket, t: i64) -> (DateTime, i32) {
    let moment = Timestamp::from_millisecond(t).unwrap();
    let offset = zone.rules().to_offset(moment).seconds();
    let local = zone.rules().to_datetime(moment);
    let day = local.date();
    match bucket {
        Bucket::Hour => (day.at(local.hour(), 0, 0, 0), offset),
        Bucket::Day => (day.at(0, 0, 0, 0), 0),
        Bucket::Week => {
            let since_monday = i64::from(day.weekday().to_monday_zero_offset()) * DAY;
            (day.at(0, 0, 0, 0).checked_sub(jiff::SignedDuration::from_millis(since_monday)).unwrap(), 0)
        }
        Bucket::Month => (day.first_of_month().at(0, 0, 0, 0), 0),
        Bucket::Year => (day.first_of_year().at(0, 0, 0, 0), 0),
        Bucket::Whole => (DateTime::ZERO, 0),
    }
}

proptest! {
    #[test]
    fn edges_are_where_the_wall_clock_turns(
        name in prop::sample::select(&ZONES[..]),
        bucket in prop::sample::select(&BUCKETS[..]),
        // 2009 to 2029, to the minute.
        from in 20_500_000_i64..31_000_000,
        minutes in 1_i64..4000,
    ) {
        let zone = zone(name);
        let (from, to) = (from * MINUTE, (from + minutes) * MINUTE);
        let found = edges(&zone, bucket, UnixMillis(from), UnixMillis(to), 2000).unwrap();
        prop_assert!(found.is_sorted_by(|a, b| a < b));
        prop_assert_eq!((found[0], found[found.len() - 1]), (from, to));
        let is_edge = |t: &i64| shown(&zone, bucket, *t) != shown(&zone, bucket, t - 1);
        let mut turns: Vec<i64> = (from + MINUTE..to).step_by(MINUTE as usize).filter(is_edge).collect();
        if bucket == Bucket::Hour {
            // A clock that is set within an hour shows another one, but no full hour.
            turns.retain(|t| zone.rules().to_datetime(Timestamp::from_millisecond(*t).unwrap()).minute() == 0);
        } else {
            // A clock that is set back over midnight shows the day before again: that is no new day.
            let mut newest = shown(&zone, bucket, from).0;
            turns.retain(|t| {
                let is_new = shown(&zone, bucket, *t).0 > newest;
                newest = newest.max(shown(&zone, bucket, *t).0);
                is_new
            });
        }
        prop_assert_eq!(&found[1..found.len() - 1], &turns[..]);
    }
}
