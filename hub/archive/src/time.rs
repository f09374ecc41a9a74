use hub_model::UnixMillis;
use jiff::Timestamp;

/// A time in RFC 3339, UTC, to the millisecond; `None` beyond the year 9999.
pub(crate) fn text(at: UnixMillis) -> Option<String> {
    Timestamp::from_millisecond(at.0).ok().map(|time| format!("{time:.3}"))
}

/// The time that a text with a zone says, cut down to the millisecond.
pub(crate) fn parse(text: &str) -> Option<UnixMillis> {
    let time: Timestamp = text.trim().parse().ok()?;
    Some(UnixMillis(time.as_nanosecond().div_euclid(1_000_000).try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_read_as_it_is_printed() {
        for ms in [0, -1, 1_790_000_000_123, -62_135_596_800_000, 253_000_000_000_000] {
            assert_eq!(text(UnixMillis(ms)).and_then(|text| parse(&text)), Some(UnixMillis(ms)));
        }
        assert_eq!(parse("2026-11-21T01:00:00.1239+01:00"), parse("2026-11-21T00:00:00.123Z"));
        assert_eq!(parse("2026-11-21 00:00:00Z"), parse("2026-11-21T00:00:00Z"));
        assert_eq!(parse("2026-11-21T00:00:00"), None, "without a zone nobody knows when that was");
        assert_eq!(text(UnixMillis(i64::MAX)), None);
    }
}
