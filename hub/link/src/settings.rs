use hub_model::{DeadBand, Quantity, SensorError, SensorSettings};
use wire::settings::{Band, Bands, Settings, SettingsError};

/// Checks that a sensor could take these settings; whether it has the quantities of the dead-bands only itself knows.
///
/// # Errors
/// [`SensorError::Setting`] says which setting, and what would be right.
pub fn check(settings: &SensorSettings) -> Result<(), SensorError> {
    to_wire(settings).map(|_| ())
}

/// What a sensor is to do that was just paired, until its owner says otherwise: what it does by itself.
pub fn first_settings() -> SensorSettings {
    SensorSettings { revision: 1, ..of_wire(&Settings::DEFAULT) }
}

pub(crate) fn to_wire(settings: &SensorSettings) -> Result<Settings, SensorError> {
    let bands: Vec<Band> =
        settings.bands.iter().map(|band| Band { code: band.quantity.code(), steps: band.steps }).collect();
    let refuse = |error: SettingsError| SensorError::Setting { problem: error.to_string() };
    let most = || SensorError::Setting { problem: format!("{} dead-bands, at most 8 are possible", bands.len()) };
    let wire = Settings {
        revision: settings.revision,
        advert_interval_ms: settings.advert_interval_ms,
        tx_power_dbm: settings.tx_power_dbm,
        heartbeat_s: settings.heartbeat_s,
        sampling_s: settings.sampling_s,
        window_every_s: settings.window_every_s,
        bands: Bands::new(&bands).ok_or_else(most)?,
    };
    wire.check(|_| true).map_err(refuse)?;
    Ok(wire)
}

pub(crate) fn of_wire(settings: &Settings) -> SensorSettings {
    let band = |band: &Band| Some(DeadBand { quantity: Quantity::from_code(band.code)?, steps: band.steps });
    SensorSettings {
        revision: settings.revision,
        advert_interval_ms: settings.advert_interval_ms,
        tx_power_dbm: settings.tx_power_dbm,
        heartbeat_s: settings.heartbeat_s,
        sampling_s: settings.sampling_s,
        window_every_s: settings.window_every_s,
        bands: settings.bands.as_slice().iter().filter_map(band).collect(),
    }
}
