use std::{fmt, str::FromStr};

use thiserror::Error;

/// A Bluetooth device address, 48 bits, in display order (most significant byte first).
///
/// Parsed from `A4:C1:38:00:11:22`, with colons, hyphens or nothing between the bytes, in either case.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address([u8; 6]);

impl Address {
    /// The address with these bytes, most significant first.
    pub const fn new(bytes: [u8; 6]) -> Self {
        Self(bytes)
    }

    /// The bytes in display order.
    pub const fn bytes(self) -> [u8; 6] {
        self.0
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, g] = self.0;
        write!(f, "{a:02X}:{b:02X}:{c:02X}:{d:02X}:{e:02X}:{g:02X}")
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A text that is not a Bluetooth address.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{text:?} is not a Bluetooth address; expected six hex bytes such as A4:C1:38:00:11:22")]
pub struct ParseAddressError {
    /// What was given.
    pub text: String,
}

impl FromStr for Address {
    type Err = ParseAddressError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refuse = || ParseAddressError { text: text.chars().take(64).collect() };
        let digits: Vec<u8> = match text.len() {
            12 => text.bytes().collect(),
            17 => {
                let separated = text.bytes().skip(2).step_by(3).all(|b| b == b':' || b == b'-');
                if !separated {
                    return Err(refuse());
                }
                text.bytes().enumerate().filter(|(i, _)| i % 3 != 2).map(|(_, b)| b).collect()
            }
            _ => return Err(refuse()),
        };
        let mut bytes = [0; 6];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            let mut value = 0;
            for digit in pair {
                value = value * 16 + char::from(*digit).to_digit(16).ok_or_else(refuse)?;
            }
            *byte = u8::try_from(value).map_err(|_| refuse())?;
        }
        Ok(Self(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_usual_spelling_is_the_same_address() {
        let expected = Address::new([0xA4, 0xC1, 0x38, 0, 0x11, 0x22]);
        for text in ["A4:C1:38:00:11:22", "a4:c1:38:00:11:22", "a4-c1-38-00-11-22", "a4c138001122"] {
            assert_eq!(text.parse(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_not_an_address_is_refused_with_what_would_be_right() {
        for text in ["", "A4:C1", "A4:C1:38:00:11:2G", "A4.C1.38.00.11.22", "ä4c138001122", "A4:C1:38:00:11:22:33"] {
            let refused = text.parse::<Address>().map_err(|e| e.to_string());
            assert!(refused.is_err_and(|e| e.contains("expected six hex bytes")), "{text}");
        }
    }
}
