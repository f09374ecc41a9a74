use hub_model::Quantity;

use super::*;

fn value(quantity: Quantity, value: i64) -> Value {
    Value { quantity, instance: 0, value }
}

#[test]
fn an_offset_is_added_before_anybody_asks_whether_it_can_be() {
    let calibration = Calibration::from([((Quantity::Temperature, 0), -500), ((Quantity::Humidity, 1), 7)]);
    let values = vec![value(Quantity::Temperature, 350_100), value(Quantity::Humidity, 400_000)];
    let (kept, refused) = correct(values, Some(&calibration));
    assert_eq!(kept, [value(Quantity::Temperature, 349_600), value(Quantity::Humidity, 400_000)]);
    assert_eq!(refused, []);
}

#[test]
fn what_cannot_be_is_dropped_with_a_reason_and_the_rest_kept() {
    let calibration = Calibration::from([((Quantity::Temperature, 0), 1_000)]);
    let values = vec![value(Quantity::Temperature, 349_500), value(Quantity::Battery, 80)];
    let (kept, refused) = correct(values, Some(&calibration));
    assert_eq!(kept, [value(Quantity::Battery, 80)]);
    let detail = "temperature 0 is 350.5 °C (sent as 349.5 °C); expected -100 to 350 °C".to_owned();
    assert_eq!(refused, [Refusal { code: "implausible", detail }]);
}

#[test]
fn the_ends_of_every_range_are_plausible_and_what_is_beyond_is_not() {
    for quantity in Quantity::ALL {
        let range = quantity.plausible();
        for (given, is_kept) in [
            (*range.start(), true),
            (*range.end(), true),
            (range.start().saturating_sub(1), *range.start() == i64::MIN),
            (range.end().saturating_add(1), *range.end() == i64::MAX),
        ] {
            let (kept, refused) = correct(vec![value(*quantity, given)], None);
            assert_eq!((kept.len() == 1, refused.is_empty()), (is_kept, is_kept), "{} {given}", quantity.name());
        }
    }
}

#[test]
fn something_binary_is_no_or_yes() {
    for quantity in Quantity::ALL.iter().filter(|q| q.kind() == Kind::Binary) {
        let (kept, refused) = correct((-1..=2).map(|v| value(*quantity, v)).collect(), None);
        assert_eq!(kept, [value(*quantity, 0), value(*quantity, 1)]);
        assert_eq!(refused.len(), 2);
    }
}

#[test]
fn an_absurd_offset_saturates() {
    let calibration = Calibration::from([((Quantity::Temperature, 0), i64::MAX)]);
    let (kept, refused) = correct(vec![value(Quantity::Temperature, 1)], Some(&calibration));
    assert_eq!((kept.len(), refused.len()), (0, 1));
}
