//! Base45 (RFC 9285): two bytes are three characters of those that a QR code packs tightest.

use core::fmt::{self, Write};

const ALPHABET: &[u8; 45] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";

/// A text that is no Base45.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Base45Error {
    /// The character is none of the 45.
    Character {
        /// Which character of the text, from 0.
        position: usize,
    },
    /// The group of characters is more than its bytes can hold.
    Overflow {
        /// Where the group begins, from 0.
        position: usize,
    },
    /// One character is left over, or more bytes than there is room for.
    Length,
}

/// Decodes into `buffer` and returns how many bytes there are.
pub(crate) fn decode(text: &str, buffer: &mut [u8]) -> Result<usize, Base45Error> {
    let mut length = 0;
    for (index, group) in text.as_bytes().chunks(3).enumerate() {
        let position = 3 * index;
        let mut digits = [0_u32; 3];
        for (offset, (character, digit)) in group.iter().zip(&mut digits).enumerate() {
            let place = ALPHABET.iter().position(|known| known == character);
            *digit = place.ok_or(Base45Error::Character { position: position + offset })? as u32;
        }
        let width = group.len().checked_sub(1).filter(|width| *width > 0).ok_or(Base45Error::Length)?;
        let [low, middle, high] = digits;
        let bytes = (low + 45 * (middle + 45 * high)).to_be_bytes();
        let (zero, value) = bytes.split_at(bytes.len() - width);
        if zero.iter().any(|byte| *byte != 0) {
            return Err(Base45Error::Overflow { position });
        }
        let room = buffer.get_mut(length..length + width).ok_or(Base45Error::Length)?;
        room.copy_from_slice(value);
        length += width;
    }
    Ok(length)
}

/// Writes the bytes as text.
pub(crate) fn encode(bytes: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for group in bytes.chunks(2) {
        let mut value = group.iter().fold(0_usize, |value, byte| 256 * value + usize::from(*byte));
        for _ in 0..=group.len() {
            f.write_char(ALPHABET.get(value % 45).copied().unwrap_or_default().into())?;
            value /= 45;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Encoded<'a>(&'a [u8]);

    impl fmt::Display for Encoded<'_> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            encode(self.0, f)
        }
    }

    fn check(bytes: &[u8], text: &str) {
        assert_eq!(Encoded(bytes).to_string(), text);
        let mut buffer = [0; 64];
        assert_eq!(decode(text, &mut buffer), Ok(bytes.len()));
        assert_eq!(&buffer[..bytes.len()], bytes);
    }

    /// RFC 9285, sections 4.3 and 4.4.
    #[test]
    fn the_examples_of_the_rfc() {
        check(b"AB", "BB8");
        check(b"Hello!!", "%69 VD92EX0");
        check(b"base-45", "UJCLQE7W581");
        check(b"ietf!", "QED8WEX0");
    }

    /// RFC 9285, section 6: what more than 16 bits would be must be refused.
    #[test]
    fn what_is_no_base45_is_refused() {
        let mut buffer = [0; 4];
        let mut check = |text, error| assert_eq!(decode(text, &mut buffer), Err(error), "{text}");
        check("GGW", Base45Error::Overflow { position: 0 });
        check("FGW:::", Base45Error::Overflow { position: 3 });
        check("BB8U6", Base45Error::Overflow { position: 3 });
        check("BB8b", Base45Error::Character { position: 3 });
        check("BB8B", Base45Error::Length);
        check("BB8BB8BB8", Base45Error::Length);
    }
}
