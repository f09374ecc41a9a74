//! Intel HEX: bytes and where they go, as programmers of chips read it.

use std::fmt::Write as _;

use super::Secret;

/// Bytes in a line.
const LINE: usize = 16;
const DATA: u8 = 0;
const END: u8 = 1;
/// The upper half of the addresses in the lines that follow.
const UPPER: u8 = 4;

/// These bytes at this address.
pub(crate) fn write(address: u32, bytes: &[u8]) -> Secret {
    let mut text = Secret::new(String::with_capacity(4 * bytes.len() + 64));
    let mut upper = None;
    for (nth, chunk) in bytes.chunks(LINE).enumerate() {
        let [a, b, c, d] = (address + (nth * LINE) as u32).to_be_bytes();
        if upper != Some([a, b]) {
            upper = Some([a, b]);
            line(&mut text, [0, 0], UPPER, &[a, b]);
        }
        line(&mut text, [c, d], DATA, chunk);
    }
    line(&mut text, [0, 0], END, &[]);
    text
}

fn line(text: &mut Secret, [high, low]: [u8; 2], kind: u8, bytes: &[u8]) {
    let head = [bytes.len() as u8, high, low, kind];
    let sum = head.iter().chain(bytes).fold(0_u8, |sum, byte| sum.wrapping_add(*byte));
    text.push(':');
    for byte in head.iter().chain(bytes).chain(&[sum.wrapping_neg()]) {
        // Writing to a String does not fail.
        let _ = write!(text, "{byte:02X}");
    }
    text.push('\n');
}
