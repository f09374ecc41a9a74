use chacha20::ChaCha8Rng;
use rand_core::{CryptoRng, SeedableRng as _};

/// Luck of a seed, for what is simulated: keys that are made with it are no secret.
pub fn luck(seed: u64) -> impl CryptoRng {
    ChaCha8Rng::seed_from_u64(seed)
}
