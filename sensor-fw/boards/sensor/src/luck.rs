//! Luck: the chip's own for seeds, and a cipher that goes on from one.

use chacha20::ChaCha20Rng;
use embassy_nrf::{Peri, mode::Blocking};
use rand_core::SeedableRng as _;
use zeroize::Zeroizing;

#[cfg(not(feature = "nrf54l15"))]
pub(crate) type Source = embassy_nrf::peripherals::RNG;
#[cfg(feature = "nrf54l15")]
pub(crate) type Source = embassy_nrf::peripherals::CRACEN;

/// The generator of the chip: thermal noise, its bias corrected.
#[cfg(not(feature = "nrf54l15"))]
pub(crate) type Noise = embassy_nrf::rng::Rng<'static, Blocking>;
/// The generator of the chip, as its cryptographic engine conditions it.
#[cfg(feature = "nrf54l15")]
pub(crate) type Noise = embassy_nrf::cracen::Cracen<'static, Blocking>;

#[cfg(not(feature = "nrf54l15"))]
pub(crate) fn noise(source: Peri<'static, Source>) -> Noise {
    let noise = Noise::new_blocking(source);
    noise.set_bias_correction(true);
    noise
}

#[cfg(feature = "nrf54l15")]
pub(crate) fn noise(source: Peri<'static, Source>) -> Noise {
    Noise::new_blocking(source)
}

/// Luck for keys. The radio controller keeps the chip's generator, so this one is seeded from it once.
pub(crate) fn luck(noise: &mut Noise) -> ChaCha20Rng {
    let mut seed = Zeroizing::new([0; 32]);
    noise.blocking_fill_bytes(&mut *seed);
    ChaCha20Rng::from_seed(*seed)
}
