use std::{collections::BTreeMap, fmt, str::FromStr};

use thiserror::Error;

use crate::{Address, Format, Name, Quantity, RoomId, UnixMillis};

/// Who a device is, for as long as the house keeps it.
///
/// Sensors are known by their Bluetooth address (the upper 16 bits are zero), our own too: theirs is for life, and the number in
/// their label stands in the claim. Printed as 12 or 16 hex digits; an address in any spelling is understood too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeviceId(u64);

impl DeviceId {
    /// The device of this number.
    pub const fn from_u64(id: u64) -> Self {
        Self(id)
    }

    /// The number.
    pub const fn as_u64(self) -> u64 {
        self.0
    }
}

impl From<Address> for DeviceId {
    fn from(address: Address) -> Self {
        Self(address.bytes().into_iter().fold(0, |id, byte| (id << 8) | u64::from(byte)))
    }
}

impl fmt::Display for DeviceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = if self.0 >> 48 == 0 { 12 } else { 16 };
        write!(f, "{:0width$x}", self.0)
    }
}

/// A text that names no device.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{text:?} is not a device id; expected an address such as A4:C1:38:00:11:22, or 12 or 16 hex digits")]
pub struct ParseDeviceIdError {
    /// What was given.
    pub text: String,
}

impl FromStr for DeviceId {
    type Err = ParseDeviceIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Ok(address) = text.parse::<Address>() {
            return Ok(address.into());
        }
        let refuse = || ParseDeviceIdError { text: text.chars().take(64).collect() };
        if text.len() != 16 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(refuse());
        }
        u64::from_str_radix(text, 16).map(Self).map_err(|_| refuse())
    }
}

/// The key with which one device encrypts its adverts: 128 bits, its own, never printed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct BindKey([u8; 16]);

impl BindKey {
    /// The key with these bytes.
    pub const fn new(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The bytes, for the cipher and the registry.
    pub const fn bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Debug for BindKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BindKey(…)")
    }
}

/// How strictly the counter of encrypted frames is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ReplayRule {
    /// The counter must be greater than any that was seen.
    #[default]
    Strict,
    /// A counter that restarts is accepted: for one third-party device that forgets it at a battery change. Old
    /// frames can be replayed then; the API shows it as reduced protection.
    Compat,
}

/// How long readings are kept. `None` is for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Days that every single reading is kept, 1 to 36 500.
    pub raw_days: Option<u32>,
    /// Days that hourly and daily figures are kept, 1 to 36 500.
    pub rollup_days: Option<u32>,
}

impl Default for Retention {
    /// Thirteen months of readings, hourly and daily figures for ever.
    fn default() -> Self {
        Self { raw_days: Some(400), rollup_days: None }
    }
}

/// A retention that nobody can keep.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{field} is {days}; expected {expected}")]
pub struct RetentionError {
    /// Which number: `rawDays` or `rollupDays`.
    pub field: &'static str,
    /// What was given.
    pub days: u32,
    /// What would be right.
    pub expected: String,
}

impl Retention {
    /// The most days: a hundred years.
    pub const MAX_DAYS: u32 = 36_500;

    /// All of it, for ever.
    pub const FOREVER: Self = Self { raw_days: None, rollup_days: None };

    /// Checks that it can be kept.
    ///
    /// # Errors
    /// When days are outside 1 to 36 500, or figures would go before the readings that they sum up.
    ///
    /// ```
    /// use hub_model::Retention;
    ///
    /// assert!(Retention { raw_days: Some(30), rollup_days: Some(400) }.check().is_ok());
    /// let error = Retention { raw_days: Some(30), rollup_days: Some(7) }.check().unwrap_err();
    /// assert_eq!(error.to_string(), "rollupDays is 7; expected at least rawDays, 30");
    /// ```
    pub fn check(self) -> Result<(), RetentionError> {
        let refuse = |field, days, expected| Err(RetentionError { field, days, expected });
        for (field, days) in [("rawDays", self.raw_days), ("rollupDays", self.rollup_days)] {
            if let Some(days) = days.filter(|days| !(1..=Self::MAX_DAYS).contains(days)) {
                return refuse(field, days, format!("1 to {} days, or none for ever", Self::MAX_DAYS));
            }
        }
        match (self.raw_days, self.rollup_days) {
            (None, Some(rollup)) => refuse("rollupDays", rollup, "none, as readings are kept for ever".to_owned()),
            (Some(raw), Some(rollup)) if rollup < raw => {
                refuse("rollupDays", rollup, format!("at least rawDays, {raw}"))
            }
            _ => Ok(()),
        }
    }
}

/// Offsets that the owner measured, by quantity and instance, in steps of the quantity's resolution.
pub type Calibration = BTreeMap<(Quantity, u8), i64>;

/// A device that the owner adopted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    /// Who it is.
    pub id: DeviceId,
    /// The address that it sends from.
    pub address: Address,
    /// What the owner calls it.
    pub name: Name,
    /// Where it is.
    pub room: Option<RoomId>,
    /// The format that it was adopted with; `None` until its first frame was understood.
    pub format: Option<Format>,
    /// Its key, when it encrypts. A device with a key is never believed in plain text.
    pub key: Option<BindKey>,
    /// How strictly its counter is taken.
    pub replay: ReplayRule,
    /// Offsets added to what it measures.
    pub calibration: Calibration,
    /// How long its readings are kept; `None`: as the hub's configuration says.
    pub retention: Option<Retention>,
    /// How long the readings of single quantities are kept, where that differs from the rest of the device.
    pub retention_of: BTreeMap<Quantity, Retention>,
    /// When it was adopted.
    pub adopted_at: UnixMillis,
}

impl Device {
    /// How long what it measures is kept: as the owner said for this quantity, else for the device, else `default`.
    ///
    /// `None` is a quantity that this version of the hub does not know, from a store that a newer one wrote.
    pub fn retention(&self, quantity: Option<Quantity>, default: Retention) -> Retention {
        let own = quantity.and_then(|quantity| self.retention_of.get(&quantity).copied());
        own.or(self.retention).unwrap_or(default)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_printed_as_it_is_read() -> Result<(), ParseDeviceIdError> {
        for text in ["a4c138001122", "0000000000ff", "0123456789abcdef"] {
            assert_eq!(text.parse::<DeviceId>()?.to_string(), text);
        }
        assert_eq!("A4:C1:38:00:11:22".parse::<DeviceId>()?.to_string(), "a4c138001122");
        Ok(())
    }

    #[test]
    fn the_nearest_retention_holds() {
        let days = |raw_days| Retention { raw_days: Some(raw_days), rollup_days: None };
        let mut device = Device {
            id: DeviceId::from_u64(1),
            address: Address::new([0, 0, 0, 0, 0, 1]),
            name: Name::parse("Bath").unwrap(),
            room: None,
            format: None,
            key: None,
            replay: ReplayRule::Strict,
            calibration: Calibration::new(),
            retention: None,
            retention_of: [(Quantity::Power, days(7))].into(),
            adopted_at: UnixMillis(0),
        };
        let kept = |device: &Device| {
            [Some(Quantity::Power), Some(Quantity::Humidity), None].map(|of| device.retention(of, days(400)))
        };
        assert_eq!(kept(&device), [days(7), days(400), days(400)]);
        device.retention = Some(days(90));
        assert_eq!(kept(&device), [days(7), days(90), days(90)]);
    }

    #[test]
    fn a_key_is_never_printed() {
        assert_eq!(format!("{:?}", BindKey::new([7; 16])), "BindKey(…)");
    }
}
