//! The words of the hub: what the stations say to each other, and the ports that they offer.
//!
//! Every station (radio, decode, normalise, bus, history, registry, the API) speaks in these types, so
//! that none of them needs to know another. Values are integers in the quantity's fixed resolution;
//! a time carries the boot it was taken in; a name that the owner gave is a parsed value, not a string.
//!
//! ```
//! use hub_model::{Address, DeviceId, Quantity, SeriesKey};
//!
//! let address: Address = "A4:C1:38:00:11:22".parse()?;
//! let key = SeriesKey::new(DeviceId::from(address), Quantity::Temperature, 0);
//! assert_eq!(key.device.to_string(), "a4c138001122");
//! # Ok::<(), hub_model::ParseAddressError>(())
//! ```
//!
//! Does not know: how anything is stored, sent, decoded or scheduled; no clock, no async runtime, no I/O
//! but the machine's table of time zones.

mod address;
mod advert;
mod advertising_data;
mod bulk;
mod chain;
mod command;
mod dead_letter;
mod decoded;
mod device;
mod estimates;
mod event;
mod health;
mod history;
mod household;
mod link;
mod name;
mod pairing;
mod reading;
mod reception;
mod rollout;
mod sensor;
mod setting;
mod statistics;
mod time;
mod zone;

pub use address::{Address, ParseAddressError};
pub use advert::{RawAdvert, ReceiverId};
pub use advertising_data::AdvertisingData;
pub use bulk::{FigureSpan, Figures, Reading};
pub use chain::chain;
pub use command::{Command, CommandError, CommandFuture, CommandPort, Outcome, Request, RequestId, RequestIdError};
pub use dead_letter::{DeadLetter, DeadLetterReader, Refusal};
pub use decoded::{Action, Decoded, Fact, Format, Press, Turn};
pub use device::{BindKey, Calibration, Device, DeviceId, ParseDeviceIdError, ReplayRule, Retention, RetentionError};
pub use estimates::{EstimatedSpan, Estimates};
pub use event::{AlertKind, Cursor, Epoch, Event, EventBody, ParseCursorError, Seq, Trace};
pub use health::{Alert, Health, HealthReader, ReceiverHealth, Severity, StoreStats};
pub use history::{
    EventLog, Expiring, Gap, HistoryError, HistoryQuery, HistoryReader, LogPage, RawPoint, Resolution, SeriesData,
};
pub use household::{Household, Room, RoomId};
pub use link::{Link, LinkError, Links, Peer};
pub use name::{Name, NameError};
pub use pairing::{Pairing, PairingFailure, PairingId, PairingStep};
pub use reading::{Origin, SampleHint, SeriesKey, Value};
pub use reception::{FAIR_DBM, FAIR_PERCENT, Hearing, Reception, WEAK_DBM, WEAK_PERCENT};
pub use rollout::{
    Halt, ParseReleaseIdError, ReleaseId, Rollout, RolloutCounts, RolloutHold, RolloutPort, RolloutSensor,
    RolloutState, RolloutStep, SteerError, Steering,
};
pub use sensor::{
    Anchor, Claim, DeadBand, FirmwareVersion, Had, LogPlace, LogStanding, SensorError, SensorKey, SensorPort,
    SensorReport, SensorSettings, SensorStanding, Wishes,
};
pub use setting::SettingError;
pub use statistics::{
    AlignedColumn, AlignedData, AlignedQuery, Bucket, Course, Depth, Increase, Interpolation, Percent, PercentError,
    Picked, SeriesStatistics, Statistics, StatisticsQuery, StatisticsReader,
};
pub use time::{BootId, Clock, Now, Stamp, TimeQuality, UnixMillis, WallTime};
pub use units::{Kind, Quantity};
pub use zone::{ParseZoneError, Zone};
