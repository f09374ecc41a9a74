use std::fmt;

use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, Value};
use hub_model::UnixMillis;
use jiff::Timestamp;

/// An opaque place in the stream of events: everything up to and including it was seen. It looks like `5f3a.1024`,
/// stays valid across restarts of the hub, and is compared only by the hub.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cursor(pub(crate) hub_model::Cursor);

/// An opaque place in the stream of events: everything up to and including it was seen. It looks like `5f3a.1024`,
/// stays valid across restarts of the hub, and is compared only by the hub.
#[Scalar]
impl ScalarType for Cursor {
    fn parse(value: Value) -> InputValueResult<Self> {
        let Value::String(text) = &value else { return Err(InputValueError::expected_type(value)) };
        text.parse().map(Self).map_err(|error: hub_model::ParseCursorError| InputValueError::custom(error))
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_string())
    }
}

/// A 64-bit integer as a decimal string, because a GraphQL `Int` ends at 2^31 and a JavaScript number at 2^53.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Long(pub(crate) i64);

impl From<u64> for Long {
    /// What is beyond 2^63 counts as 2^63 - 1.
    fn from(number: u64) -> Self {
        Self(i64::try_from(number).unwrap_or(i64::MAX))
    }
}

/// A 64-bit integer as a decimal string, because a GraphQL `Int` ends at 2^31 and a JavaScript number at 2^53.
#[Scalar]
impl ScalarType for Long {
    fn parse(value: Value) -> InputValueResult<Self> {
        let Value::String(text) = &value else { return Err(InputValueError::expected_type(value)) };
        text.parse().map(Self).map_err(|_| InputValueError::custom(format!("{text:?} is not a 64-bit integer")))
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_string())
    }
}

/// A moment in UTC, RFC 3339 with milliseconds: `2026-11-21T04:12:20.123Z`. Another offset is understood on input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct DateTime(pub(crate) UnixMillis);

impl DateTime {
    /// The text of the moment so many seconds after 1970 began.
    pub(crate) fn from_seconds(seconds: u32) -> String {
        Self(UnixMillis(i64::from(seconds) * 1000)).to_string()
    }
}

impl fmt::Display for DateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Beyond the years that can be written, the last moment that can.
        let end = if self.0.0 < 0 { Timestamp::MIN } else { Timestamp::MAX };
        let moment = Timestamp::from_millisecond(self.0.0).unwrap_or(end);
        write!(f, "{moment:.3}")
    }
}

/// A moment in UTC, RFC 3339 with milliseconds: `2026-11-21T04:12:20.123Z`. Another offset is understood on input.
#[Scalar]
impl ScalarType for DateTime {
    fn parse(value: Value) -> InputValueResult<Self> {
        let Value::String(text) = &value else { return Err(InputValueError::expected_type(value)) };
        let moment: Timestamp = text.parse().map_err(|_| {
            let shown: String = text.chars().take(64).collect();
            InputValueError::custom(format!("{shown:?} is not a time; expected RFC 3339 such as 2026-11-21T04:12:20Z"))
        })?;
        Ok(Self(UnixMillis(moment.as_millisecond())))
    }

    fn to_value(&self) -> Value {
        Value::String(self.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse<T: ScalarType>(text: &str) -> Option<T> {
        T::parse(Value::String(text.to_owned())).ok()
    }

    #[test]
    fn a_moment_is_written_in_utc_with_milliseconds_and_read_in_any_offset() {
        for (text, written) in [
            ("2026-11-21T04:12:20.123Z", "2026-11-21T04:12:20.123Z"),
            ("2026-11-21T05:12:20+01:00", "2026-11-21T04:12:20.000Z"),
            ("1969-12-31T23:59:59.9999Z", "1970-01-01T00:00:00.000Z"),
        ] {
            assert_eq!(parse::<DateTime>(text).unwrap().to_string(), written, "{text}");
        }
        assert_eq!(DateTime(UnixMillis(i64::MAX)).to_string(), "9999-12-30T22:00:00.999Z");
        assert_eq!(DateTime(UnixMillis(i64::MIN)).to_string(), "-009999-01-02T01:59:59.000Z");
    }

    #[test]
    fn a_long_is_a_string_to_the_last_bit() {
        for number in [0, -1, i64::MIN, i64::MAX] {
            assert_eq!(parse::<Long>(&number.to_string()), Some(Long(number)));
            assert_eq!(Long(number).to_value(), Value::String(number.to_string()));
        }
        assert_eq!(Long::from(u64::MAX), Long(i64::MAX));
        assert!(Long::parse(Value::from(5)).is_err() && parse::<Long>("9223372036854775808").is_none());
    }

    #[test]
    fn a_cursor_is_read_as_it_was_written() {
        let cursor: Cursor = parse("5f3a.1024").unwrap();
        assert_eq!(cursor.to_value(), Value::String("5f3a.1024".to_owned()));
        assert!(Cursor::parse(Value::from(5)).is_err() && parse::<Cursor>("5f3a").is_none());
    }
}
