use std::{str::FromStr, sync::Arc};

use bluer::{Adapter, Session};
use hub_model::{Address, Clock, RawAdvert, ReceiverId};
use tokio::sync::mpsc;

use crate::{Listener, ParseAdapterNameError, RadioError};

/// Which adapter to listen with: the first one, one by name (`hci0`), or one by its address, which never changes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum AdapterName {
    /// The first that BlueZ has.
    #[default]
    First,
    /// By kernel name.
    Name(String),
    /// By its own address.
    Address(Address),
}

impl FromStr for AdapterName {
    type Err = ParseAdapterNameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Ok(address) = text.parse() {
            return Ok(Self::Address(address));
        }
        match text.strip_prefix("hci") {
            Some(number) if !number.is_empty() && number.len() < 4 && number.bytes().all(|b| b.is_ascii_digit()) => {
                Ok(Self::Name(text.to_owned()))
            }
            _ => Err(ParseAdapterNameError { text: text.chars().take(64).collect() }),
        }
    }
}

/// The connection to BlueZ.
pub struct Radio {
    session: Session,
}

impl Radio {
    /// Connects to bluetoothd over the system D-Bus.
    ///
    /// # Errors
    /// When there is no D-Bus, or no BlueZ on it.
    pub async fn connect() -> Result<Self, RadioError> {
        let session = Session::new().await.map_err(RadioError::NoBluez)?;
        session.adapter_names().await.map_err(RadioError::NoBluez)?;
        Ok(Self { session })
    }

    /// A listener on one adapter, switched on.
    ///
    /// # Errors
    /// When there is no such adapter, or it cannot be switched on.
    pub async fn listener(
        &self,
        name: &AdapterName,
        receiver: ReceiverId,
        clock: Arc<dyn Clock>,
        adverts: mpsc::Sender<RawAdvert>,
    ) -> Result<Listener, RadioError> {
        let adapter = self.find(name).await?;
        let named = |action| {
            let adapter = adapter.name().to_owned();
            move |source| RadioError::Adapter { adapter, action, source }
        };
        adapter.set_powered(true).await.map_err(named("switch on"))?;
        Ok(Listener::new(adapter, receiver, clock, adverts))
    }

    async fn find(&self, name: &AdapterName) -> Result<Adapter, RadioError> {
        let present = self.session.adapter_names().await.map_err(RadioError::NoBluez)?;
        let mut described = Vec::new();
        for each in &present {
            let adapter = self.session.adapter(each).map_err(RadioError::NoBluez)?;
            let address = adapter.address().await.map_err(RadioError::NoBluez)?;
            let is_it = match name {
                AdapterName::First => true,
                AdapterName::Name(wanted) => wanted == each,
                AdapterName::Address(wanted) => wanted.bytes() == address.0,
            };
            if is_it {
                return Ok(adapter);
            }
            described.push(format!("{each} ({address})"));
        }
        match name {
            AdapterName::First => Err(RadioError::NoAdapter),
            _ if described.is_empty() => Err(RadioError::NoAdapter),
            AdapterName::Name(wanted) => {
                Err(RadioError::AdapterNotFound { name: wanted.clone(), present: described.join(", ") })
            }
            AdapterName::Address(wanted) => {
                Err(RadioError::AdapterNotFound { name: wanted.to_string(), present: described.join(", ") })
            }
        }
    }
}
