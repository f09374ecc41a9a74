//! How long a sensor is deaf after handshakes that failed.

/// So many may fail without a consequence: people mistype, radios fail.
const FREE: u8 = 4;
/// The first pause, ms.
const FIRST_MS: u64 = 60_000;
/// A pause is doubled so often at most: 16 minutes. The secret has 128 bits, so what a pause saves is the battery; a
/// longer one would only serve somebody who wants to keep the owner out.
const MOST_DOUBLINGS: u8 = 4;

/// The pause after so many failed handshakes, ms: none up to 4, 60 s at 5, then doubled with each up to 960 s.
pub(super) fn pause_ms(failures: u8) -> u64 {
    match failures.checked_sub(FREE + 1) {
        None => 0,
        Some(further) => FIRST_MS << further.min(MOST_DOUBLINGS),
    }
}

#[cfg(test)]
mod tests {
    use super::pause_ms;

    #[test]
    fn a_pause_is_doubled_with_each_failure_from_the_fifth_on() {
        let pauses: Vec<u64> = (0..12).map(|failures| pause_ms(failures) / 1000).collect();
        assert_eq!(pauses, [0, 0, 0, 0, 0, 60, 120, 240, 480, 960, 960, 960]);
        assert_eq!(pause_ms(u8::MAX), 960_000);
    }
}
