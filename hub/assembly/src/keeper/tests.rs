use std::ops::ControlFlow;

use hub_model::{
    Command, DeviceId, Epoch, HistoryReader, Origin, Quantity, Reading, ReceiverId, ReplayRule, Request, SeriesKey,
    Stamp, UnixMillis, Value, WallTime,
};

use super::*;
use crate::{Config, Hub, Surroundings};

const BATH: DeviceId = DeviceId::from_u64(0xA4C1_3800_1122);
const DAY_MS: i64 = 86_400_000;
const NOW: WallTime = WallTime { at: UnixMillis(1_795_234_340_123), quality: TimeQuality::Synchronised };

/// A clock that stands.
struct Still(hub_model::BootId);

impl Clock for Still {
    fn now(&self) -> Now {
        Now { stamp: Stamp { boot: self.0, ms: EXPIRE_MS }, us: EXPIRE_MS * 1000, wall: NOW }
    }
}

fn hub(folder: &std::path::Path) -> Hub {
    let around = Surroundings {
        kernel_boot: [1; 16],
        epoch_if_new: Epoch(1),
        luck: Box::new(|bytes| bytes.fill(7)),
        clock: Box::new(|boot, _| Arc::new(Still(boot))),
    };
    Hub::open(Config::with_store(folder).unwrap(), around).unwrap()
}

fn ask(hub: &Hub, command: Command) {
    hub.desk().execute_now(&Request { principal: "local".to_owned(), id: None, command }).unwrap();
}

/// One reading of these quantities at noon of each of the last days.
fn measure(hub: &Hub, quantities: &[Quantity], days: i64) {
    let values: Vec<_> =
        quantities.iter().map(|quantity| Value { quantity: *quantity, instance: 0, value: 1 }).collect();
    for day in (1..=days).rev() {
        let wall = WallTime { at: NOW.at + -day * DAY_MS, ..NOW };
        let origin = Origin::heard(ReceiverId::NONE, None, None);
        let body = EventBody::ReadingsTaken { device: BATH, values: values.clone().into(), origin };
        hub.bus().publish(Draft { at: Stamp::wall(wall.at), wall, trace: None, body }, |_| ()).unwrap();
    }
}

fn readings(hub: &Hub, quantity: Quantity) -> usize {
    let mut found = 0;
    let mut count = |_| {
        found += 1;
        ControlFlow::Continue(())
    };
    let ever = UnixMillis(0)..UnixMillis(i64::MAX);
    hub.history().scan(SeriesKey::new(BATH, quantity, 0), ever, &mut count).unwrap();
    found
}

#[test]
fn each_quantity_is_dropped_when_its_own_time_is_over() {
    let folder = tempfile::tempdir().unwrap();
    let hub = hub(folder.path());
    ask(&hub, Command::AdoptDevice { device: BATH, name: None, room: None, key: None, replay: ReplayRule::Strict });
    let retain = |quantity, raw_days| {
        let retention = Some(Retention { raw_days: Some(raw_days), rollup_days: None });
        ask(&hub, Command::RetainDevice { device: BATH, quantity, retention });
    };
    retain(None, 30);
    retain(Some(Quantity::Power), 7);
    measure(&hub, &[Quantity::Temperature, Quantity::Power], 40);
    hub.keeper().tick();
    // Whole hours go, so the reading of exactly so many days ago stays.
    assert_eq!((readings(&hub, Quantity::Temperature), readings(&hub, Quantity::Power)), (30, 7));
}

#[test]
fn old_readings_are_packed_into_fewer_blocks() {
    let folder = tempfile::tempdir().unwrap();
    let hub = hub(folder.path());
    let series = SeriesKey::new(BATH, Quantity::Temperature, 0);
    let reading = |minute: i64| Reading { series, at: NOW.at + -minute * 60_000, value: minute / 7 % 5 };
    let all: Vec<_> = (0..60_000).map(reading).collect();
    hub.history().import(&all, &[]).unwrap();
    let before = hub.history().stats().unwrap();
    hub.keeper().tick();
    let after = hub.history().stats().unwrap();
    assert!(after.blocks < before.blocks, "{} of {}", after.blocks, before.blocks);
    assert_eq!((after.readings, readings(&hub, Quantity::Temperature)), (before.readings, all.len()));
}
