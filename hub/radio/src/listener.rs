use std::{
    collections::{HashMap, VecDeque},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use bluer::{Adapter, AdapterEvent, DeviceEvent, DeviceProperty, DiscoveryFilter, DiscoveryTransport};
use futures_util::{
    Stream, StreamExt,
    stream::{AbortHandle, Abortable, SelectAll},
};
use hub_model::{Address, Clock, RawAdvert, ReceiverId};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::{RadioError, payload};

/// Devices whose changes are followed at once; the one followed longest gives way to a new one.
const MAX_FOLLOWED: usize = 1024;

/// What one listener has counted since it began.
#[derive(Debug, Default)]
pub struct Tally {
    heard: AtomicU64,
    dropped: AtomicU64,
}

impl Tally {
    /// Adverts handed on.
    pub fn heard(&self) -> u64 {
        self.heard.load(Ordering::Relaxed)
    }

    /// Adverts dropped because the queue was full.
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }
}

/// One adapter that listens.
pub struct Listener {
    adapter: Adapter,
    receiver: ReceiverId,
    clock: Arc<dyn Clock>,
    adverts: mpsc::Sender<RawAdvert>,
    tally: Arc<Tally>,
}

type Change = (bluer::Address, DeviceEvent);
type Changes = SelectAll<Pin<Box<dyn Stream<Item = Change> + Send>>>;

/// The devices that are followed, oldest first.
#[derive(Default)]
struct Followed {
    changes: Changes,
    stops: HashMap<bluer::Address, AbortHandle>,
    order: VecDeque<bluer::Address>,
}

impl Listener {
    pub(crate) fn new(
        adapter: Adapter,
        receiver: ReceiverId,
        clock: Arc<dyn Clock>,
        adverts: mpsc::Sender<RawAdvert>,
    ) -> Self {
        Self { adapter, receiver, clock, adverts, tally: Arc::default() }
    }

    /// The kernel name of the adapter, such as `hci0`.
    pub fn name(&self) -> &str {
        self.adapter.name()
    }

    /// What it has counted.
    pub fn tally(&self) -> Arc<Tally> {
        Arc::clone(&self.tally)
    }

    /// Listens until it is stopped.
    ///
    /// # Errors
    /// When the adapter refuses to listen, or stops on its own.
    pub async fn listen(&self, stop: CancellationToken) -> Result<(), RadioError> {
        let filter =
            DiscoveryFilter { transport: DiscoveryTransport::Le, duplicate_data: true, ..DiscoveryFilter::default() };
        self.adapter.set_discovery_filter(filter).await.map_err(|source| self.failed("set its filter", source))?;
        let discovered =
            self.adapter.discover_devices().await.map_err(|source| self.failed("start listening", source))?;
        let mut discovered = std::pin::pin!(discovered);
        let mut followed = Followed::default();
        loop {
            tokio::select! {
                () = stop.cancelled() => return Ok(()),
                event = discovered.next() => match event {
                    Some(AdapterEvent::DeviceAdded(address)) => self.greet(address, &mut followed).await,
                    Some(AdapterEvent::DeviceRemoved(address)) => followed.forget(address),
                    Some(AdapterEvent::PropertyChanged(_)) => {}
                    None => return Err(RadioError::Ended { adapter: self.name().to_owned() }),
                },
                Some((address, DeviceEvent::PropertyChanged(property))) = followed.changes.next() => {
                    self.changed(address, property).await;
                }
            }
        }
    }

    /// Follows a new device, and takes what it sent in the advert that made it known.
    async fn greet(&self, address: bluer::Address, followed: &mut Followed) {
        let Ok(device) = self.adapter.device(address) else { return };
        match device.events().await {
            Ok(changes) => followed.follow(address, Box::pin(changes.map(move |change| (address, change)))),
            Err(error) => tracing::debug!(%address, %error, "cannot follow a device"),
        }
        let service_data = device.service_data().await.ok().flatten().unwrap_or_default();
        let manufacturer_data = device.manufacturer_data().await.ok().flatten().unwrap_or_default();
        let mut advert = self.advert(address).await;
        advert.service_data = payload::service_data(service_data);
        advert.manufacturer_data = payload::manufacturer_data(manufacturer_data);
        self.hand_on(advert);
    }

    async fn changed(&self, address: bluer::Address, property: DeviceProperty) {
        let (service_data, manufacturer_data) = match property {
            DeviceProperty::ServiceData(data) => (payload::service_data(data), Vec::new()),
            DeviceProperty::ManufacturerData(data) => (Vec::new(), payload::manufacturer_data(data)),
            _ => return,
        };
        let mut advert = self.advert(address).await;
        advert.service_data = service_data;
        advert.manufacturer_data = manufacturer_data;
        self.hand_on(advert);
    }

    async fn advert(&self, address: bluer::Address) -> RawAdvert {
        let now = self.clock.now();
        let device = self.adapter.device(address).ok();
        let (rssi, name) = match device {
            Some(device) => (device.rssi().await.ok().flatten(), device.name().await.ok().flatten()),
            None => (None, None),
        };
        RawAdvert {
            address: Address::new(address.0),
            receiver: self.receiver,
            rssi: rssi.and_then(|rssi| i8::try_from(rssi).ok()),
            at: now.stamp,
            received_us: now.us,
            name,
            service_data: Vec::new(),
            manufacturer_data: Vec::new(),
        }
    }

    fn hand_on(&self, advert: RawAdvert) {
        if advert.service_data.is_empty() && advert.manufacturer_data.is_empty() {
            return;
        }
        let counted = match self.adverts.try_send(advert) {
            Ok(()) => &self.tally.heard,
            Err(_) => &self.tally.dropped,
        };
        counted.fetch_add(1, Ordering::Relaxed);
    }

    fn failed(&self, action: &'static str, source: bluer::Error) -> RadioError {
        RadioError::Adapter { adapter: self.name().to_owned(), action, source }
    }
}

impl Followed {
    fn follow(&mut self, address: bluer::Address, changes: Pin<Box<dyn Stream<Item = Change> + Send>>) {
        self.forget(address);
        if self.order.len() >= MAX_FOLLOWED
            && let Some(oldest) = self.order.front().copied()
        {
            self.forget(oldest);
        }
        let (stop, registration) = AbortHandle::new_pair();
        self.changes.push(Box::pin(Abortable::new(changes, registration)));
        self.stops.insert(address, stop);
        self.order.push_back(address);
    }

    fn forget(&mut self, address: bluer::Address) {
        if let Some(stop) = self.stops.remove(&address) {
            stop.abort();
            self.order.retain(|other| *other != address);
        }
    }
}
