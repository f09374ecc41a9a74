//! The text that makes a receiver known: printed by the hub once, pasted on the other box.

use std::{fmt, str::FromStr};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest as _, Sha256};
use thiserror::Error;

/// What every code begins with: what it is, and its version.
const PREFIX: &str = "IR1:";
/// Bytes of the checksum.
const CHECK: usize = 4;

/// How a receiver knows its hub, and the hub the receiver. Whoever has it can send adverts to that hub.
///
/// `IR1:` and 68 bytes in base64 for URLs: the pin (32), the token (32), and the first four bytes of SHA-256 over both, so that
/// a text that was cut or misread is told from one that the hub does not know.
#[derive(Clone, PartialEq, Eq)]
pub struct JoinCode {
    /// SHA-256 over the hub's public key, as TLS shows it (SubjectPublicKeyInfo).
    pub pin: [u8; 32],
    /// What the receiver proves itself with, a random number. The hub keeps its SHA-256 alone.
    pub token: [u8; 32],
}

/// A text that is no join code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ParseCodeError {
    /// It begins otherwise.
    #[error(
        "the text is no join code; expected the line that `hubd receivers add` printed, which begins with {PREFIX}"
    )]
    Prefix,
    /// Something is missing or misread.
    #[error("the join code is cut or misread; copy the whole line that `hubd receivers add` printed")]
    Damaged,
}

impl fmt::Display for JoinCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let both = [self.pin, self.token].concat();
        let check = Sha256::digest(&both);
        write!(
            f,
            "{PREFIX}{}",
            URL_SAFE_NO_PAD.encode(both.iter().chain(check.iter().take(CHECK)).copied().collect::<Vec<_>>())
        )
    }
}

impl fmt::Debug for JoinCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JoinCode(…)")
    }
}

impl FromStr for JoinCode {
    type Err = ParseCodeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim().strip_prefix(PREFIX).ok_or(ParseCodeError::Prefix)?;
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| ParseCodeError::Damaged)?;
        let parse = || {
            let (pin, rest) = bytes.split_first_chunk::<32>()?;
            let (token, check) = rest.split_first_chunk::<32>()?;
            let right = Sha256::digest([*pin, *token].concat());
            right.get(..CHECK).filter(|right| *right == check)?;
            Some(Self { pin: *pin, token: *token })
        };
        parse().ok_or(ParseCodeError::Damaged)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_as_it_was_printed_and_not_otherwise() {
        let code = JoinCode { pin: [0xAB; 32], token: [0xCD; 32] };
        let text = code.to_string();
        assert_eq!((text.len(), text.parse()), (95, Ok(code.clone())));
        assert_eq!(format!(" {text}\n").parse(), Ok(code.clone()));
        assert_eq!(format!("{code:?}"), "JoinCode(…)", "it does not get into a log");
        for place in 4..text.len() {
            let wrong = if text.as_bytes()[place] == b'A' { "B" } else { "A" };
            let misread = [&text[..place], wrong, &text[place + 1..]].concat();
            // The last character has two bits that say nothing; a text that sets them is refused as well.
            assert_eq!(misread.parse::<JoinCode>(), Err(ParseCodeError::Damaged), "{place}");
            assert_eq!(text[..place].parse::<JoinCode>(), Err(ParseCodeError::Damaged), "{place}");
        }
        assert_eq!("HS1:ABC".parse::<JoinCode>(), Err(ParseCodeError::Prefix));
    }
}
