//! Puts the stations in order: open, start, supervise, stop.
//!
//! The daemon and the simulator run the same assembly; what differs between a Raspberry Pi and a simulated house (the
//! air, the clock, luck) comes in as an argument ([`Surroundings`]). [`Hub::open`] opens the stores, [`Hub::run`] starts
//! the stations, [`Running::until`] stops them in the order of the flow. Tools that work on a store without a running
//! hub (replay of a capture, export of a series) drive the same [`Pipeline`] and [`Keeper`] by hand.
//!
//! ```
//! use std::path::Path;
//! use hub_assembly::Config;
//!
//! let config = Config::parse("[store]\npath = \"/var/lib/ingle\"\n", Path::new("hubd.toml"))?;
//! assert_eq!(config.server.listen().port(), 8080);
//! # Ok::<(), hub_assembly::ConfigError>(())
//! ```
//!
//! Does not know: BlueZ, the command line, systemd, the machine's clock.

mod alerts;
mod attendance;
mod capture;
mod config;
mod desk;
mod hub;
mod keeper;
mod metrics;
mod no_links;
mod pipeline;
mod receivers;
mod replay;
mod rollouts;
mod sensors;
mod steward;
mod supervise;
mod timekeeper;

pub use api_server::{BindError, Bound};
pub use capture::{Capture, CaptureError, Captured};
pub use config::{ClockTrust, Config, ConfigError, LogLevel};
pub use desk::Desk;
pub use hub::{
    ADVERT_QUEUE, ClockMaker, Doctor, Hub, OpenError, Progress, Running, StopError, StoreTrouble, Surroundings,
};
pub use hub_link::SERVICE;
pub use hub_model::chain;
pub use keeper::Keeper;
pub use metrics::Metrics;
pub use no_links::NoLinks;
pub use pipeline::{Fate, Pipeline};
pub use receivers::Receivers;
pub use replay::{Replay, ReplayClock, ReplayError, Summary};
pub use sensors::{Luck, Sensors};
pub use steward::Steward;
