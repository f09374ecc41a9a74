//! How Sensirion's chips send: words of two bytes, the high one first, each followed by its sum.

/// CRC-8 of polynomial 0x31, begun with 0xFF (SHT4x datasheet 4.4): written anew here, so that the chips do not agree
/// with the drivers by sharing a mistake.
pub(super) fn sum(bytes: [u8; 2]) -> u8 {
    bytes.iter().fold(0xff, |sum, byte| {
        (0..8).fold(sum ^ byte, |sum, _| if sum & 0x80 == 0 { sum << 1 } else { (sum << 1) ^ 0x31 })
    })
}

/// The bytes that say these words.
pub(super) fn sent(words: &[u16]) -> std::vec::Vec<u8> {
    let with_sum = |word: &u16| {
        let [high, low] = word.to_be_bytes();
        [high, low, sum([high, low])]
    };
    words.iter().flat_map(with_sum).collect()
}

/// The raw word nearest to `value`, where 0 says `low` and 65 535 says `high`.
pub(super) fn scaled(value: i64, low: i64, high: i64) -> u16 {
    let span = high - low;
    let raw = ((value.clamp(low, high) - low) * 65_535 + span / 2) / span;
    u16::try_from(raw).unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_sum_is_that_of_the_datasheet() {
        assert_eq!(super::sum([0xbe, 0xef]), 0x92);
    }
}
