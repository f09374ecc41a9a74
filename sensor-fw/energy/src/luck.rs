/// Numbers that look random, always the same from the same seed (SplitMix64).
#[derive(Debug, Clone)]
pub(crate) struct Luck(u64);

impl Luck {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    const fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below this one, which is not 0.
    pub(crate) const fn below(&mut self, end: u64) -> u64 {
        self.number() % end
    }

    /// A number around 0, rarely near `reach` or minus that: the noise of a sensor.
    pub(crate) const fn noise(&mut self, reach: i64) -> i64 {
        let end = reach.unsigned_abs() + 1;
        self.below(end).cast_signed() - self.below(end).cast_signed()
    }
}
