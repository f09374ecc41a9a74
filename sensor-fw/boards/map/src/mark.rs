//! What a program says of itself, somewhere in its image: so that nobody signs it for another board or by another version.
//!
//! | byte | bytes | what |
//! |---|---|---|
//! | 0 | 8 | `INGLEimg` |
//! | 8 | 1 | the board's [revision](Board::revision) |
//! | 9 | 4 | the version, the most important part first |
//! | 13 | 4 | the security counter, little-endian |

use crate::Board;

const MAGIC: [u8; 8] = *b"INGLEimg";

/// What a program says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// The [revision](Board::revision) of the board that it is for.
    pub revision: u8,
    /// Its version, the most important part first.
    pub version: [u8; 4],
    /// Its security counter.
    pub security_counter: u32,
}

impl Mark {
    /// How many bytes it takes.
    pub const LENGTH: usize = 17;

    /// The mark of a program.
    pub const fn new(board: Board, version: [u8; 4], security_counter: u32) -> Self {
        Self { revision: board.revision(), version, security_counter }
    }

    /// The bytes as they are in the image.
    pub const fn to_bytes(self) -> [u8; Self::LENGTH] {
        let ([a, b, c, d], [e, f, g, h]) = (self.version, self.security_counter.to_le_bytes());
        let [i, j, k, l, m, n, o, p] = MAGIC;
        [i, j, k, l, m, n, o, p, self.revision, a, b, c, d, e, f, g, h]
    }

    /// The mark in an image; none when there is no place that looks like one, or more than one.
    pub fn find(image: &[u8]) -> Option<Self> {
        let mut marks = image.windows(Self::LENGTH).filter_map(|bytes| bytes.strip_prefix(&MAGIC));
        let (Some(&[revision, a, b, c, d, e, f, g, h]), None) = (marks.next(), marks.next()) else { return None };
        Some(Self { revision, version: [a, b, c, d], security_counter: u32::from_le_bytes([e, f, g, h]) })
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use super::*;

    #[test]
    fn a_mark_is_found_wherever_it_is_and_two_are_none() {
        let mark = Mark::new(Board::Nrf54l15Dk, [1, 2, 3, 4], 0x0506_0708);
        let bytes = mark.to_bytes();
        assert_eq!(bytes, *b"INGLEimg\x03\x01\x02\x03\x04\x08\x07\x06\x05");
        let image = [&[0; 5][..], &bytes, &[7; 9]].concat();
        assert_eq!(Mark::find(&image), Some(mark));
        assert_eq!(Mark::find(&image[..5 + Mark::LENGTH - 1]), None);
        assert_eq!(Mark::find(&[&image[..], &image].concat()), None);
        assert_eq!(Mark::find(&[]), None);
    }
}
