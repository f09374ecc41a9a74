//! From raw numbers to temperature and pressure, in integers.
//!
//! The datasheet gives the formulas in floats (appendix 8.4 to 8.6). With the raw pressure `p`, the temperature `t` in °C
//! and coefficients that are small integers of the chip's memory, scaled by powers of two:
//!
//! ```text
//! d = raw − 2^8·T1                 t = T2·d / 2^30 + T3·d² / 2^48
//! offset = 8·P5 + P6·t / 2^6 + P7·t² / 2^8 + P8·t³ / 2^15
//! gain   = (P1 − 2^14) / 2^20 + (P2 − 2^14)·t / 2^29 + P3·t² / 2^32 + P4·t³ / 2^37
//! bend   = P9 / 2^48 + P10·t / 2^48 + P11·p / 2^65
//! pressure = offset + gain·p + bend·p²
//! ```
//!
//! Here `t` is a count of 2^-16 °C, and each polynomial is reckoned from its highest power down, with as many binary places
//! as 64 bits hold for any coefficients, given that `t` is within the chip's −40 to 85 °C (23 bits): the comments count the
//! places. What is cut off is less than 0.001 Pa.

/// How many bytes of the chip's memory a calibration takes, from 0x31 on.
pub(super) const LENGTH: usize = 21;

/// What was found in the factory about one chip, by the names of the datasheet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Calibration {
    t1: i64,
    t2: i64,
    t3: i64,
    p1: i64,
    p2: i64,
    p3: i64,
    p4: i64,
    p5: i64,
    p6: i64,
    p7: i64,
    p8: i64,
    p9: i64,
    p10: i64,
    p11: i64,
}

/// A temperature that was reckoned, in 2^-16 °C.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Warmth(i64);

impl Warmth {
    /// Rounded to 0.001 °C; what 32 bits do not hold is their end.
    pub(super) fn milli_celsius(self) -> i32 {
        let millis = (self.0.saturating_mul(1000) + (1 << 15)) >> 16;
        millis.clamp(i64::from(i32::MIN), i64::from(i32::MAX)) as i32
    }
}

impl Calibration {
    /// The calibration of these bytes; none where memory holds nothing.
    pub(super) fn parse(bytes: [u8; LENGTH]) -> Option<Self> {
        let [t1a, t1b, t2a, t2b, t3, p1a, p1b, p2a, p2b, p3, p4, p5a, p5b, p6a, p6b, p7, p8, p9a, p9b, p10, p11] =
            bytes;
        let unsigned = |low, high| i64::from(u16::from_le_bytes([low, high]));
        let signed = |low, high| i64::from(i16::from_le_bytes([low, high]));
        let small = |byte: u8| i64::from(byte.cast_signed());
        let is_blank = bytes.iter().all(|byte| *byte == 0x00) || bytes.iter().all(|byte| *byte == 0xff);
        (!is_blank).then(|| Self {
            t1: unsigned(t1a, t1b),
            t2: unsigned(t2a, t2b),
            t3: small(t3),
            p1: signed(p1a, p1b),
            p2: signed(p2a, p2b),
            p3: small(p3),
            p4: small(p4),
            p5: unsigned(p5a, p5b),
            p6: unsigned(p6a, p6b),
            p7: small(p7),
            p8: small(p8),
            p9: signed(p9a, p9b),
            p10: small(p10),
            p11: small(p11),
        })
    }

    /// The temperature of a raw number of 24 bits.
    pub(super) const fn warmth(&self, raw: u32) -> Warmth {
        let d = raw as i64 - (self.t1 << 8); // 25 bits
        // T2·d has 30 places, T3·d² has 48: 41 + 18 and 57 bits.
        Warmth((((self.t2 * d) << 18) + self.t3 * d * d) >> 32)
    }

    /// The pressure in pascal of a raw number of 24 bits, for a temperature within the chip's range.
    pub(super) const fn pascal(&self, raw: u32, Warmth(t): Warmth) -> i64 {
        let p = raw as i64;

        let offset = self.p8 * t + (self.p7 << 23); // 31 places
        let offset = offset * t + (self.p6 << 41); // 47 places
        let offset = (offset >> 24) * t + (self.p5 << 42); // 39 places

        let gain = self.p4 * t + (self.p3 << 21); // 53 places
        let gain = gain * t + ((self.p2 - (1 << 14)) << 40); // 69 places
        let gain = (gain >> 24) * t + ((self.p1 - (1 << 14)) << 41); // 61 places
        let linear = (gain >> 23) * p; // 38 places

        let bend = 2 * (self.p10 * t + (self.p9 << 16)) + self.p11 * p; // 65 places
        let square = ((bend * p) >> 24) * p; // 41 places

        let sum = (offset >> 1) + linear + (square >> 3); // 38 places
        (sum + (1 << 37)) >> 38
    }
}

#[cfg(test)]
mod tests;
