use std::fmt;

use thiserror::Error;

/// A setting outside its range.
///
/// ```
/// use hub_model::SettingError;
///
/// let error = SettingError::new("updates.tries", 11, "1 to 10");
/// assert_eq!(error.to_string(), "updates.tries is \"11\"; expected 1 to 10");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{key} is {value:?}; expected {expected}")]
pub struct SettingError {
    /// Which setting, as in `hubd.toml`.
    pub key: &'static str,
    /// What was given.
    pub value: String,
    /// What would be right.
    pub expected: String,
}

impl SettingError {
    /// This setting has this value, which is not what is expected of it.
    pub fn new(key: &'static str, value: impl fmt::Display, expected: impl Into<String>) -> Self {
        Self { key, value: value.to_string(), expected: expected.into() }
    }
}
