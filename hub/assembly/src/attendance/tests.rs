mod signals;

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use hub_model::{
    Address, AlertKind, Clock, Command, Epoch, HealthReader as _, Name, Now, RawAdvert, ReceiverId, ReplayRule,
    Request, TimeQuality, UnixMillis, WallTime,
};

use super::*;
use crate::{Config, Hub, Surroundings};

const BATH: Address = Address::new([0xA4, 0xC1, 0x38, 0, 0x11, 0x22]);
const SOMEBODY: Address = Address::new([0xC0, 0, 0, 0, 0, 1]);

/// A clock that is moved by hand.
struct Moved(BootId, Arc<AtomicU64>);

impl Clock for Moved {
    fn now(&self) -> Now {
        let ms = self.1.load(Ordering::Relaxed);
        let at = UnixMillis(1_795_234_340_123) + i64::try_from(ms).unwrap();
        let wall = WallTime { at, quality: TimeQuality::Synchronised };
        Now { stamp: Stamp { boot: self.0, ms }, us: ms * 1000, wall }
    }
}

/// An advert of somebody: a temperature in BTHome, or nothing that anybody knows.
fn advert(address: Address, now: Now, nth: u8) -> RawAdvert {
    let data = if address == BATH { vec![0x40, 0x00, nth, 0x02, 0xCA, 0x09] } else { vec![nth] };
    let id = if address == BATH { 0xFCD2 } else { 0x1234 };
    RawAdvert {
        receiver: ReceiverId(1),
        rssi: Some(-70),
        received_us: now.us,
        service_data: vec![(id, data)],
        ..RawAdvert::new(address, now.stamp)
    }
}

#[test]
fn an_owner_is_told_of_a_sensor_that_falls_silent_and_of_its_return() {
    let (folder, time) = (tempfile::tempdir().unwrap(), Arc::new(AtomicU64::new(1000)));
    let ticking = Arc::clone(&time);
    let clock = Box::new(move |boot, _| Arc::new(Moved(boot, ticking)) as Arc<dyn Clock>);
    let around =
        Surroundings { kernel_boot: [1; 16], epoch_if_new: Epoch(1), luck: Box::new(|bytes| bytes.fill(7)), clock };
    let hub = Hub::open(Config::with_store(folder.path()).unwrap(), around).unwrap();
    let (device, name) = (DeviceId::from(BATH), Some(Name::parse("Bath").unwrap()));
    let command = Command::AdoptDevice { device, name, room: None, key: None, replay: ReplayRule::Strict };
    hub.desk().execute_now(&Request { principal: "local".to_owned(), id: None, command }).unwrap();
    let mut pipeline = hub.pipeline();
    let mut second = |is_heard: bool| {
        let ms = time.fetch_add(1000, Ordering::Relaxed) + 1000;
        let nth = u8::try_from(ms / 1000 % 256).unwrap();
        pipeline.hear(&advert(SOMEBODY, hub.clock().now(), nth)).unwrap();
        if is_heard && ms % 5000 == 0 {
            pipeline.hear(&advert(BATH, hub.clock().now(), nth)).unwrap();
        }
        pipeline.tick().unwrap();
    };
    let contact = || hub.bus().snapshot().contacts.get(&device).cloned().unwrap();
    (0..30).for_each(|_| second(true));
    assert_eq!((contact().is_lost, contact().interval_ms), (None, None));
    (0..100).for_each(|_| second(true));
    assert_eq!((contact().is_lost, contact().interval_ms), (Some(false), Some(5000)));
    (0..60).for_each(|_| second(false));
    let alerts = hub.doctor().health().alerts;
    let [alert] = alerts.as_slice() else { panic!("{alerts:?}") };
    assert_eq!((alert.kind, alert.device, alert.severity), (AlertKind::DeviceSilent, Some(device), Severity::Warning));
    let advice = "Bath has not been heard for 18 s. It usually sends every 5 s. Look at its battery";
    assert!(alert.advice.starts_with(advice), "{}", alert.advice);
    assert_eq!(contact().is_lost, Some(true));
    (0..5).for_each(|_| second(true));
    assert_eq!((hub.doctor().health().alerts, contact().is_lost), (Vec::new(), Some(false)));
}

#[test]
fn times_are_said_as_people_say_them() {
    for (ms, words) in [(900, "1 s"), (119_000, "119 s"), (600_000, "10 minutes"), (90_000_000, "25 hours")] {
        assert_eq!(in_words(Duration::from_millis(ms)), words);
    }
}
