//! The room sensor, with one thing changed at a time: what a decision costs or saves.

use wire::settings::Settings;

use crate::{
    bill::Bill,
    budget::SEED,
    profile::{Profile, ROOM},
    radio::Radio,
    table::{chips::Chip, stacks},
    week::{self, WeekError},
};

/// A change.
#[derive(Debug, Clone, Copy)]
pub struct Variant {
    /// What is changed.
    pub what: &'static str,
    /// What comes of it.
    pub profile: Profile,
}

const fn variant(what: &'static str, profile: Profile) -> Variant {
    Variant { what, profile }
}

const fn set(settings: Settings) -> Profile {
    Profile { settings, ..ROOM }
}

/// Changes, the first of which is none.
pub const ALL: [Variant; 10] = [
    variant("as it is", ROOM),
    variant("all RAM stays on", Profile { ram_kib: 256, ..ROOM }),
    variant("32 KiB of RAM stay on", Profile { ram_kib: 32, ..ROOM }),
    variant("an advert each second", set(Settings { advert_interval_ms: 1000, ..ROOM.settings })),
    variant("an advert each 10 s", set(Settings { advert_interval_ms: 10_000, ..ROOM.settings })),
    variant("+4 dBm", set(Settings { tx_power_dbm: 4, ..ROOM.settings })),
    variant("+8 dBm, where the radio can", set(Settings { tx_power_dbm: 8, ..ROOM.settings })),
    variant("a window each 30 min", set(Settings { window_every_s: 1800, ..ROOM.settings })),
    variant("no windows but on the button", set(Settings { window_every_s: 0, ..ROOM.settings })),
    variant("a sample each 5 min", set(Settings { sampling_s: 300, ..ROOM.settings })),
];

impl Variant {
    /// What it takes on this chip.
    ///
    /// # Errors
    /// [`WeekError`] when the week could not be lived.
    pub fn bill(&self, chip: &Chip) -> Result<Bill, WeekError> {
        let counts = match chip.word_bytes {
            16 => week::live::<16>(&self.profile, SEED),
            _ => week::live::<4>(&self.profile, SEED),
        }?;
        let radio = Radio { chip, stack: &stacks::NORDIC, dbm: self.profile.settings.tx_power_dbm };
        Ok(Bill::new(&counts, &self.profile, radio))
    }
}
