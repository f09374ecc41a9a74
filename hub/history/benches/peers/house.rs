//! The load: sensors in rooms, made by arithmetic, the same in every run.

use std::f64::consts::TAU;

use hub_model::Quantity;

/// What a sensor measures; one with fewer metrics has the first of these.
pub(crate) const METRICS: [Quantity; 4] =
    [Quantity::Temperature, Quantity::Humidity, Quantity::Pressure, Quantity::Battery];
pub(crate) const SECOND: i64 = 1000;
pub(crate) const HOUR: i64 = 3600 * SECOND;
pub(crate) const DAY: i64 = 24 * HOUR;
/// 2026-01-01T00:00:00Z.
pub(crate) const T0: i64 = 1_767_225_600_000;

/// The values of one frame, in the order of [`METRICS`] and in the resolution of each.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reading {
    pub(crate) at: i64,
    pub(crate) sensor: u32,
    cells: [i64; METRICS.len()],
    metrics: usize,
}

impl Reading {
    pub(crate) fn new(at: i64, sensor: u32, values: &[i64]) -> Self {
        let mut cells = [0; METRICS.len()];
        cells.iter_mut().zip(values).for_each(|(cell, value)| *cell = *value);
        Self { at, sensor, cells, metrics: values.len().min(METRICS.len()) }
    }

    /// The same values so many milliseconds later.
    pub(crate) fn later(mut self, ms: i64) -> Self {
        self.at += ms;
        self
    }

    pub(crate) fn values(&self) -> &[i64] {
        self.cells.get(..self.metrics).unwrap_or_default()
    }
}

/// Numbers that look random (SplitMix64).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Luck(pub(crate) u64);

impl Luck {
    pub(crate) const fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// From 0 to 1.
    pub(crate) fn share(&mut self) -> f64 {
        f64::from((self.number() >> 32) as u32) / f64::from(u32::MAX)
    }

    /// Bell-shaped around 0, with a standard deviation of 1.
    pub(crate) fn bell(&mut self) -> f64 {
        let sum: u64 = (0..3).map(|_| self.number()).flat_map(|n| [n & 0xFFFF_FFFF, n >> 32]).sum();
        // Six equal distributions have a mean of 3 and a variance of 6 / 12.
        (sum as f64 / f64::from(u32::MAX) - 3.0) / 0.5_f64.sqrt()
    }
}

/// A room: a daily wave, air that wanders, and a sensor of ordinary noise.
#[derive(Debug, Clone)]
struct Room {
    next: i64,
    phase: f64,
    /// Mean, and how far the air is from it now, of temperature, humidity and pressure.
    mean: [f64; 3],
    away: [f64; 3],
    battery: f64,
}

/// Rooms with a sensor each.
#[derive(Debug, Clone)]
pub(crate) struct House {
    rooms: Vec<Room>,
    every: i64,
    metrics: usize,
    luck: Luck,
}

impl House {
    /// So many sensors of so many metrics, each of which is heard every `every` milliseconds or a little later.
    pub(crate) fn new(sensors: u32, metrics: usize, every: i64) -> Self {
        let mut luck = Luck(u64::from(sensors) << 32 | every.unsigned_abs());
        let room = |sensor| Room {
            next: T0 + i64::from(sensor) * every / i64::from(sensors),
            phase: luck.share(),
            mean: [18.0 + 5.0 * luck.share(), 35.0 + 25.0 * luck.share(), 1000.0 + 20.0 * luck.share()],
            away: [0.0; 3],
            battery: 60.0 + 40.0 * luck.share(),
        };
        Self { rooms: (0..sensors).map(room).collect(), every, metrics, luck }
    }

    /// The milliseconds between two readings of a sensor.
    pub(crate) const fn every(&self) -> i64 {
        self.every
    }

    /// All readings before `end` that were not given yet, in order.
    pub(crate) fn until(&mut self, end: i64, out: &mut Vec<Reading>) {
        out.clear();
        for (sensor, room) in (0..).zip(&mut self.rooms) {
            while room.next < end {
                // Heard up to 0.3 s after it was sent: radio, scan windows, queues.
                let at = room.next + (self.luck.share() * 300.0) as i64;
                let values = room.measure(self.every, self.metrics, &mut self.luck);
                out.push(Reading::new(at, sensor, values.get(..self.metrics).unwrap_or_default()));
                room.next += self.every;
            }
        }
        out.sort_unstable_by_key(|reading| (reading.at, reading.sensor));
    }
}

impl Room {
    fn measure(&mut self, every: i64, metrics: usize, luck: &mut Luck) -> [i64; METRICS.len()] {
        // How far the air wanders in a second, how fast it comes back, and the sensor's noise; ℃, %, hPa.
        const WANDER: [f64; 3] = [0.002, 0.008, 0.001];
        const RETURN_S: [f64; 3] = [7200.0, 5400.0, 40_000.0];
        const NOISE: [f64; 3] = [0.012, 0.03, 0.015];
        const WAVE: [f64; 3] = [1.2, -4.0, 0.3];
        let seconds = every as f64 / 1000.0;
        let wave = (TAU * ((self.next - T0) as f64 / DAY as f64 + self.phase)).sin();
        let mut air = [0.0; 3];
        let parts = air.iter_mut().zip(self.mean).zip(&mut self.away).take(metrics);
        for (((((value, mean), away), wander), back), (noise, height)) in
            parts.zip(WANDER).zip(RETURN_S).zip(NOISE.into_iter().zip(WAVE))
        {
            *away += wander * seconds.sqrt() * luck.bell() - *away * (seconds / back).min(1.0);
            *value = mean + height * wave + *away + noise * luck.bell();
        }
        self.battery = (self.battery - seconds / (5.0 * 365.0 * 864.0)).max(1.0);
        let [temperature, humidity, pressure] = air;
        // As BTHome sends them: 0.01 °C, 0.01 %, 0.01 hPa, 1 %; then in the resolution of the quantity.
        let hundredths = |value: f64| (value * 100.0).round() as i64;
        [hundredths(temperature) * 10, hundredths(humidity) * 100, hundredths(pressure), self.battery.round() as i64]
    }
}
