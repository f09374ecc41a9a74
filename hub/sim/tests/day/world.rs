//! A hub on a disk in a temporary folder, a house, air, and a clock, under the control of a test.

use std::{collections::BTreeMap, sync::Arc};

use fw_host::Listening;
use hub_assembly::{Config, Hub, Keeper, Pipeline, Surroundings};
use hub_model::{
    Clock, Command, DeviceId, Epoch, EventBody, EventLog, RawAdvert, ReceiverId, ReplayRule, Request, Seq, SeriesKey,
    UnixMillis,
};
use hub_sim::{Air, House, SimClock, furnish};
use tempfile::TempDir;

pub(crate) const START: UnixMillis = UnixMillis(1_795_219_200_000);

pub(crate) struct World {
    folder: TempDir,
    clock: Arc<SimClock>,
    house: House,
    air: Air,
    running: Option<(Hub, Pipeline, Keeper)>,
    boots: u8,
    truth: BTreeMap<SeriesKey, Vec<(UnixMillis, i64)>>,
    /// The counter of the last frame that somebody heard.
    last: BTreeMap<DeviceId, u32>,
    counts: BTreeMap<&'static str, u64>,
}

impl World {
    pub(crate) fn new(seed: u64) -> Self {
        Self::with_clock(seed, true)
    }

    /// A world whose hub does not know the time.
    pub(crate) fn without_time(seed: u64) -> Self {
        Self::with_clock(seed, false)
    }

    fn with_clock(seed: u64, is_known: bool) -> Self {
        let clock = Arc::new(SimClock::booted(START));
        clock.know(is_known);
        let mut house = House::new(seed, START).unwrap();
        // Three copies of each frame, as if the others were lost.
        house.listen(Listening::First(3));
        let mut world = Self {
            folder: tempfile::tempdir().unwrap(),
            clock,
            house,
            air: Air::new(seed, 2, 0.0),
            running: None,
            boots: 0,
            truth: BTreeMap::new(),
            last: BTreeMap::new(),
            counts: BTreeMap::new(),
        };
        world.boot();
        furnish(world.hub(), world.house.sensors()).unwrap();
        world.tick();
        world
    }

    /// Boots the machine.
    fn boot(&mut self) {
        self.boots += 1;
        self.clock.boot();
        self.start();
    }

    /// Starts the hub.
    fn start(&mut self) {
        let clock = Arc::clone(&self.clock);
        let around = Surroundings {
            kernel_boot: [self.boots; 16],
            epoch_if_new: Epoch(7),
            luck: Box::new(|bytes| bytes.fill(7)),
            clock: Box::new(move |boot, _| {
                clock.number(boot);
                clock
            }),
        };
        let hub = Hub::open(Config::with_store(self.folder.path()).unwrap(), around).unwrap();
        let (pipeline, keeper) = (hub.pipeline(), hub.keeper());
        self.running = Some((hub, pipeline, keeper));
    }

    pub(crate) fn hub(&self) -> &Hub {
        &self.running.as_ref().unwrap().0
    }

    /// Everything the sensors send in this minute, heard by two receivers that miss `loss` of it each.
    pub(crate) fn air_a_minute(&mut self, at: UnixMillis, loss: f64) -> Vec<RawAdvert> {
        self.air.set_loss(loss);
        // What was sent before nobody heard.
        self.house.live_until(at);
        let mut all = Vec::new();
        for sent in self.house.live_until(at + 60_000) {
            let sent_at = sent.at;
            self.clock.set(sent_at);
            let heard = self.air.carry(&sent.heard_at(self.clock.now().stamp, self.clock.now().us));
            if let Some(advert) = heard.first() {
                self.learn(sent_at, advert);
            }
            for advert in heard {
                self.hear(&advert);
                all.push(advert);
            }
        }
        self.clock.set(at + 60_000);
        all
    }

    /// What a sensor meant by a frame that is heard for the first time.
    fn learn(&mut self, at: UnixMillis, advert: &RawAdvert) {
        let device = DeviceId::from(advert.address);
        let sensor = self.house.sensors().iter().find(|sensor| sensor.address == advert.address).unwrap();
        let (counter, measures) = sensor.truth(advert).unwrap();
        if self.last.insert(device, counter) == Some(counter) {
            return;
        }
        // As the hub keeps times unless it is told otherwise: to the second.
        let at = UnixMillis(at.0 / 1000 * 1000);
        for measure in measures {
            let key = SeriesKey::new(device, measure.quantity, 0);
            self.truth.entry(key).or_default().push((at, measure.value));
        }
    }

    pub(crate) fn hear(&mut self, advert: &RawAdvert) {
        let (_, pipeline, _) = self.running.as_mut().unwrap();
        let fate = pipeline.hear(advert).unwrap();
        *self.counts.entry(fate.code()).or_default() += 1;
    }

    /// A frame in the name of the first sensor, by somebody without its key.
    pub(crate) fn forge(&mut self, luck: u32) {
        let address = self.house.sensors().first().unwrap().address;
        let now = self.clock.now();
        let mut data = vec![0x41];
        data.extend((0..12).map(|byte| (luck >> (byte % 24)) as u8));
        data.extend((1_000_000 + luck).to_le_bytes());
        data.extend([1, 2, 3, 4]);
        let advert = RawAdvert {
            receiver: ReceiverId(1),
            received_us: now.us,
            service_data: vec![(0xFCD2, data)],
            ..RawAdvert::new(address, now.stamp)
        };
        self.hear(&advert);
    }

    pub(crate) fn tick(&mut self) {
        self.running.as_mut().unwrap().2.tick();
    }

    pub(crate) fn flush(&self) {
        self.hub().history().flush().unwrap();
    }

    /// Ends the hub without a word, as a power cut does, and boots the machine again.
    pub(crate) fn cut_power(&mut self) {
        self.running = None;
        self.boot();
        self.tick();
    }

    /// Ends the hub without a word, as `kill -9` does, and starts it again on the running machine.
    pub(crate) fn kill(&mut self) {
        self.running = None;
        self.start();
        self.tick();
    }

    pub(crate) fn set_clock(&self) {
        self.clock.know(true);
    }

    pub(crate) fn count(&self, code: &str) -> u64 {
        self.counts.get(code).copied().unwrap_or(0)
    }

    /// What the sensors meant by the frames that somebody heard.
    pub(crate) fn truth(&self) -> BTreeMap<SeriesKey, Vec<(UnixMillis, i64)>> {
        self.truth.clone()
    }

    pub(crate) fn forget_truth(&mut self, device: DeviceId) {
        self.truth.retain(|key, _| key.device != device);
    }

    /// Every event of the log.
    pub(crate) fn events(&self) -> Vec<EventBody> {
        let page = self.hub().history().read_after(Seq(0), usize::MAX).unwrap();
        page.events.into_iter().map(|event| event.body).collect()
    }

    pub(crate) fn remove_first(&self) -> DeviceId {
        let device = DeviceId::from(self.house.sensors().first().unwrap().address);
        self.ask(Command::RemoveDevice { device, keeps_history: false });
        device
    }

    pub(crate) fn adopt_first(&self) {
        let sensor = self.house.sensors().first().unwrap();
        let (device, key) = (DeviceId::from(sensor.address), Some(sensor.bind_key()));
        self.ask(Command::AdoptDevice { device, name: None, room: None, key, replay: ReplayRule::Strict });
    }

    fn ask(&self, command: Command) {
        let request = Request { principal: "test".to_owned(), id: None, command };
        self.hub().desk().execute_now(&request).unwrap();
    }
}
