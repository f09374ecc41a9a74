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
