use std::fmt;

use jiff::tz::TimeZone;
use thiserror::Error;

/// Longer than any name in the IANA database (32 characters) by a wide margin.
const LONGEST_NAME: usize = 64;

/// A time zone by its IANA name: what makes days of moments, as the people in a house count them.
///
/// Its rules are the machine's (`/usr/share/zoneinfo`), or those built in where the machine has none.
///
/// ```
/// # use hub_model::Zone;
/// let berlin: Zone = "Europe/Berlin".parse()?;
/// assert_eq!(berlin.name(), "Europe/Berlin");
/// assert!("Europe/Atlantis".parse::<Zone>().is_err());
/// # Ok::<(), hub_model::ParseZoneError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Zone(TimeZone);

/// A name that no time zone has.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{name:?} is no time zone; expected an IANA name such as \"Europe/Berlin\" or \"UTC\"")]
pub struct ParseZoneError {
    /// The name, cut off after 64 characters.
    pub name: String,
}

impl Zone {
    /// The zone without summer and winter.
    pub const UTC: Self = Self(TimeZone::UTC);

    /// The zone that the machine is set to; UTC where it tells none that has a name.
    pub fn of_machine() -> Self {
        let zone = TimeZone::try_system().ok().filter(|zone| zone.iana_name().is_some());
        zone.map_or(Self::UTC, Self)
    }

    /// The IANA name.
    pub fn name(&self) -> &str {
        self.0.iana_name().unwrap_or("UTC")
    }

    /// The rules: which offset from UTC holds when.
    pub const fn rules(&self) -> &TimeZone {
        &self.0
    }
}

impl std::str::FromStr for Zone {
    type Err = ParseZoneError;

    fn from_str(name: &str) -> Result<Self, ParseZoneError> {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '_' | '-' | '+');
        let is_name = name.len() <= LONGEST_NAME && name.chars().all(is_plain);
        let found = if is_name { TimeZone::get(name).ok() } else { None };
        let named = found.filter(|zone| zone.iana_name().is_some());
        named.map(Self).ok_or_else(|| ParseZoneError { name: name.chars().take(LONGEST_NAME).collect() })
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_is_known_by_its_name() {
        for name in ["UTC", "Europe/Berlin", "Asia/Kathmandu", "America/St_Johns", "Etc/GMT+5"] {
            assert_eq!(name.parse::<Zone>().unwrap().to_string(), name);
        }
        assert_eq!("UTC".parse(), Ok(Zone::UTC));
        assert!(!Zone::of_machine().name().is_empty());
    }

    #[test]
    fn what_is_no_name_is_refused_with_what_would_be_right() {
        let long = "x".repeat(1000);
        for name in ["", "CEST+1", "../../etc/passwd", "Europe/Berlin\0", "Mars", "/etc/localtime", "+02:00", &long] {
            let error = name.parse::<Zone>().unwrap_err();
            assert!(error.name.len() <= 64 && name.starts_with(&error.name));
        }
        let sentence = "\"Mars\" is no time zone; expected an IANA name such as \"Europe/Berlin\" or \"UTC\"";
        assert_eq!("Mars".parse::<Zone>().unwrap_err().to_string(), sentence);
    }
}
