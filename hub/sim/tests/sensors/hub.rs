//! A hub with its store in a temporary folder, in range of simulated sensors.

use std::{cell::RefCell, rc::Rc, sync::Arc};

use ed25519_dalek::SigningKey;
use fw_app::Happening;
use fw_host::{Identity, Simulated, Values, World, luck};
use hub_assembly::{Config, Hub, Keeper, Sensors, Steward, Surroundings};
use hub_model::{
    Command, DeviceId, Epoch, EventBody, EventLog, HistoryReader, Pairing, PairingFailure, PairingStep, Request,
    SensorPort, Seq, SeriesKey, TimeQuality, UnixMillis, Wishes,
};
use hub_sim::{Air, Range, SimClock};
use rand::{RngCore as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use tempfile::TempDir;
use units::{Measure, Quantity};
use wire::{
    firmware::Hardware,
    manifest::{KeyId, TrustedKey},
    setup_code::Product,
};

pub(crate) const START: UnixMillis = UnixMillis(1_795_219_200_000);
pub(crate) const MINUTE: i64 = 60_000;
pub(crate) const HOUR: i64 = 60 * MINUTE;

/// A sensor as a person knows it: which it is in the world, and its label.
#[derive(Debug, Clone)]
pub(crate) struct Bought {
    pub(crate) id: fw_host::SensorId,
    pub(crate) label: String,
    pub(crate) device: DeviceId,
    /// When it measured, and which temperature, as its log rounds it.
    pub(crate) truth: Rc<RefCell<Vec<(UnixMillis, i64)>>>,
}

pub(crate) struct Home {
    folder: TempDir,
    pub(crate) clock: Arc<SimClock>,
    pub(crate) range: Range,
    running: Option<(Hub, Steward, Keeper)>,
    boots: u8,
    seed: u64,
    runtime: tokio::runtime::Runtime,
    pub(crate) updates: Option<hub_ota::Config>,
}

impl Home {
    pub(crate) fn new(seed: u64, loss: f64) -> Self {
        let clock = Arc::new(SimClock::booted(START));
        let range = Range::new(World::new(seed), Air::new(seed, 1, loss), Arc::clone(&clock));
        let folder = tempfile::tempdir().unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let mut home = Self { folder, clock, range, running: None, boots: 0, seed, runtime, updates: None };
        home.switch_on();
        home
    }

    /// Another house with the same sensors in range; it takes the air over.
    pub(crate) fn beside(&self, seed: u64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let (clock, range) = (Arc::clone(&self.clock), self.range.clone());
        let mut home = Self { folder, clock, range, running: None, boots: 0, seed, runtime, updates: None };
        home.switch_on();
        home
    }

    /// The machine is switched on.
    pub(crate) fn switch_on(&mut self) {
        self.boots += 1;
        self.clock.boot();
        self.start();
    }

    /// `hubd` starts.
    pub(crate) fn start(&mut self) {
        let mut luck = ChaCha8Rng::seed_from_u64(self.seed + u64::from(self.boots));
        let clock = Arc::clone(&self.clock);
        let around = Surroundings {
            kernel_boot: [self.boots; 16],
            epoch_if_new: Epoch(self.seed + 1),
            luck: Box::new(move |bytes| luck.fill_bytes(bytes)),
            clock: Box::new(move |boot, _| {
                clock.number(boot);
                clock
            }),
        };
        let mut config = Config::with_store(self.folder.path()).unwrap();
        config.updates = self.updates.clone().unwrap_or(config.updates);
        let hub = Hub::open(config, around).unwrap();
        let (steward, keeper) = (hub.steward().unwrap(), hub.keeper());
        self.running = Some((hub, steward, keeper));
        self.listen();
    }

    /// From now on it is this hub that hears the sensors, of several in one range.
    pub(crate) fn listen(&self) {
        self.range.heard_by(Some(self.hub().pipeline()));
    }

    /// `hubd` ends without a word, as by `kill -9` or a power cut.
    pub(crate) fn kill(&mut self) {
        self.range.heard_by(None);
        self.running = None;
    }

    pub(crate) fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    pub(crate) fn hub(&self) -> &Hub {
        &self.running.as_ref().unwrap().0
    }

    pub(crate) fn sensors(&self) -> Arc<Sensors> {
        self.hub().sensors()
    }

    /// A new sensor, its battery just put in.
    pub(crate) fn buy(&self, number: u64) -> Bought {
        self.buy_measuring(number, None)
    }

    pub(crate) fn buy_measuring(&self, number: u64, battery_mv: Option<i64>) -> Bought {
        let identity = Identity::generate(Product(1), Hardware::new(0).unwrap(), &mut luck(self.seed ^ number << 32));
        let room = Values::Room { seed: number };
        let (channels, mut inner) = (room.channels(), room.model());
        let truth: Rc<RefCell<Vec<(UnixMillis, i64)>>> = Rc::default();
        let told = Rc::clone(&truth);
        let model = Box::new(move |now_us: u64| {
            let mut measures = inner(now_us);
            // A temperature of its own for each sample, so that each is known again.
            let nth = i64::try_from(told.borrow().len()).unwrap();
            let celsius = -20_000 + nth % 8_000 * 10;
            let mv = battery_mv.unwrap_or(2_987);
            measures.retain(|measure| !matches!(measure.quantity, Quantity::Voltage | Quantity::Temperature));
            measures.extend([Measure::new(Quantity::Voltage, mv), Measure::new(Quantity::Temperature, celsius)]);
            told.borrow_mut().push((START + i64::try_from(now_us / 1000).unwrap(), celsius));
            measures
        });
        let label = identity.setup_code().label().to_string();
        let device = DeviceId::from(hub_model::Address::new(identity.address()));
        let id = self
            .range
            .with(|world| world.add(Simulated { identity, channels, model, trusted: trusted(), watcher: None }));
        Bought { id, label, device, truth }
    }

    /// Lets the hub live so long.
    pub(crate) fn live(&mut self, ms: i64) {
        let end = self.clock.at() + ms;
        let range = self.range.clone();
        let (_, steward, keeper) = self.running.as_mut().unwrap();
        let mut next_tick = self.clock.at();
        while self.clock.at() < end {
            self.runtime.block_on(steward.attend(&range)).unwrap();
            if self.clock.at() >= next_tick {
                keeper.tick();
                next_tick = self.clock.at() + 5_000;
            }
        }
    }

    /// Lets it live until that is so, at most so long.
    pub(crate) fn live_until(&mut self, most_ms: i64, is_so: impl Fn(&Self) -> bool) -> bool {
        let end = self.clock.at() + most_ms;
        while self.clock.at() < end {
            if is_so(self) {
                return true;
            }
            self.live(200);
        }
        is_so(self)
    }

    /// Asks for pairings and waits for their end.
    pub(crate) fn pair(&mut self, bought: &[&Bought]) -> Vec<Pairing> {
        let requests = bought.iter().map(|each| (each.label.clone(), Wishes::default())).collect();
        let begun = self.sensors().pair(requests).unwrap();
        let is_over = |home: &Self| home.sensors().pairings().iter().all(|pairing| pairing.step.is_last());
        assert!(self.live_until(20 * MINUTE, is_over), "{:?}", self.sensors().pairings());
        let all = self.sensors().pairings();
        begun.iter().map(|begun| all.iter().find(|each| each.id == begun.id).unwrap().clone()).collect()
    }

    pub(crate) fn pair_one(&mut self, bought: &Bought) -> PairingStep {
        self.pair(&[bought]).remove(0).step
    }

    /// Somebody presses its button.
    pub(crate) fn press(&self, bought: &Bought) {
        self.range.with(|world| world.happen(bought.id, Happening::Pressed)).unwrap();
    }

    /// Every event of the log.
    pub(crate) fn events(&self) -> Vec<hub_model::Event> {
        self.hub().history().read_after(Seq(0), usize::MAX).unwrap().events
    }

    /// The temperatures of one device as the log of events has them, in order of time: when, what, fetched or heard, certain
    /// or estimated.
    pub(crate) fn stored(&self, device: DeviceId) -> Vec<Stored> {
        let of_device = |event: hub_model::Event| match event.body {
            EventBody::ReadingsTaken { device: of, values, origin } if of == device => {
                let value = values.iter().find(|value| value.quantity == Quantity::Temperature)?.value;
                let is_certain = event.wall.quality == TimeQuality::Synchronised;
                Some(Stored { at: event.wall.at, value, is_fetched: origin.is_fetched, is_certain })
            }
            _ => None,
        };
        let mut stored: Vec<_> = self.events().into_iter().filter_map(of_device).collect();
        stored.sort_by_key(|stored| stored.at);
        stored
    }

    /// The temperatures of one device that charts are made of.
    pub(crate) fn history(&self, device: DeviceId) -> Vec<(UnixMillis, i64)> {
        let mut points = Vec::new();
        let mut visit = |point: hub_model::RawPoint| {
            points.push((point.at, point.value));
            std::ops::ControlFlow::Continue(())
        };
        let series = SeriesKey::new(device, Quantity::Temperature, 0);
        self.hub().history().scan(series, UnixMillis(0)..UnixMillis(i64::MAX / 2), &mut visit).unwrap();
        points
    }

    pub(crate) fn standing(&self, bought: &Bought) -> hub_model::SensorStanding {
        self.sensors().standing(bought.device).unwrap()
    }

    pub(crate) fn has(&self, bought: &Bought) -> bool {
        self.hub().bus().household().devices.contains_key(&bought.device)
    }

    pub(crate) fn ask(&self, command: Command) {
        let request = Request { principal: "test".to_owned(), id: None, command };
        self.hub().desk().execute_now(&request).unwrap();
    }
}

/// Who signs updates in these tests.
pub(crate) fn signer() -> SigningKey {
    SigningKey::from_bytes(&[7; 32])
}

fn trusted() -> [TrustedKey; 2] {
    let public_key = signer().verifying_key().to_bytes();
    [1, 2].map(|id| TrustedKey { id: KeyId(id), public_key })
}

/// A temperature as it is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stored {
    pub(crate) at: UnixMillis,
    pub(crate) value: i64,
    pub(crate) is_fetched: bool,
    pub(crate) is_certain: bool,
}

pub(crate) fn failed(step: PairingStep) -> Option<PairingFailure> {
    match step {
        PairingStep::Failed { why } => Some(why),
        _ => None,
    }
}
