use thiserror::Error;

use crate::AdapterName;

/// Why an adapter does not listen.
#[derive(Debug, Error)]
pub enum RadioError {
    /// No system D-Bus, or nobody answers on it for BlueZ.
    #[error(
        "bluetoothd does not answer on D-Bus; is the bluez package installed and running (`systemctl start bluetooth`)?"
    )]
    NoBluez(#[source] bluer::Error),
    /// bluetoothd is there and does not answer.
    #[error(
        "bluetoothd did not answer within {} s; it hangs, and `systemctl restart bluetooth` may help",
        .patience.as_secs()
    )]
    Hanging {
        /// How long it was waited for.
        patience: std::time::Duration,
    },
    /// The kernel does not say what is there.
    #[error("the kernel does not say which Bluetooth adapters there are")]
    Kernel(#[source] std::io::Error),
    /// There is no adapter.
    #[error("there is no Bluetooth adapter; plug one in or enable it, and see `bluetoothctl list` (present: none)")]
    NoAdapter,
    /// There are adapters, but not this one.
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
    /// Nothing was heard for longer than chance allows.
    #[error("adapter {adapter} hears nothing")]
    Silent {
        /// Which.
        adapter: String,
    },
}

impl RadioError {
    /// The adapter is not among those that are there.
    pub(crate) fn not_found(name: &AdapterName, present: &[String]) -> Self {
        match present.is_empty() {
            true => Self::NoAdapter,
            false => Self::AdapterNotFound { name: name.to_string(), present: present.join(", ") },
        }
    }
}
