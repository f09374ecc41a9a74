//! Listening by bluetoothd: LE discovery, with every advert reported. The way for a hub without CAP_NET_ADMIN; it costs
//! more, and bluetoothd joins adverts that come within the same few milliseconds.

use std::{
    collections::{HashMap, VecDeque},
    convert::Infallible,
    pin::{Pin, pin},
    time::Duration,
};

use bluer::{
    Adapter, AdapterEvent, DeviceEvent, DeviceProperty, DiscoveryFilter, DiscoveryTransport, Uuid,
    monitor::{Monitor, MonitorHandle, MonitorManager, Pattern, Type},
};
use futures_util::{
    Stream, StreamExt,
    stream::{AbortHandle, Abortable, SelectAll},
};
use hub_model::{Address, AdvertisingData};

use crate::{
    Gap, Sighting, Watch,
    bluez::{BlueZ, in_time},
    error::RadioError,
    outlet::Outlet,
    payload,
};

/// Devices whose changes are followed at once; the one followed longest gives way to a new one.
const MAX_FOLLOWED: usize = 1024;
/// First bytes of the adverts that a monitor asks for: flags as sensors send them, and BTHome's.
const WANTED: [(u8, u8); 8] =
    [(0x01, 0x06), (0x01, 0x02), (0x01, 0x04), (0x01, 0x1A), (0x16, 0x40), (0x16, 0x41), (0x16, 0x44), (0x16, 0x45)];

/// One adapter that listens by discovery.
pub(crate) struct Discovery {
    bluez: BlueZ,
    adapter: Adapter,
    outlet: Outlet,
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

impl Discovery {
    pub(crate) const fn new(bluez: BlueZ, adapter: Adapter, outlet: Outlet) -> Self {
        Self { bluez, adapter, outlet }
    }

    /// The kernel name of the adapter.
    pub(crate) fn name(&self) -> &str {
        self.adapter.name()
    }

    /// Listens as long as it can; `begun` is told when it listens, and of the gap that an advert ends.
    ///
    /// # Errors
    /// When the adapter refuses to listen, stops on its own, or hears nothing for too long.
    pub(crate) async fn listen(
        &self,
        watch: &mut Watch,
        mut begun: impl FnMut(Option<Gap>) + Send,
    ) -> Result<Infallible, RadioError> {
        let begin = async {
            self.adapter.set_powered(true).await.map_err(|source| self.failed("switch on", source))?;
            let filter = DiscoveryFilter {
                transport: DiscoveryTransport::Le,
                duplicate_data: true,
                ..DiscoveryFilter::default()
            };
            let filtered = self.adapter.set_discovery_filter(filter).await;
            filtered.map_err(|source| self.failed("set its filter", source))?;
            let (monitor, gone) = (self.monitor().await, self.bluez.gone(self.adapter.name()).await?);
            let discovered = self.adapter.discover_devices().await;
            let discovered = discovered.map_err(|source| self.failed("start listening", source))?;
            Ok((monitor, gone, discovered))
        };
        let (_monitor, gone, discovered) = in_time(begin).await?;
        let mut gone = pin!(gone);
        let (mut discovered, mut followed) = (pin!(discovered), Followed::default());
        begun(None);
        let mut due_ms = self.outlet.in_ms(watch.patience());
        loop {
            let wait = Duration::from_millis(due_ms.saturating_sub(self.outlet.now_ms()));
            tokio::select! {
                () = &mut gone => return Err(RadioError::Ended { adapter: self.adapter.name().to_owned() }),
                event = discovered.next() => match event {
                    Some(AdapterEvent::DeviceAdded(address)) => self.greet(address, &mut followed).await,
                    Some(AdapterEvent::DeviceRemoved(address)) => {
                        followed.forget(address);
                        continue;
                    }
                    Some(AdapterEvent::PropertyChanged(_)) => continue,
                    None => return Err(RadioError::Ended { adapter: self.adapter.name().to_owned() }),
                },
                Some((address, DeviceEvent::PropertyChanged(property))) = followed.changes.next() => {
                    self.changed(address, property).await;
                }
                () = tokio::time::sleep(wait) => {
                    return Err(RadioError::Silent { adapter: self.adapter.name().to_owned() });
                }
            }
            if let Some(gap) = watch.heard(self.outlet.now_ms()) {
                begun(Some(gap));
            }
            due_ms = watch.deadline_ms();
        }
    }

    /// Switches the adapter off: listening switches it on again.
    pub(crate) async fn switch_off(&self) {
        if let Err(error) = self.adapter.set_powered(false).await {
            tracing::debug!(adapter = self.adapter.name(), %error, "cannot be switched off");
        }
    }

    /// A monitor beside discovery: without one the kernel leaves the controller's filter of duplicates on, and some filter by
    /// address alone. bluetoothd offers it only when it runs with `--experimental`.
    async fn monitor(&self) -> Option<(MonitorManager, MonitorHandle)> {
        let patterns = WANTED.iter().map(|(kind, byte)| Pattern::new(*kind, 0, &[*byte])).collect();
        let monitor = Monitor { monitor_type: Type::OrPatterns, patterns: Some(patterns), ..Monitor::default() };
        let manager = self.adapter.monitor().await;
        let registered = match manager {
            Ok(manager) => manager.register(monitor).await.map(|handle| (manager, handle)),
            Err(error) => Err(error),
        };
        registered
            .inspect_err(|error| tracing::debug!(adapter = self.adapter.name(), %error, "listens without a monitor"))
            .ok()
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
        self.hand_on(address, service_data, manufacturer_data).await;
    }

    async fn changed(&self, address: bluer::Address, property: DeviceProperty) {
        match property {
            DeviceProperty::ServiceData(data) => self.hand_on(address, data, HashMap::new()).await,
            DeviceProperty::ManufacturerData(data) => self.hand_on(address, HashMap::new(), data).await,
            _ => {}
        }
    }

    async fn hand_on(
        &self,
        address: bluer::Address,
        service_data: HashMap<Uuid, Vec<u8>>,
        manufacturer_data: HashMap<u16, Vec<u8>>,
    ) {
        let device = self.adapter.device(address).ok();
        let (rssi, name) = match &device {
            Some(device) => (device.rssi().await.ok().flatten(), device.name().await.ok().flatten()),
            None => (None, None),
        };
        let data = AdvertisingData {
            name,
            long_service_data: payload::long_service_data(&service_data),
            service_data: payload::service_data(service_data),
            manufacturer_data: payload::manufacturer_data(manufacturer_data),
        };
        let is_random = match &device {
            Some(device) => device.address_type().await.is_ok_and(|kind| kind == bluer::AddressType::LeRandom),
            None => false,
        };
        self.outlet.hand_on(Sighting {
            address: Address::new(address.0),
            is_random,
            // bluetoothd does not say it; who sends data of a long UUID wants to be found.
            is_connectable: !data.long_service_data.is_empty(),
            rssi: rssi.and_then(|rssi| i8::try_from(rssi).ok()),
            data,
        });
    }

    fn failed(&self, action: &'static str, source: bluer::Error) -> RadioError {
        RadioError::Adapter { adapter: self.adapter.name().to_owned(), action, source }
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
