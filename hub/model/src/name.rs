use std::fmt;

use thiserror::Error;

/// A name that the owner gave to a device or a room: 1 to 64 characters, trimmed, without control characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(String);

impl Name {
    /// The most characters of a name.
    pub const MAX_CHARS: usize = 64;

    /// The name in `text`.
    ///
    /// # Errors
    /// When it is empty, longer than [`Name::MAX_CHARS`], or has control characters.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let trimmed = text.trim();
        let chars = trimmed.chars().count();
        if chars == 0 {
            Err(NameError::Empty)
        } else if chars > Self::MAX_CHARS {
            Err(NameError::TooLong { chars })
        } else if trimmed.chars().any(char::is_control) {
            Err(NameError::Control)
        } else {
            Ok(Self(trimmed.to_owned()))
        }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why a text is no name.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NameError {
    /// Nothing but spaces.
    #[error("a name is empty; expected 1 to {} characters", Name::MAX_CHARS)]
    Empty,
    /// Too long.
    #[error("a name has {chars} characters; expected at most {}", Name::MAX_CHARS)]
    TooLong {
        /// How many it has.
        chars: usize,
    },
    /// Line breaks, tabs, escape characters.
    #[error("a name has control characters (line breaks, tabs); expected letters, digits, signs and spaces")]
    Control,
}
