use std::{cell::RefCell, rc::Rc};

use embassy_futures::block_on;
use fw_drivers::Probe;
use fw_logic::{
    Fact, Facts,
    boot::Layout,
    image::Slot,
    noise::StaticKey,
    nor::{Fault as Cut, NorError, NorHandle},
    pairing::{Claim, Keys},
};
use units::{Measure, Millivolt};
use wire::{
    bthome::v2::Frame,
    firmware::{Hardware, Version},
    keys::Epoch,
    manifest::{KeyId, TrustedKey},
    message::{ClaimState, Name},
    secret::{DeviceKey, SetupSecret},
    setup_code::{Product, PublicKey, Uid},
};

use super::{
    work::{Nobody, keep},
    *,
};
use crate::{Inputs, Map, air::Air};

const CHANNELS: [Channel; 2] =
    [Channel { quantity: Quantity::Temperature, band: 100 }, Channel { quantity: Quantity::Door, band: 1 }];
const KEY: [u8; 32] = [7; 32];
const DAY_MS: u64 = 86_400_000;

/// Flash that outlives the sensor.
type Flash = NorHandle<4096>;

/// What a board of the tests has besides: nothing happens by itself, and all that is noted is kept.
struct Bench;

struct Nothing;

impl Probe for Nothing {
    type Error = core::convert::Infallible;

    async fn sample(&mut self, _into: &mut Sample) -> Result<(), Self::Error> {
        Ok(())
    }
}

impl Inputs for Nothing {
    async fn next(&mut self) -> Happening {
        core::future::pending().await
    }
}

#[derive(Clone, Default)]
struct Kept(Rc<RefCell<Vec<String>>>);

impl Notes for Kept {
    fn note(&mut self, note: &Note<'_>) {
        self.0.borrow_mut().push(note.to_string());
    }
}

impl Led for Kept {
    fn set(&mut self, is_on: bool) {
        self.0.borrow_mut().push(format!("light {is_on}"));
    }
}

impl Chip for Kept {
    fn set_power(&mut self, dbm: i8) {
        if dbm != 0 {
            self.0.borrow_mut().push(format!("{dbm} dBm"));
        }
    }

    fn feed_watchdog(&mut self) {}
}

/// Numbers that are no secret.
struct Luck(u64);

impl rand_core::TryRng for Luck {
    type Error = core::convert::Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        Ok((self.try_next_u64()? >> 32) as u32)
    }

    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        self.0 = self.0.wrapping_mul(0x5851_F42D_4C95_7F2D).wrapping_add(0x1405_7B7E_F767_814F);
        Ok(self.0)
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Self::Error> {
        bytes.iter_mut().try_for_each(|byte| {
            *byte = (self.try_next_u64()? >> 56) as u8;
            Ok(())
        })
    }
}

impl rand_core::TryCryptoRng for Luck {}

impl Board for Bench {
    type Flash = Flash;
    type Probe = Nothing;
    type Inputs = Nothing;
    type Led = Kept;
    type Chip = Kept;
    type Luck = Luck;
    type Notes = Kept;
}

/// A sensor with its flash, and the room that it is in.
struct World {
    sensor: Sensor<Bench>,
    notes: Kept,
    now_ms: u64,
    milli_celsius: i64,
    battery_mv: u16,
}

fn owner(settings: Settings) -> Owner {
    Owner {
        keys: Keys { epoch: Epoch(1), device_key: DeviceKey::new(KEY) },
        number: 1,
        hub_key: PublicKey([1; 32]),
        settings,
        name: Name::new("Kitchen").unwrap(),
    }
}

/// Flash of a sensor with this owner.
fn owned(settings: Settings) -> Flash {
    let flash = Flash::new(41);
    let claim = Claim::Active { owner: owner(settings), next: None };
    let (mut facts, _) = block_on(Facts::start(flash.clone(), 0..8192)).unwrap();
    block_on(keep(&mut facts, &Record { claim, owners: 1, ..Record::new() })).unwrap();
    flash
}

impl World {
    fn start(flash: &Flash, is_touched: bool) -> Self {
        let slot = |start: u32, pages: u32| Slot { start: start * 4096, length: pages * 4096 };
        let images = Layout { active: slot(34, 2), other: slot(36, 3), state: 39 * 4096..41 * 4096 };
        let notes = Kept::default();
        let parts = Parts::<Bench> {
            identity: Identity {
                product: Product(1),
                uid: Uid([1; 8]),
                static_key: StaticKey::new([2; 32]),
                secret: SetupSecret::new([3; 16]),
                certificate: None,
                firmware: Version([1, 0, 0, 0]),
                hardware: Hardware::new(0).unwrap(),
                boot: 0,
                channels: &CHANNELS,
            },
            address: [0xC0, 1, 2, 3, 4, 5],
            reset: if is_touched { ResetReason::PowerOn } else { ResetReason::Pin },
            trusted: [1, 2].map(|id| TrustedKey { id: KeyId(id), public_key: [id; 32] }),
            security_counter: 0,
            flash: flash.clone(),
            map: Map { facts: 0..8192, log: 8192..34 * 4096, images },
            probe: Nothing,
            inputs: Nothing,
            led: notes.clone(),
            chip: notes.clone(),
            luck: Luck(1),
            notes: notes.clone(),
        };
        let mut place = None;
        block_on(Sensor::start(&mut place, parts, 0)).unwrap();
        let mut sensor = place.unwrap();
        block_on(sensor.tick(0, &mut Nobody)).unwrap();
        Self { sensor, notes, now_ms: 0, milli_celsius: 21_000, battery_mv: 3000 }
    }

    fn notes(&self) -> Vec<String> {
        self.notes.0.take()
    }

    /// Wakes the sensor once, as the radio would, and jumps to when it wants to be woken again.
    fn wake(&mut self) {
        if self.sensor.wants_sample(self.now_ms) {
            let mut sample = Sample::new();
            sample.add(Measure::new(Quantity::Temperature, self.milli_celsius));
            sample.add(Millivolt(self.battery_mv).into());
            block_on(self.sensor.sampled(&sample, Ok::<_, ()>(()), self.now_ms));
        }
        block_on(self.sensor.tick(self.now_ms, &mut Nobody)).unwrap();
        let reasons = self.sensor.reasons(false, self.now_ms);
        let (_, until_ms) = Air::choose(&reasons, self.now_ms);
        let next_ms = self.sensor.deadline_ms(self.now_ms).min(until_ms);
        assert!(next_ms > self.now_ms, "it would never sleep at {}: {:?}", self.now_ms, self.notes());
        self.now_ms = next_ms;
    }

    /// Lives until then, and tells how often it was awake.
    fn live_until(&mut self, end_ms: u64) -> u32 {
        let mut wakes = 0;
        while self.now_ms < end_ms {
            self.wake();
            wakes += 1;
        }
        wakes
    }

    fn happened(&mut self, happening: Happening) {
        block_on(self.sensor.happened(happening, self.now_ms, &mut Nobody)).unwrap();
    }

    fn counter(&self) -> Option<u32> {
        Frame::parse(self.sensor.advert()?.service_data()).unwrap().counter()
    }
}

#[test]
fn a_sensor_without_an_owner_measures_its_battery_once_and_sleeps() {
    let flash = Flash::new(41);
    let mut world = World::start(&flash, false);
    assert_eq!(world.notes(), ["started, boot 1, unclaimed"]);
    world.wake();
    assert_eq!((world.now_ms, world.sensor.battery_mv, world.counter()), (u64::MAX, 3000, None));
    assert_eq!(world.notes(), Vec::<String>::new());
}

#[test]
fn whoever_touches_it_has_ten_minutes_and_an_address_of_their_own() {
    let flash = Flash::new(41);
    let mut world = World::start(&flash, true);
    assert_eq!(world.notes(), ["started, boot 1, unclaimed", "window opened"]);
    let first = *world.sensor.window().unwrap();
    world.live_until(DAY_MS);
    assert_eq!(world.notes(), ["window closed"]);
    assert!(world.sensor.window().is_none());
    world.now_ms = DAY_MS;
    world.happened(Happening::Pressed);
    assert_eq!(world.notes(), ["window opened"]);
    let second = *world.sensor.window().unwrap();
    assert_ne!((first.address, first.advert), (second.address, second.advert));
    assert!([first, second].iter().all(|window| window.address[0] < 0x40));
}

#[test]
fn an_owned_sensor_goes_on_after_a_start_as_its_owner_wants() {
    let settings =
        Settings { sampling_s: 30, heartbeat_s: 600, window_every_s: 0, tx_power_dbm: -8, ..Settings::DEFAULT };
    let mut world = World::start(&owned(settings), true);
    assert_eq!(world.notes(), ["started, boot 2, active", "-8 dBm"]);
    world.wake();
    assert_eq!((world.notes(), world.counter()), (vec!["advert 0".to_owned()], Some(0)));
    // Nothing moves: a sample in 30 s, an advert in ten minutes, and no more.
    let begin_ms = world.now_ms;
    let wakes = world.live_until(begin_ms + DAY_MS);
    assert!((2880..=2880 + 144 + 3).contains(&wakes), "awake {wakes} times a day");
    let told = world.notes();
    assert!((143..=145).contains(&told.len()) && told.iter().all(|note| note.starts_with("advert ")), "{told:?}");
    // A value leaves its dead-band.
    world.milli_celsius += 100;
    let before = world.counter();
    world.live_until(world.now_ms + 31_000);
    assert_eq!(world.counter(), before.map(|counter| counter + 1));
}

#[test]
fn what_somebody_waits_for_is_told_at_once() {
    let mut world = World::start(&owned(Settings::DEFAULT), false);
    world.live_until(40_000);
    let before = world.counter().unwrap();
    world.happened(Happening::Measured(Measure::new(Quantity::Door, 1)));
    assert_eq!(world.counter(), Some(before + 1));
    assert_eq!(world.sensor.reasons(false, world.now_ms).phase.0, fw_logic::Phase::Burst);
    // A sensor that is nobody's has nobody who waits.
    let mut world = World::start(&Flash::new(41), false);
    world.happened(Happening::Measured(Measure::new(Quantity::Door, 1)));
    assert_eq!(world.counter(), None);
}

/// A hub that only listens.
#[derive(Default)]
struct Listener {
    pieces: usize,
    is_gone: bool,
}

impl Peer for Listener {
    async fn send(&mut self, _piece: &Piece) {
        self.pieces += 1;
    }

    fn hang_up(&mut self) {
        self.is_gone = true;
    }
}

#[test]
fn whoever_connects_and_says_nothing_is_hung_up_on() {
    let mut world = World::start(&owned(Settings::DEFAULT), false);
    let mut stranger = Listener::default();
    block_on(world.sensor.connected(0, &mut stranger)).unwrap();
    world.notes();
    block_on(world.sensor.tick(9_999, &mut stranger)).unwrap();
    assert!(!stranger.is_gone);
    assert_eq!(world.sensor.pairing.deadline_ms(), Some(10_000));
    block_on(world.sensor.tick(10_000, &mut stranger)).unwrap();
    assert!(stranger.is_gone && stranger.pieces == 0);
    block_on(world.sensor.disconnected(10_001)).unwrap();
    let said = world.notes();
    assert_eq!(said.last().unwrap(), "disconnected");
    assert!(said.contains(&"hung up: silent for too long".to_owned()), "{said:?}");
}

#[test]
fn a_light_blinks_as_it_was_told_and_goes_out() {
    let mut world = World::start(&Flash::new(41), false);
    world.notes();
    world.sensor.blink.begin(wire::message::Pattern::new(0b0001), 0);
    world.live_until(11_000);
    assert_eq!(world.notes(), ["light true", "light false"].repeat(10));
}

#[test]
fn a_probe_that_fails_does_not_silence_a_sensor() {
    let mut world = World::start(&owned(Settings::DEFAULT), false);
    assert!(world.sensor.wants_sample(0) && !world.sensor.wants_sample(0));
    block_on(world.sensor.sampled(&Sample::new(), Err("no answer"), 0));
    assert_eq!(world.notes(), ["started, boot 2, active", "probe failed: \"no answer\"", "advert 0"]);
    // Even one that never answers.
    let mut world = World::start(&owned(Settings::DEFAULT), false);
    assert!(world.sensor.wants_sample(0));
    block_on(world.sensor.tick(RETRY_MS, &mut Nobody)).unwrap();
    assert_eq!(world.counter(), Some(0));
}

#[test]
fn a_log_is_brought_to_safety_when_the_battery_is_nearly_empty() {
    let flash = owned(Settings { sampling_s: 1, ..Settings::DEFAULT });
    let mut world = World::start(&flash, false);
    world.live_until(3500);
    let kept = |flash: &Flash| {
        let mut log = block_on(fw_logic::Log::start(flash.clone(), 8192..34 * 4096, 9, &[])).unwrap();
        let mut blocks = 0;
        let count = async |_: &[u8]| {
            blocks += 1;
            core::ops::ControlFlow::Continue(())
        };
        block_on(log.each(wire::log::SampleId::default(), count)).unwrap();
        blocks
    };
    assert_eq!(kept(&flash), 0);
    world.battery_mv = LOW_MV - 1;
    world.live_until(4500);
    assert_eq!(kept(&flash), 1);
    assert!(world.notes().contains(&"battery low, 2199 mV".to_owned()));
}

#[test]
fn a_button_that_is_held_makes_it_nobody_s_at_once_and_for_good() {
    let flash = owned(Settings::DEFAULT);
    let mut world = World::start(&flash, false);
    world.live_until(1000);
    world.notes();
    world.happened(Happening::Held);
    assert_eq!(world.notes(), ["wiped", "unclaimed", "window opened"]);
    assert_eq!(world.counter(), None);
    assert_eq!(World::start(&flash, false).notes(), ["started, boot 3, unclaimed"]);
}

#[test]
fn an_owner_that_cannot_be_read_is_none() {
    let flash = owned(Settings::DEFAULT);
    let (mut facts, _) = block_on(Facts::start(flash.clone(), 0..8192)).unwrap();
    block_on(facts.put(Fact::Claim, &[200])).unwrap();
    let world = World::start(&flash, false);
    let said = ["owner forgotten: record of version 200, known is 1", "started, boot 3, unclaimed"];
    assert_eq!(world.notes(), said);
    assert_eq!(world.sensor.pairing.claim().state(), ClaimState::Unclaimed);
}

#[test]
fn flash_that_fails_is_noted_and_a_wipe_that_fails_ends_the_program() {
    let flash = owned(Settings::DEFAULT);
    let mut world = World::start(&flash, false);
    world.live_until(1000);
    world.notes();
    flash.nor().cut_power(0, Cut::Atomic, 1);
    // What flash does not take does not happen.
    world.happened(Happening::Held);
    assert_eq!(world.notes(), ["flash failed: Flash(Off)"]);
    assert_eq!(world.sensor.pairing.claim().state(), ClaimState::Active);
    flash.nor().power_up();
    // The record is kept, but not the wipe: it is due at the next start.
    flash.nor().cut_power(1, Cut::Atomic, 1);
    let held = block_on(world.sensor.happened(Happening::Held, world.now_ms, &mut Nobody));
    assert_eq!(held, Err(KeepError::Flash(NorError::Off)));
    flash.nor().power_up();
    assert_eq!(World::start(&flash, false).notes(), ["started, boot 3, unclaimed", "wiped"]);
}
