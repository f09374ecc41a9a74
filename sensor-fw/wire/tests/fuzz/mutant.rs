use rand::{Rng, seq::IndexedRandom};
use rand_chacha::ChaCha8Rng;

/// A vector with some of it changed, cut, doubled, or spliced with another, of at most so many bytes.
pub(crate) fn mutant(corpus: &[Vec<u8>], most: usize, luck: &mut ChaCha8Rng) -> Vec<u8> {
    let mut bytes = corpus.choose(luck).unwrap().clone();
    for _ in 0..luck.random_range(0..6) {
        let at = luck.random_range(0..=bytes.len());
        match luck.random_range(0..8) {
            0 if at < bytes.len() => bytes[at] ^= 1 << luck.random_range(0..8),
            1 if at < bytes.len() => bytes[at] = *[0, 1, 0x7F, 0x80, 0xFE, 0xFF].choose(luck).unwrap(),
            2 if at < bytes.len() => bytes[at] = luck.random(),
            3 if at < bytes.len() => drop(bytes.remove(at)),
            4 => bytes.insert(at, luck.random()),
            5 => bytes.truncate(at),
            6 => {
                let other = corpus.choose(luck).unwrap();
                let from = luck.random_range(0..=other.len());
                bytes.splice(at..at, other[from..].iter().copied());
            }
            _ => {
                let again = bytes[at..].to_vec();
                bytes.extend(again);
            }
        }
    }
    bytes.truncate(most);
    bytes
}
