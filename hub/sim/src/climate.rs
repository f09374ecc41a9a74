use std::f64::consts::TAU;

use hub_model::UnixMillis;

const DAY_MS: f64 = 86_400_000.0;
const YEAR_MS: f64 = 365.25 * DAY_MS;

/// The weather outside and the habits inside of one simulated house, smooth functions of time and seed.
///
/// Central European averages: −1 °C to 19 °C over the year, ±5 °C over the day; rooms are heated to about 21 °C and warm
/// up in summer. Sums of sines at unrelated periods stand for the weather, so that any moment can be asked for in any order.
#[derive(Debug, Clone, Copy)]
pub struct Climate {
    seed: u64,
}

impl Climate {
    /// The climate of a seed.
    pub const fn new(seed: u64) -> Self {
        Self { seed }
    }

    /// Temperature outside in °C.
    pub fn outside(self, at: UnixMillis) -> f64 {
        let year = -(TAU * (phase(at, YEAR_MS) - 0.05)).cos() * 10.0 + 9.0;
        let day = -(TAU * (phase(at, DAY_MS) - 0.12)).cos() * 3.5;
        year + day + self.wave(at, 1, 4.3) * 4.0 + self.wave(at, 2, 11.0) * 3.0
    }

    /// Temperature of a room in °C; `warmth` is how much warmer than the house it is kept.
    pub fn room(self, at: UnixMillis, room: u64, warmth: f64) -> f64 {
        let heated = 20.5 + warmth - self.night(at) * 2.5;
        let summer = (self.outside(at) - 17.0).max(0.0) * 0.35;
        heated + summer + self.wave(at, 100 + room, 0.31) * 0.4 + self.wave(at, 200 + room, 0.07) * 0.2
    }

    /// Relative humidity of a room in %; `damp` is what the room adds (a bath, a kettle).
    pub fn humidity(self, at: UnixMillis, room: u64, damp: f64) -> f64 {
        let season = 44.0 + (TAU * (phase(at, YEAR_MS) - 0.55)).cos() * 9.0;
        let used = self.busy(at, room) * damp;
        (season + used + self.wave(at, 300 + room, 0.9) * 4.0).clamp(18.0, 97.0)
    }

    /// How much the room is used now, 0 to 1: mornings and evenings, more or less by the day.
    pub fn busy(self, at: UnixMillis, room: u64) -> f64 {
        let hour = phase(at, DAY_MS) * 24.0;
        let peak = |centre: f64, width: f64| (-((hour - centre) / width).powi(2)).exp();
        let mood = 0.75 + 0.25 * self.wave(at, 400 + room, 2.7);
        ((peak(6.5, 1.2) + peak(18.5, 2.8)) * mood).clamp(0.0, 1.0)
    }

    /// Is somebody just passing: short, and more often when the room is used.
    pub fn passing(self, at: UnixMillis, room: u64) -> bool {
        self.noise(at.0.div_euclid(60_000), 500 + room) < self.busy(at, room) * 0.35
    }

    /// Air pressure in hPa.
    pub fn pressure(self, at: UnixMillis) -> f64 {
        1_014.0 + self.wave(at, 3, 5.1) * 9.0 + self.wave(at, 4, 13.7) * 7.0
    }

    /// Illuminance outside in lx.
    pub fn light(self, at: UnixMillis) -> f64 {
        let height = -(TAU * phase(at, DAY_MS)).cos() - 0.1 + (TAU * (phase(at, YEAR_MS) - 0.47)).cos() * 0.35;
        height.max(0.0).powf(1.4) * 38_000.0 * (0.65 + 0.35 * self.wave(at, 5, 0.6))
    }

    /// 1 in the night, 0 in the day, with soft ends.
    fn night(self, at: UnixMillis) -> f64 {
        let hour = phase(at, DAY_MS) * 24.0;
        let from_two = (hour - 2.0).abs().min(26.0 - hour);
        (1.0 - from_two / 4.5).clamp(0.0, 1.0)
    }

    /// A wave between −1 and 1 with a period of about so many days.
    fn wave(self, at: UnixMillis, which: u64, days: f64) -> f64 {
        let start = self.noise(0, which);
        let period = DAY_MS * days;
        let first = (TAU * (phase(at, period) + start)).sin();
        let second = (TAU * (phase(at, period * 0.618) + start * 3.0)).sin();
        (first + second * 0.6) / 1.6
    }

    /// A number in 0..1 that depends on nothing but its arguments and the seed (SplitMix64).
    fn noise(self, step: i64, which: u64) -> f64 {
        let mut x = self.seed ^ step.cast_unsigned().wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ (which << 48 | which);
        for factor in [0xBF58_476D_1CE4_E5B9_u64, 0x94D0_49BB_1331_11EB] {
            x = (x ^ (x >> 30)).wrapping_mul(factor);
        }
        ((x ^ (x >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// How far `at` is within its period, 0 to 1.
fn phase(at: UnixMillis, period_ms: f64) -> f64 {
    (at.0 as f64).rem_euclid(period_ms) / period_ms
}
