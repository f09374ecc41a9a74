use crate::{DeviceId, EventBody, Quantity, ReceiverId, SeriesKey, Value, WallTime};

/// A mean below this is weak, dBm: 10 dB above −95, where the sensitivity of a sensor's or a Pi's radio ends at 1 Mbit/s
/// (nRF52840 product specification 1.11, 6.20: −95 dBm). People and doors take about as much.
pub const WEAK_DBM: i8 = -85;
/// A mean below this is fair, dBm: 20 dB above where hearing ends.
pub const FAIR_DBM: i8 = -75;
/// Whose adverts are heard more rarely than this is weakly heard, per cent.
pub const WEAK_PERCENT: u8 = 50;
/// Whose adverts are heard more rarely than this is fairly heard, per cent.
pub const FAIR_PERCENT: u8 = 80;
/// Of fewer expected adverts no share is told.
const FEW: u32 = 8;

/// How well one receiver hears one device, over the last whole window of time and the one that runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reception {
    /// When it heard the device last.
    pub last: WallTime,
    /// The mean signal strength, dBm; `None` where the receiver tells none.
    pub mean: Option<i8>,
    /// The least, dBm.
    pub least: Option<i8>,
    /// The greatest, dBm.
    pub greatest: Option<i8>,
    /// Adverts heard, each repetition counted.
    pub adverts: u32,
    /// Transmissions heard: adverts that came together are one.
    pub heard: u32,
    /// Transmissions that the device should have made, where its rhythm is known.
    pub expected: Option<u32>,
}

/// How well somebody is heard, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Hearing {
    /// At [`FAIR_DBM`] or more, and at least [`FAIR_PERCENT`] of what is sent, where that is known.
    Good,
    /// Not good, and not weak.
    Fair,
    /// Below [`WEAK_DBM`], or less than [`WEAK_PERCENT`] of what is sent.
    Weak,
    /// Not at all, lately.
    Unheard,
}

impl Reception {
    /// The share of what the device sends that is heard, 0 to 100 per cent; `None` while too little was to be expected.
    pub fn heard_percent(&self) -> Option<u8> {
        let expected = self.expected.filter(|expected| *expected >= FEW)?;
        let percent = u64::from(self.heard) * 100 / u64::from(expected);
        Some(u8::try_from(percent.min(100)).unwrap_or(100))
    }

    /// What that amounts to.
    pub fn hearing(&self) -> Hearing {
        let is_below = |dbm, percent| {
            self.mean.is_some_and(|mean| mean < dbm) || self.heard_percent().is_some_and(|p| p < percent)
        };
        match () {
            () if is_below(WEAK_DBM, WEAK_PERCENT) => Hearing::Weak,
            () if is_below(FAIR_DBM, FAIR_PERCENT) => Hearing::Fair,
            () => Hearing::Good,
        }
    }
}

impl SeriesKey {
    /// The series of the strength at which a receiver hears a device: its instance is the receiver's number. `None` for what
    /// is no receiver of this hub, and for a number that no instance can be.
    pub fn signal(device: DeviceId, receiver: ReceiverId) -> Option<Self> {
        let instance = u8::try_from(receiver.0).ok().filter(|instance| *instance > 0)?;
        Some(Self::new(device, Quantity::Rssi, instance))
    }

    /// Is it such a series? It says how the hub hears a device, not what the device measures.
    pub fn is_signal(&self) -> bool {
        self.quantity == Quantity::Rssi && self.instance > 0
    }
}

impl EventBody {
    /// Does it tell how well the hub hears a device, and nothing that the device measured?
    pub fn is_signal(&self) -> bool {
        let Self::ReadingsTaken { device, values, .. } = self else { return false };
        let is_signal = |value: &Value| SeriesKey::new(*device, value.quantity, value.instance).is_signal();
        !values.is_empty() && values.iter().all(is_signal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Address, TimeQuality, UnixMillis};

    #[track_caller]
    fn hears(mean: Option<i8>, heard: u32, expected: Option<u32>, hearing: Hearing) {
        let last = WallTime { at: UnixMillis(0), quality: TimeQuality::Synchronised };
        let reception = Reception { last, mean, least: mean, greatest: mean, adverts: heard, heard, expected };
        assert_eq!(reception.hearing(), hearing, "{reception:?}");
    }

    #[test]
    fn both_a_low_level_and_a_low_share_are_weak() {
        hears(Some(-75), 80, Some(100), Hearing::Good);
        hears(Some(-76), 100, Some(100), Hearing::Fair);
        hears(Some(-60), 79, Some(100), Hearing::Fair);
        hears(Some(-85), 50, Some(100), Hearing::Fair);
        hears(Some(-86), 100, Some(100), Hearing::Weak);
        hears(Some(-60), 49, Some(100), Hearing::Weak);
        hears(None, 120, Some(100), Hearing::Good);
        hears(Some(-60), 1, Some(7), Hearing::Good);
        hears(Some(-60), 1, None, Hearing::Good);
    }

    #[test]
    fn a_series_of_signal_strength_names_its_receiver() {
        let device = DeviceId::from(Address::new([0xA4, 0xC1, 0x38, 0, 0x11, 0x22]));
        let key = SeriesKey::signal(device, ReceiverId(3)).unwrap();
        assert_eq!((key.quantity, key.instance, key.is_signal()), (Quantity::Rssi, 3, true));
        assert_eq!(SeriesKey::signal(device, ReceiverId::NONE), None);
        assert_eq!(SeriesKey::signal(device, ReceiverId(256)), None);
        assert!(!SeriesKey::new(device, Quantity::Rssi, 0).is_signal(), "what another hub brought along is none");
    }
}
