//! What an owner tells a sensor to do: how often it measures and speaks, how loud, and what counts as a change.
//!
//! | byte | bytes | what | range |
//! |---|---|---|---|
//! | 0 | 1 | version | 1 |
//! | 1 | 1 | revision: chosen by the hub, another one with each change; adverts echo it | 0–255 |
//! | 2 | 2 | milliseconds between adverts | 100–10 240 |
//! | 4 | 1 | transmit power in dBm, signed | −40–8 |
//! | 5 | 2 | heartbeat: seconds after which adverts tell anew what has not changed | 10–3600 |
//! | 7 | 2 | seconds between samples | 1–3600 |
//! | 9 | 2 | seconds between windows in which a hub may connect; 0: at start and on the button alone | 0, 60–43 200 |
//! | 11 | 1 | dead-bands | 0–8 |
//! | 12 | 6 each | dead-band: [code](units::Quantity::code) of the quantity (2), steps of the quantity (4) | from 1 |
//!
//! Numbers are little-endian. A quantity without a dead-band here has that of the product.
//!
//! The hub sends all of them at once, and the sensor takes all or none. It says the revision in its adverts (BTHome
//! object 0x65), so a hub sees in every one whether sensor and hub mean the same.
//!
//! ```
//! use wire::settings::{Band, Bands, Settings};
//!
//! let bands = Bands::new(&[Band { code: 1, steps: 200 }]).ok_or("at most eight dead-bands")?;
//! let settings = Settings { revision: 7, advert_interval_ms: 1000, bands, ..Settings::DEFAULT };
//! let mut buffer = [0; Settings::MAX_LENGTH];
//! let length = settings.write(&mut buffer)?;
//! assert_eq!(Settings::parse(&buffer[..length]), Ok(settings));
//!
//! buffer[2..4].copy_from_slice(&99_u16.to_le_bytes());
//! let error = Settings::parse(&buffer[..length]).unwrap_err();
//! assert_eq!(error.to_string(), "advert interval of 99 ms, 100 to 10240 are possible");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use core::fmt;

use crate::bytes::{NoRoom, Reader, Short, Writer};

const VERSION: u8 = 1;
/// As many as a sensor has channels.
const MAX_BANDS: usize = crate::log::MAX_COLUMNS;

/// From what battery sensors need to the longest of the specification (Core 5.4, volume 6, part B, 4.4.2.2: 10.24 s).
const ADVERT_INTERVAL_MS: (i64, i64) = (100, 10_240);
/// What the radios of the boards can do at all (nRF52840, nRF52832, nRF54L15: each has some of these steps).
const TX_POWER_DBM: (i64, i64) = (-40, 8);
const HEARTBEAT_S: (i64, i64) = (10, 3600);
const SAMPLING_S: (i64, i64) = (1, 3600);
const WINDOW_EVERY_S: (i64, i64) = (60, 43_200);
const BANDS: (i64, i64) = (0, MAX_BANDS as i64);
const BAND: (i64, i64) = (1, u32::MAX as i64);

/// How far a value of a quantity may move before it is told anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Band {
    /// The quantity's [code](units::Quantity::code).
    pub code: u16,
    /// A value so many steps away from the last told, or more, is told. At least 1.
    pub steps: u32,
}

/// What a sensor is told to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// Which settings these are, by the hub's counting.
    pub revision: u8,
    /// Milliseconds between adverts, 100 to 10 240.
    pub advert_interval_ms: u16,
    /// Transmit power, dBm, −40 to 8; a radio that has not this step uses the next lower one.
    pub tx_power_dbm: i8,
    /// Seconds after which it tells anew what has not changed, 10 to 3600.
    pub heartbeat_s: u16,
    /// Seconds between samples, 1 to 3600.
    pub sampling_s: u16,
    /// Seconds between windows in which a hub may connect, 60 to 43 200; 0: none but at start and on the button.
    pub window_every_s: u16,
    /// The dead-bands that are not the product's.
    pub bands: Bands,
}

/// Up to eight dead-bands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bands {
    bands: [Band; MAX_BANDS],
    count: u8,
}

impl Bands {
    /// No dead-band: those of the product stand.
    pub const NONE: Self = Self { bands: [Band { code: 0, steps: 0 }; MAX_BANDS], count: 0 };

    /// These dead-bands; `None` when they are more than eight.
    pub fn new(bands: &[Band]) -> Option<Self> {
        let mut own = Self { count: u8::try_from(bands.len()).ok()?, ..Self::NONE };
        own.bands.get_mut(..bands.len())?.copy_from_slice(bands);
        Some(own)
    }

    /// The dead-bands.
    pub fn as_slice(&self) -> &[Band] {
        self.bands.get(..usize::from(self.count)).unwrap_or_default()
    }
}

/// One of the settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Setting {
    /// The version of all.
    Version = 0,
    /// Milliseconds between adverts.
    AdvertInterval = 1,
    /// Transmit power.
    TxPower = 2,
    /// Seconds until the heartbeat.
    Heartbeat = 3,
    /// Seconds between samples.
    Sampling = 4,
    /// Seconds between windows.
    Window = 5,
    /// How many dead-bands.
    Bands = 6,
    /// The width of a dead-band.
    Band = 7,
    /// The quantity of a dead-band: it is none of this sensor's, or stands there twice.
    BandQuantity = 8,
}

impl Setting {
    const ALL: [Self; 9] = [
        Self::Version,
        Self::AdvertInterval,
        Self::TxPower,
        Self::Heartbeat,
        Self::Sampling,
        Self::Window,
        Self::Bands,
        Self::Band,
        Self::BandQuantity,
    ];

    /// The setting of this number.
    pub fn of_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|setting| *setting as u8 == code)
    }

    const fn in_words(self) -> (&'static str, &'static str) {
        match self {
            Self::Version => ("version", ""),
            Self::AdvertInterval => ("advert interval", " ms"),
            Self::TxPower => ("transmit power", " dBm"),
            Self::Heartbeat => ("heartbeat", " s"),
            Self::Sampling => ("time between samples", " s"),
            Self::Window => ("time between windows", " s"),
            Self::Bands => ("number of dead-bands", ""),
            Self::Band => ("dead-band", " steps"),
            Self::BandQuantity => ("quantity of a dead-band", ""),
        }
    }
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.in_words().0)
    }
}

/// Why settings are not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SettingsError {
    /// The bytes end too early.
    Short(Short),
    /// A setting is out of its range.
    OutOfRange {
        /// Which.
        setting: Setting,
        /// What it is said to be.
        value: i64,
        /// The least that is possible.
        least: i64,
        /// The most.
        most: i64,
    },
    /// The quantity of a dead-band is none of this sensor's, or stands there twice.
    Quantity {
        /// Its code.
        code: u16,
    },
}

impl SettingsError {
    /// Which setting it is about; `None` where the bytes end too early.
    pub const fn setting(&self) -> Option<Setting> {
        match self {
            Self::Short(_) => None,
            Self::OutOfRange { setting, .. } => Some(*setting),
            Self::Quantity { .. } => Some(Setting::BandQuantity),
        }
    }
}

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Short(short) => write!(f, "settings end too early: {short}"),
            Self::OutOfRange { setting, value, least, most } => {
                let (name, unit) = setting.in_words();
                write!(f, "{name} of {value}{unit}, {least} to {most} are possible")
            }
            Self::Quantity { code } => {
                write!(
                    f,
                    "dead-band for quantity {code}, which the sensor does not measure or which stands there twice"
                )
            }
        }
    }
}

impl core::error::Error for SettingsError {}

impl From<Short> for SettingsError {
    fn from(short: Short) -> Self {
        Self::Short(short)
    }
}

impl Settings {
    /// The longest settings, bytes.
    pub const MAX_LENGTH: usize = 12 + 6 * MAX_BANDS;

    /// What a sensor does until it is told otherwise.
    pub const DEFAULT: Self = Self {
        revision: 0,
        advert_interval_ms: 5000,
        tx_power_dbm: 0,
        heartbeat_s: 300,
        sampling_s: 60,
        window_every_s: 600,
        bands: Bands::NONE,
    };

    /// The dead-band of a quantity, if it is not the product's.
    pub fn band(&self, code: u16) -> Option<u32> {
        self.bands.as_slice().iter().find(|band| band.code == code).map(|band| band.steps)
    }

    /// Are they in their ranges, and is every dead-band for one of these quantities, once?
    ///
    /// # Errors
    /// [`SettingsError`] about the first that is not.
    pub fn check(&self, mut is_measured: impl FnMut(u16) -> bool) -> Result<(), SettingsError> {
        self.check_ranges()?;
        self.bands.as_slice().iter().try_for_each(|band| match is_measured(band.code) {
            true => Ok(()),
            false => Err(SettingsError::Quantity { code: band.code }),
        })
    }

    fn check_ranges(&self) -> Result<(), SettingsError> {
        within(Setting::AdvertInterval, self.advert_interval_ms, ADVERT_INTERVAL_MS)?;
        within(Setting::TxPower, self.tx_power_dbm, TX_POWER_DBM)?;
        within(Setting::Heartbeat, self.heartbeat_s, HEARTBEAT_S)?;
        within(Setting::Sampling, self.sampling_s, SAMPLING_S)?;
        if self.window_every_s != 0 {
            within(Setting::Window, self.window_every_s, WINDOW_EVERY_S)?;
        }
        for (at, band) in self.bands.as_slice().iter().enumerate() {
            within(Setting::Band, band.steps, BAND)?;
            if self.bands.as_slice().iter().take(at).any(|earlier| earlier.code == band.code) {
                return Err(SettingsError::Quantity { code: band.code });
            }
        }
        Ok(())
    }

    /// Reads settings; bytes after the last are of a newer program and passed over.
    ///
    /// # Errors
    /// [`SettingsError`] about the first that is out of its range.
    pub fn parse(bytes: &[u8]) -> Result<Self, SettingsError> {
        let mut reader = Reader::new(bytes);
        within(Setting::Version, reader.u8()?, (VERSION.into(), VERSION.into()))?;
        let mut settings = Self {
            revision: reader.u8()?,
            advert_interval_ms: reader.u16()?,
            tx_power_dbm: reader.u8()?.cast_signed(),
            heartbeat_s: reader.u16()?,
            sampling_s: reader.u16()?,
            window_every_s: reader.u16()?,
            ..Self::DEFAULT
        };
        let bands = &mut settings.bands;
        bands.count = reader.u8()?;
        within(Setting::Bands, bands.count, BANDS)?;
        for band in bands.bands.iter_mut().take(bands.count.into()) {
            *band = Band { code: reader.u16()?, steps: reader.u32()? };
        }
        settings.check_ranges()?;
        Ok(settings)
    }

    /// Writes the settings and returns their length, at most [`Self::MAX_LENGTH`].
    ///
    /// # Errors
    /// [`NoRoom`] when the buffer is shorter.
    pub fn write(&self, buffer: &mut [u8]) -> Result<usize, NoRoom> {
        let mut writer = Writer::new(buffer);
        writer.put(&[VERSION, self.revision])?;
        writer.put(&self.advert_interval_ms.to_le_bytes())?;
        writer.put(&self.tx_power_dbm.to_le_bytes())?;
        writer.put(&self.heartbeat_s.to_le_bytes())?;
        writer.put(&self.sampling_s.to_le_bytes())?;
        writer.put(&self.window_every_s.to_le_bytes())?;
        writer.put(&[self.bands.count])?;
        for band in self.bands.as_slice() {
            writer.put(&band.code.to_le_bytes())?;
            writer.put(&band.steps.to_le_bytes())?;
        }
        Ok(writer.len())
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self::DEFAULT
    }
}

fn within(setting: Setting, value: impl Into<i64>, (least, most): (i64, i64)) -> Result<(), SettingsError> {
    let value = value.into();
    if (least..=most).contains(&value) {
        return Ok(());
    }
    Err(SettingsError::OutOfRange { setting, value, least, most })
}

#[cfg(test)]
pub(crate) mod tests;
