//! What a change costs the card, counted and not timed.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};

use hub_model::{BindKey, Command, DeviceId, Name, ReplayRule, Request, RequestId, Seq, UnixMillis};
use hub_registry::{Executed, Registry};
use redb::{StorageBackend, backends::InMemoryBackend};

#[derive(Debug, Default)]
struct Counts {
    bytes: AtomicUsize,
    flushes: AtomicUsize,
}

#[derive(Debug)]
struct Counting(InMemoryBackend, Arc<Counts>);

impl StorageBackend for Counting {
    fn len(&self) -> io::Result<u64> {
        self.0.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.0.read(offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.0.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.1.flushes.fetch_add(1, Relaxed);
        self.0.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.1.bytes.fetch_add(data.len(), Relaxed);
        self.0.write(offset, data)
    }
}

#[test]
fn a_change_costs_two_flushes_and_a_dozen_pages() {
    let counts = Arc::new(Counts::default());
    let take = || (counts.bytes.swap(0, Relaxed), counts.flushes.swap(0, Relaxed));
    let mut registry = Registry::open_backend(Counting(InMemoryBackend::new(), Arc::clone(&counts))).unwrap();
    take();
    let mut worst = 0;
    for i in 1..=1_000_u64 {
        let key = Some(BindKey::new(u128::from(i).to_be_bytes()));
        let device = DeviceId::from_u64(i);
        let command = Command::AdoptDevice { device, name: None, room: None, key, replay: ReplayRule::Strict };
        let id = Some(RequestId::parse(&format!("r{i}")).unwrap());
        let executed = registry.execute(&Request { principal: "local".into(), id, command }, UnixMillis(0)).unwrap();
        let (bytes, flushes) = take();
        assert_eq!(flushes, 2, "adopting device {i}");
        worst = worst.max(bytes);
        if let Executed::Done(change) = executed {
            registry.complete(change.revision, Seq(i)).unwrap();
            assert_eq!(take().1, 2, "completing device {i}");
        }
    }
    assert!(worst <= 24 * 4_096, "{worst} bytes");
    registry.note_wall(UnixMillis(0)).unwrap();
    let (bytes, flushes) = take();
    assert!(bytes <= 8 * 4_096 && flushes == 2, "{bytes} bytes, {flushes} flushes");
}

#[test]
fn what_is_refused_or_done_before_costs_nothing() {
    let counts = Arc::new(Counts::default());
    let mut registry = Registry::open_backend(Counting(InMemoryBackend::new(), Arc::clone(&counts))).unwrap();
    let id = Some(RequestId::parse("a").unwrap());
    let command = Command::CreateRoom { name: Name::parse("Bath").unwrap() };
    let request = Request { principal: "local".into(), id, command };
    registry.execute(&request, UnixMillis(0)).unwrap();
    let before = counts.bytes.load(Relaxed);
    registry.execute(&request, UnixMillis(0)).unwrap();
    assert!(registry.execute(&Request { id: None, ..request }, UnixMillis(0)).is_err());
    assert_eq!(counts.bytes.load(Relaxed), before);
}
