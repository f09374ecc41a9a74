use std::sync::{Arc, Mutex, PoisonError};

use hub_bus::{Bus, BusError, Current, State};
use hub_history::History;
use hub_link::{HubIdentity, TalkError};
use hub_model::{BootId, Clock, CommandError, Epoch, EventLog, UnixMillis, chain};
use hub_registry::{Registry, RegistryError};
use thiserror::Error;
use tokio::sync::mpsc;

use super::Hub;
use crate::{
    Config,
    alerts::Alerts,
    desk::Desk,
    metrics::Metrics,
    receivers::Receivers,
    rollouts::Rollouts,
    sensors::{Luck, Sensors},
    steward::NOTICE_QUEUE,
};

/// The newest events that live readers find in memory; who is further behind reads the log.
const RING_EVENTS: usize = 4096;

/// What a hub takes from around it: made by the daemon for a machine, by the simulator for a house.
pub struct Surroundings {
    /// The id of the kernel's boot (`/proc/sys/kernel/random/boot_id`); the same id is the same boot.
    pub kernel_boot: [u8; 16],
    /// A number for the life of a new store; it should not have been used before.
    pub epoch_if_new: Epoch,
    /// Fills bytes with random ones: keys of sensors are made of them.
    pub luck: Luck,
    /// Makes the clock, once it is known which boot this is and when the hub last knew the time.
    pub clock: ClockMaker,
}

/// Makes a clock from the number of this boot and the wall time that the hub last knew.
pub type ClockMaker = Box<dyn FnOnce(BootId, Option<UnixMillis>) -> Arc<dyn Clock>>;

/// Why a hub cannot be opened.
#[derive(Debug, Error)]
pub enum OpenError {
    /// The folder of the store cannot be made or used.
    #[error("the store folder {path} cannot be used; create it, or give it to the user that the hub runs as", path = path.display())]
    Folder {
        /// Which.
        path: std::path::PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The registry cannot be opened, read or written.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// The history cannot be opened.
    #[error(transparent)]
    History(#[from] hub_history::OpenError),
    /// The bus cannot begin.
    #[error(transparent)]
    Bus(#[from] BusError),
    /// The keys that the hub shows to its sensors cannot be made.
    #[error("the hub's own keys cannot be made")]
    Identity(#[from] TalkError),
    /// What was stored before a crash and not told yet cannot be told.
    #[error("the changes of the last run cannot be told")]
    Pending(#[from] CommandError),
}

/// What kind of trouble an [`OpenError`] is, for exit codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoreTrouble {
    /// A later version wrote it.
    NewerVersion,
    /// It cannot be read any more.
    Damaged,
    /// Another process has it open.
    InUse,
    /// The folder cannot be made or used.
    Folder,
    /// There is no space left.
    DiskFull,
    /// Something else.
    Other,
}

impl OpenError {
    /// What kind of trouble it is.
    pub fn trouble(&self) -> StoreTrouble {
        use hub_history::OpenError as History;
        let reasons = chain(self);
        if reasons.contains("No space left on device") || reasons.contains("the disk is full") {
            return StoreTrouble::DiskFull;
        }
        match self {
            Self::Folder { .. }
            | Self::Registry(RegistryError::File { .. })
            | Self::History(History::NotAFolder { .. }) => StoreTrouble::Folder,
            Self::Registry(RegistryError::NewerFormat { .. }) | Self::History(History::NewerVersion { .. }) => {
                StoreTrouble::NewerVersion
            }
            Self::Registry(RegistryError::InUse) | Self::History(History::Locked { .. }) => StoreTrouble::InUse,
            Self::Registry(RegistryError::Damaged { .. }) | Self::History(History::Corrupt { .. }) => {
                StoreTrouble::Damaged
            }
            Self::History(History::DiskFull { .. }) => StoreTrouble::DiskFull,
            _ => StoreTrouble::Other,
        }
    }
}

impl Hub {
    /// Opens the stores and takes up where the last run ended.
    ///
    /// # Errors
    /// When a store is from a newer version, in use by another process, damaged, or cannot be written.
    pub fn open(config: Config, around: Surroundings) -> Result<Self, OpenError> {
        let folder = |source| OpenError::Folder { path: config.store.clone(), source };
        std::fs::create_dir_all(&config.store).map_err(folder)?;
        let mut registry = Registry::open(&config.store.join("registry.redb"))?;
        let boot = registry.boot(around.kernel_boot)?;
        let clock = (around.clock)(boot, registry.last_wall()?);
        let history = Arc::new(History::open(config.history.clone(), around.epoch_if_new)?);

        let mut state = State::default();
        state.take_household(registry.household());
        for (key, value, wall) in history.last_values() {
            // How the hub hears a device is no sensor of it.
            if state.household.devices.contains_key(&key.device) && !key.is_signal() {
                state.current.insert(key, Current { value, at: hub_model::Stamp::wall(wall.at), wall });
            }
        }
        let bus = Bus::new(Arc::clone(&history) as Arc<dyn EventLog>, state, RING_EVENTS)?;
        let dead_letters = Arc::new(registry.dead_letters()?);
        let registry = Arc::new(Mutex::new(registry));
        let sensors = Arc::new(sensors(&registry, &bus, &clock, around.luck)?);
        let rollouts = Arc::new(Rollouts::open(Arc::clone(&sensors), Arc::clone(&clock))?);
        let (notices, noticed) = mpsc::channel(NOTICE_QUEUE);
        let desk = Desk::new(Arc::clone(&registry), bus.clone(), Arc::clone(&history), Arc::clone(&clock));
        let pending = desk.tell_pending()?;
        if pending > 0 {
            tracing::info!(pending, "changes of the last run were told");
        }
        Ok(Self {
            started_ms: clock.now().stamp.ms,
            config,
            clock,
            bus,
            history,
            registry,
            dead_letters,
            metrics: Arc::new(Metrics::default()),
            alerts: Arc::new(Alerts::default()),
            receivers: Arc::new(Receivers::default()),
            desk,
            sensors,
            rollouts,
            notices,
            noticed: Mutex::new(Some(noticed)),
        })
    }
}

fn sensors(
    registry: &Arc<Mutex<Registry>>,
    bus: &Bus,
    clock: &Arc<dyn Clock>,
    mut luck: Luck,
) -> Result<Sensors, OpenError> {
    let identity = {
        let mut registry = registry.lock().unwrap_or_else(PoisonError::into_inner);
        match registry.identity()? {
            Some(kept) => HubIdentity::from_bytes(&kept),
            None => {
                let mut id = [0; 16];
                luck(&mut id);
                let identity = HubIdentity::generate(id)?;
                registry.put_identity(&identity.to_bytes())?;
                identity
            }
        }
    };
    Ok(Sensors::new(Arc::clone(registry), bus.clone(), Arc::clone(clock), identity, luck))
}
