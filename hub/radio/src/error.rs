use thiserror::Error;

/// Why the radio cannot listen.
#[derive(Debug, Error)]
pub enum RadioError {
    /// No system D-Bus, or nobody answers on it for BlueZ.
    #[error(
        "bluetoothd does not answer on D-Bus; is the bluez package installed and running (`systemctl start bluetooth`)?"
    )]
    NoBluez(#[source] bluer::Error),
    /// BlueZ is there, but no adapter.
    #[error("there is no Bluetooth adapter; plug one in or enable it, and see `bluetoothctl list` (present: none)")]
    NoAdapter,
    /// BlueZ is there, but not this adapter.
    #[error("there is no Bluetooth adapter {name}; present: {present}")]
    AdapterNotFound {
        /// Which was asked for.
        name: String,
        /// Which there are.
        present: String,
    },
    /// The adapter refused something.
    #[error("adapter {adapter} failed to {action}")]
    Adapter {
        /// Which.
        adapter: String,
        /// What it was to do.
        action: &'static str,
        /// Why not.
        #[source]
        source: bluer::Error,
    },
    /// Discovery ended without being asked to: the adapter is gone, or bluetoothd stopped.
    #[error("adapter {adapter} stopped listening; it was unplugged, or bluetoothd stopped")]
    Ended {
        /// Which.
        adapter: String,
    },
}

/// A text that names no adapter.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{text:?} is not an adapter; expected a name such as \"hci0\" or an address such as \"B8:27:EB:00:11:22\"")]
pub struct ParseAdapterNameError {
    /// What was given.
    pub text: String,
}
