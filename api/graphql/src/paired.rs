//! What is known of one of our own sensors beside what every device has.

use async_graphql::{InputObject, SimpleObject};
use hub_model::SensorStanding;

use crate::{
    quantity::Quantity,
    scalar::{DateTime, Long},
    words::TimeQuality,
};

/// One of our own sensors, paired with this hub.
#[derive(SimpleObject)]
pub(crate) struct PairedSensor {
    /// The number in its label, 16 hex digits.
    uid: String,
    /// What kind of sensor it is, by the number in the list of products.
    product: i32,
    /// The revision of its board.
    hardware: i32,
    /// The version of its program: `1.2.3.4`.
    firmware: String,
    /// Which key in turn it has, from 1.
    key_epoch: Long,
    /// Is it to get another key when it can be reached?
    is_key_changing: bool,
    /// Is it to be released when it can be reached?
    is_leaving: bool,
    /// What it is to do.
    desired_settings: SensorSettings,
    /// What it said that it does, when it was last asked; null when it was not since the hub started.
    reported_settings: Option<SensorSettings>,
    /// How it was when it was last asked; null when it was not since the hub started.
    report: Option<SensorReport>,
    /// How far its own log is here.
    log: SensorLog,
    /// What went wrong when the hub last spoke with it; null when nothing did.
    trouble: Option<String>,
}

/// What one of our own sensors does.
#[derive(SimpleObject)]
pub(crate) struct SensorSettings {
    /// Milliseconds between adverts.
    advert_interval_ms: i32,
    /// Transmit power in dBm.
    tx_power_dbm: i32,
    /// Seconds after which it tells anew what has not changed.
    heartbeat_s: i32,
    /// Seconds between samples.
    sampling_s: i32,
    /// Seconds between windows in which the hub may connect; 0: none but at start and on the button.
    window_every_s: i32,
    /// How far values may move before they are told anew, where that is not as the product has it.
    dead_bands: Vec<DeadBand>,
    /// Which settings these are, by the hub's counting.
    revision: i32,
}

/// How far a value may move before it is told anew.
#[derive(SimpleObject)]
pub(crate) struct DeadBand {
    /// Of which quantity.
    quantity: Quantity,
    /// A value so far away from the last told, or farther, is told, in the quantity's unit.
    width: f64,
    /// The unit.
    unit: &'static str,
}

/// How far a value of a quantity may move before it is told anew.
#[derive(InputObject)]
pub(crate) struct DeadBandInput {
    /// Of which quantity.
    pub(crate) quantity: Quantity,
    /// A value so far away from the last told, or farther, is told, in the quantity's unit: at least its resolution.
    pub(crate) width: f64,
}

/// How a sensor was when it was last asked.
#[derive(SimpleObject)]
pub(crate) struct SensorReport {
    /// When that was.
    at: DateTime,
    /// How often it has started.
    boot: Long,
    /// Seconds since it started.
    uptime_s: Long,
    /// Why it started: `power`, `reset pin`, `watchdog`, `panic`, `update` …
    reset_reason: String,
    /// How often in its life it stopped itself.
    panics: i32,
    /// How often in its life the watchdog had to.
    watchdog_resets: i32,
    /// Its battery under load, mV.
    battery_mv: i32,
}

/// How far the log of a sensor is here: what was not heard is fetched from it.
#[derive(SimpleObject)]
pub(crate) struct SensorLog {
    /// Samples fetched since the hub started.
    fetched: Long,
    /// Samples that the log no longer had when they were asked for, since the hub started.
    lost: Long,
    /// Up to when every sample is here that the log had; null when it was not fetched since the hub started.
    complete_until: Option<DateTime>,
    /// How far the times of what was fetched last can be trusted.
    time_quality: Option<TimeQuality>,
}

impl From<SensorStanding> for PairedSensor {
    fn from(standing: SensorStanding) -> Self {
        let SensorStanding { claim, report, log, trouble } = standing;
        Self {
            uid: format!("{:016x}", claim.uid),
            product: claim.product.into(),
            hardware: claim.hardware.into(),
            firmware: claim.firmware.to_string(),
            key_epoch: u64::from(claim.key_epoch).into(),
            is_key_changing: claim.next_key.is_some(),
            is_leaving: claim.is_leaving,
            desired_settings: (&claim.desired).into(),
            reported_settings: report.as_ref().and_then(|report| report.settings.as_ref()).map(Into::into),
            report: report.map(Into::into),
            log: SensorLog {
                fetched: log.fetched.into(),
                lost: log.lost.into(),
                complete_until: log.complete_until.map(DateTime),
                time_quality: log.quality.map(Into::into),
            },
            trouble,
        }
    }
}

impl From<&hub_model::SensorSettings> for SensorSettings {
    fn from(settings: &hub_model::SensorSettings) -> Self {
        let band = |band: &hub_model::DeadBand| DeadBand {
            quantity: Quantity(band.quantity),
            width: band.quantity.to_f64(band.steps.into()),
            unit: band.quantity.unit(),
        };
        Self {
            advert_interval_ms: settings.advert_interval_ms.into(),
            tx_power_dbm: settings.tx_power_dbm.into(),
            heartbeat_s: settings.heartbeat_s.into(),
            sampling_s: settings.sampling_s.into(),
            window_every_s: settings.window_every_s.into(),
            dead_bands: settings.bands.iter().map(band).collect(),
            revision: settings.revision.into(),
        }
    }
}

impl From<hub_model::SensorReport> for SensorReport {
    fn from(report: hub_model::SensorReport) -> Self {
        Self {
            at: DateTime(report.at),
            boot: u64::from(report.boot).into(),
            uptime_s: u64::from(report.uptime_s).into(),
            reset_reason: report.reset,
            panics: report.panics.into(),
            watchdog_resets: report.watchdogs.into(),
            battery_mv: report.battery_mv.into(),
        }
    }
}
