use hub_model::{UnixMillis, Zone};

use super::*;

#[test]
fn rings_grow_to_everybody() {
    let quotas = |canaries, percents: &[u8], total| {
        let policy = Policy::default().with_rings(canaries, percents).unwrap();
        (0..policy.rings()).map(|ring| policy.quota(ring, total)).collect::<Vec<_>>()
    };
    assert_eq!(quotas(2, &[10, 50], 100), [2, 10, 50, 100]);
    assert_eq!(quotas(2, &[10, 50], 12), [2, 2, 6, 12]);
    assert_eq!(quotas(2, &[10, 50], 1), [1, 1, 1, 1]);
    assert_eq!(quotas(2, &[10, 50], 0), [0, 0, 0, 0]);
    assert_eq!(quotas(30, &[10], 100), [30, 30, 100]);
    assert_eq!(quotas(5, &[], 9), [5, 9]);
}

#[test]
fn what_nobody_can_keep_to_is_named() {
    let policy = Policy::default;
    for (wrong, parts) in [
        (policy().with_rings(0, &[]), ["canaries is \"0\"", "1 to 100"]),
        (policy().with_rings(1, &[50, 10]), ["rings_percent is \"[50, 10]\"", "greater than the one before"]),
        (policy().with_rings(1, &[0]), ["rings_percent", "1 to 99"]),
        (policy().with_rings(1, &[1, 2, 3, 4, 5, 6, 7, 8, 9]), ["rings_percent", "at most eight"]),
        (policy().with_soak_h(721), ["soak_h is \"721\"", "0 to 720"]),
        (policy().with_battery(2399, 0), ["battery_mv is \"2399\"", "2400 to 3600"]),
        (policy().with_battery(2400, 101), ["battery_percent is \"101\"", "0 to 100"]),
        (policy().with_tries(0), ["tries is \"0\"", "1 to 10"]),
        (policy().with_halt(0, 1), ["halt_percent is \"0\"", "1 to 100"]),
        (policy().with_halt(1, 0), ["halt_least is \"0\"", "1 to 100"]),
    ] {
        let message = wrong.unwrap_err().to_string();
        assert!(parts.iter().all(|part| message.contains(part)), "{message}");
    }
}

#[test]
fn quiet_hours_are_read_as_they_are_printed() {
    for text in ["22:00-07:00", "00:00-00:01", "12:30-13:15"] {
        assert_eq!(text.parse::<QuietHours>().unwrap().to_string(), text);
    }
    for text in ["", "22:00", "22-7", "24:00-07:00", "22:60-07:00", "7:00-08:00", "07:00-07:00", "+1:00-02:00"] {
        let error = text.parse::<QuietHours>().unwrap_err().to_string();
        assert!(error.contains("22:00-07:00"), "{error}");
    }
}

#[test]
fn quiet_hours_are_those_of_the_home_across_midnight_and_the_change_of_the_clock() {
    let quiet: QuietHours = "22:00-07:00".parse().unwrap();
    let berlin: Zone = "Europe/Berlin".parse().unwrap();
    let left_min = |text: &str| {
        let at: jiff::Timestamp = text.parse().unwrap();
        quiet.left_ms(UnixMillis(at.as_millisecond()), &berlin).map(|ms| ms / MINUTE_MS)
    };
    // Winter: UTC + 1.
    assert_eq!(left_min("2026-11-21T20:59:59Z"), None);
    assert_eq!(left_min("2026-11-21T21:00:00Z"), Some(540));
    assert_eq!(left_min("2026-11-22T05:59:30Z"), Some(0));
    assert_eq!(left_min("2026-11-22T06:00:00Z"), None);
    // Summer: UTC + 2.
    assert_eq!(left_min("2026-07-01T20:00:00Z"), Some(540));
    assert_eq!(left_min("2026-07-01T05:00:00Z"), None);
    // In the night in which the clock is set they end by the clock on the wall.
    assert_eq!(left_min("2026-03-29T04:59:00Z"), Some(1));
    assert_eq!(left_min("2026-03-29T05:00:00Z"), None);
    let noon = QuietHours::new(12 * 60, 13 * 60).unwrap();
    let at = UnixMillis("2026-11-21T12:30:00Z".parse::<jiff::Timestamp>().unwrap().as_millisecond());
    assert_eq!(noon.left_ms(at, &Zone::UTC), Some(30 * MINUTE_MS));
    assert_eq!(noon.left_ms(at, &berlin), None);
}

const MINUTE_MS: u64 = 60_000;
