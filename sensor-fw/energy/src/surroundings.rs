use units::{Measure, Quantity};

use crate::luck::Luck;

const MINUTE_MS: u64 = 60_000;
const DAY_MS: u64 = 1440 * MINUTE_MS;

/// What is around a sensor: days, heating, weather, and the noise of its own.
///
/// Noise is as the datasheets say repeatability: SHT4x 0.04 °C and 0.08 % (three sigma at its highest), BME280 some
/// pascal, SCD41 10 ppm.
#[derive(Debug, Clone)]
pub(crate) struct Surroundings {
    luck: Luck,
}

impl Surroundings {
    pub(crate) const fn new(seed: u64) -> Self {
        Self { luck: Luck::new(seed ^ 0x5EED) }
    }

    /// What is measured of a quantity; `None` of one that none of our probes measures.
    pub(crate) fn measure(&mut self, quantity: Quantity, now_ms: u64) -> Option<Measure> {
        let day = wave(now_ms, DAY_MS, 1000);
        // The heating goes on and off.
        let heating = wave(now_ms, 97 * MINUTE_MS, 1000);
        let weather = wave(now_ms, 5 * DAY_MS, 1000);
        let value = match quantity {
            // 20.5 °C, 1.2 °C more in the day, 0.25 °C by the heating.
            Quantity::Temperature => 20_500 + day * 12 / 10 + heating / 4 + self.luck.noise(40),
            // 45 %, 6 % less in the warm hours, 1 % by the heating.
            Quantity::Humidity => 450_000 - day * 60 - heating * 10 + self.luck.noise(800),
            Quantity::Pressure => 101_325 + weather * 8 / 10 + self.luck.noise(3),
            Quantity::Co2 => 700 + day * 3 / 10 + heating / 20 + self.luck.noise(10),
            // A cell that is half empty, by the hour colder or warmer.
            Quantity::Voltage => 2_900 + day / 100 + self.luck.noise(5),
            _ => return None,
        };
        Some(Measure::new(quantity, value))
    }
}

/// A wave of straight lines between minus and plus `height`.
fn wave(now_ms: u64, period_ms: u64, height: i64) -> i64 {
    let half = (period_ms / 2).cast_signed();
    let from_top = ((now_ms % period_ms).cast_signed() - half).abs();
    height - 2 * height * from_top / half
}

/// When a door is opened (true) and closed, over so many days: by day, for seconds to minutes.
pub(crate) fn doors(openings_a_day: Option<u64>, days: u64, seed: u64) -> Vec<(u64, bool)> {
    let mut luck = Luck::new(seed ^ 0xD00D);
    let count = openings_a_day.unwrap_or(0);
    let (from_ms, wake_ms) = (7 * 60 * MINUTE_MS, 16 * 60 * MINUTE_MS);
    let slot_ms = wake_ms / count.max(1);
    let mut times = Vec::new();
    for nth in 0..days * count {
        // Each in a part of the day of its own, so that it is closed before it is opened again.
        let begin_ms = nth / count * DAY_MS + from_ms + nth % count * slot_ms;
        let open_ms = begin_ms + luck.below(slot_ms / 2);
        times.push((open_ms, true));
        times.push((open_ms + 5_000 + luck.below(slot_ms / 4), false));
    }
    times
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wave_goes_up_and_down_once() {
        let heights = [0, 25, 50, 75, 100].map(|now_ms| wave(now_ms, 100, 1000));
        assert_eq!(heights, [-1000, 0, 1000, 0, -1000]);
    }

    #[test]
    fn a_door_is_opened_and_closed_in_turn() {
        let times = doors(Some(20), 7, 1);
        assert_eq!(times.len(), 280);
        assert!(times.is_sorted_by(|(a, _), (b, _)| a < b));
        assert!(
            times.iter().zip([true, false].into_iter().cycle()).all(|((_, is_open), expected)| *is_open == expected)
        );
        assert!(doors(None, 7, 1).is_empty() && doors(Some(0), 7, 1).is_empty());
    }
}
