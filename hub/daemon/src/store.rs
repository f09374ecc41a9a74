//! The hub's store: opening it for a machine (its boot, its clock, a number for a new store), and the tools for one that
//! nobody has open.

mod check;
mod compact;
mod export;
#[cfg(feature = "home-assistant")]
mod home_assistant;
mod import;
mod intake;
mod stats;
mod task;

use std::sync::Arc;

use hub_assembly::{Config, Hub, Luck, ReplayClock, Surroundings};
use hub_model::{Clock, Epoch};

use crate::{clock::MachineClock, exit::Failure};
pub(crate) use task::StoreTask;

const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";
const RANDOM_ID: &str = "/proc/sys/kernel/random/uuid";

/// Opens the hub on the machine's clock.
pub(crate) fn open_live(config: Config) -> Result<Hub, Failure> {
    let trust = config.clock_trust;
    let around = Surroundings {
        kernel_boot: kernel_id(BOOT_ID)?,
        epoch_if_new: epoch()?,
        luck: luck()?,
        clock: Box::new(move |boot, last_wall| Arc::new(MachineClock::new(boot, last_wall, trust))),
    };
    Ok(Hub::open(config, around)?)
}

/// Opens the hub of a store that is there already, for a tool.
fn open_existing(config: Config) -> Result<Hub, Failure> {
    exists(&config)?;
    open_replay(config, &Arc::new(ReplayClock::default()))
}

/// Is there a store? A tool that looks at one does not make one.
fn exists(config: &Config) -> Result<(), Failure> {
    match config.history.path().join("history.redb").exists() {
        true => Ok(()),
        false => Err(Failure::NoStore { path: config.store.clone() }),
    }
}

/// Opens the hub on the clock of a capture.
pub(crate) fn open_replay(config: Config, clock: &Arc<ReplayClock>) -> Result<Hub, Failure> {
    let shown = Arc::clone(clock) as Arc<dyn Clock>;
    let around = Surroundings {
        kernel_boot: kernel_id(BOOT_ID)?,
        epoch_if_new: epoch()?,
        luck: luck()?,
        clock: Box::new(move |_, _| shown),
    };
    Ok(Hub::open(config, around)?)
}

/// Random bytes, for keys.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], Failure> {
    let mut bytes = [0; N];
    let failed = |error: getrandom::Error| Failure::Machine { what: "give random numbers", source: error.into() };
    getrandom::fill(&mut bytes).map_err(failed)?;
    Ok(bytes)
}

/// The machine's own luck, which fails before it is needed if it fails at all.
fn luck() -> Result<Luck, Failure> {
    random::<32>()?;
    Ok(Box::new(|bytes| while getrandom::fill(bytes).is_err() {}))
}

fn epoch() -> Result<Epoch, Failure> {
    let bytes = kernel_id(RANDOM_ID)?;
    Ok(Epoch(bytes.into_iter().take(6).fold(0, |epoch, byte| (epoch << 8) | u64::from(byte))))
}

/// The bytes of a UUID that the kernel gives out.
fn kernel_id(file: &str) -> Result<[u8; 16], Failure> {
    let refused = |source| Failure::Machine { what: "tell its boot id (is /proc mounted?)", source };
    let text = std::fs::read_to_string(file).map_err(refused)?;
    let mut id = [0; 16];
    let mut digits = text.chars().filter_map(|c| c.to_digit(16));
    for byte in &mut id {
        let pair = digits.next().zip(digits.next());
        *byte = pair.and_then(|(high, low)| u8::try_from(high * 16 + low).ok()).ok_or_else(|| {
            refused(std::io::Error::new(std::io::ErrorKind::InvalidData, format!("{file} holds {text:?}")))
        })?;
    }
    Ok(id)
}
