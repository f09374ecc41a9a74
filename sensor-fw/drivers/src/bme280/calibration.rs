//! From raw numbers to temperature, pressure and humidity, in integers.
//!
//! The datasheet gives the formulas in floats (appendix 8.1) and in integers that are cut off at each step. Here are the
//! floats, put together, with `t` the "fine" temperature (5120 a degree), raw numbers `T`, `P`, `H`, and coefficients that
//! are small integers of the chip's memory:
//!
//! ```text
//! d = T − 16·T1                    t = T2·d / 2^14 + T3·d² / 2^34
//! w = t − 128 000                  (from 25 °C)
//! lack = P6·w² / 2^31 + P5·w / 2^14 + 16·P4
//! gain = P1·(1 + P2·w / 2^35 + P3·w² / 2^55)
//! p = 6250·(2^20 − P − lack) / gain
//! pressure = p + (P7 + P8·p / 2^15 + P9·p² / 2^31) / 16
//!
//! v = t − 76 800                   (from 15 °C)
//! h = (H − 64·H4 − H5·v / 2^14) · H2 / 2^16 · (1 + H6·v / 2^26 · (1 + H3·v / 2^26))
//! humidity = h·(1 − H1·h / 2^19), within 0 to 100 %
//! ```
//!
//! They are reckoned with as many binary places as 64 bits hold for any coefficients, given that `t` is within the chip's
//! −40 to 85 °C (`w` and `v` have 19 bits): the comments count the places.

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
    h1: i64,
    h2: i64,
    h3: i64,
    h4: i64,
    h5: i64,
    h6: i64,
}

/// A temperature that was reckoned, in 1/5120 °C.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Warmth(i64);

impl Warmth {
    /// Rounded to 0.001 °C; what 32 bits do not hold is their end.
    pub(super) fn milli_celsius(self) -> i32 {
        // 1000 / 5120 = 25 / 128.
        let millis = (self.0 * 25 + 64) >> 7;
        millis.clamp(i64::from(i32::MIN), i64::from(i32::MAX)) as i32
    }
}

impl Calibration {
    /// The calibration of the bytes from 0x88 and from 0xE1 on; none where memory holds nothing.
    pub(super) fn parse(first: [u8; 26], second: [u8; 7]) -> Option<Self> {
        let (words, _) = first.as_chunks::<2>();
        let [t1, t2, t3, p1, p2, p3, p4, p5, p6, p7, p8, p9, h1] = words else { return None };
        let [h2a, h2b, h3, h4, h45, h5, h6] = second;
        let unsigned = |word: &[u8; 2]| i64::from(u16::from_le_bytes(*word));
        let signed = |word: &[u8; 2]| i64::from(i16::from_le_bytes(*word));
        let small = |byte: u8| i64::from(byte.cast_signed());
        // Of 0xA0, which is not used, and 0xA1.
        let [_, h1] = *h1;
        let is_blank = first.iter().all(|byte| *byte == 0x00) || first.iter().all(|byte| *byte == 0xff);
        (!is_blank).then(|| Self {
            t1: unsigned(t1),
            t2: signed(t2),
            t3: signed(t3),
            p1: unsigned(p1),
            p2: signed(p2),
            p3: signed(p3),
            p4: signed(p4),
            p5: signed(p5),
            p6: signed(p6),
            p7: signed(p7),
            p8: signed(p8),
            p9: signed(p9),
            h1: i64::from(h1),
            h2: signed(&[h2a, h2b]),
            h3: i64::from(h3),
            // Twelve bits each, of which they share a byte.
            h4: (small(h4) << 4) | i64::from(h45 & 0x0f),
            h5: (small(h5) << 4) | i64::from(h45 >> 4),
            h6: small(h6),
        })
    }

    /// The temperature of a raw number of 20 bits.
    pub(super) const fn warmth(&self, raw: u32) -> Warmth {
        let d = raw as i64 - (self.t1 << 4); // 21 bits
        // T2·d has 14 places, T3·d² has 34: 36 + 20 and 57 bits.
        Warmth((((self.t2 * d) << 20) + self.t3 * d * d + (1 << 33)) >> 34)
    }

    /// The pressure in pascal of a raw number of 20 bits, for a temperature within the chip's range; none where the
    /// calibration says that pressure changes nothing, or beyond any air.
    pub(super) fn pascal(&self, raw: u32, Warmth(t): Warmth) -> Option<i64> {
        let w = t - 128_000;
        let lack = self.p6 * w * w + ((self.p5 * w) << 17) + (self.p4 << 35); // 31 places, 54 bits
        let rest = (((1 << 20) - i64::from(raw)) << 31) - lack; // 31 places, 54 bits

        let gain = (1 << 47) + ((self.p2 * w) << 12) + ((self.p3 * w * w) >> 8); // 47 places, 48 bits
        let gain = ((gain >> 4) * self.p1) >> 27; // 16 places, 33 bits

        // 24 places less 16: 8 places; 59 bits.
        let p = ((rest >> 7) * 6250).checked_div(gain)?;
        if p.unsigned_abs() >= 1 << 27 {
            return None;
        }
        let square = (self.p9 * ((p * p) >> 8)) >> 31; // 8 places
        let linear = (self.p8 * p) >> 15; // 8 places
        let pascal = p + (((self.p7 << 8) + linear + square) >> 4); // 8 places
        Some((pascal + 128) >> 8)
    }

    /// The humidity in 0.0001 % of a raw number, for a temperature within the chip's range.
    pub(super) fn humidity(&self, raw: u16, Warmth(t): Warmth) -> i64 {
        let v = t - 76_800;
        let wet = (i64::from(raw) << 14) - (self.h4 << 20) - self.h5 * v; // 14 places, 33 bits
        let bend = (1 << 26) + self.h3 * v; // 26 places, 28 bits
        let bend = (1 << 30) + ((self.h6 * v * bend) >> 22); // 30 places, 32 bits
        let gain = (self.h2 * bend) >> 17; // 29 places, 30 bits
        // 43 places cut to 20. What is beyond 128 % ends beyond 100 %, whatever H1 is.
        let h = ((wet * gain) >> 23).clamp(0, 128 << 20);
        let share = ((1_i64 << 39) - self.h1 * h) >> 12; // 39 places cut to 27
        let h = (h * share) >> 27; // 20 places
        ((h * 10_000 + (1 << 19)) >> 20).clamp(0, 1_000_000)
    }
}

#[cfg(test)]
mod tests;
