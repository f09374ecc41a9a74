use std::{
    fs, io,
    os::unix::fs::PermissionsExt,
    sync::atomic::{AtomicBool, Ordering::Relaxed},
};

use hub_model::{Address, BindKey, BootId, Format, ReplayRule, RequestId};

use super::*;
use crate::{FORMAT, LETTERS, Refused, tables, tables::begin};

const BATH: DeviceId = DeviceId::from_u64(0xA4C1_3800_1122);
const HOUR: i64 = 3_600_000;

fn request(id: Option<&str>, command: Command) -> Request {
    let id = id.map(|id| RequestId::parse(id).unwrap());
    Request { principal: "local".into(), id, command }
}

fn room(name: &str) -> Command {
    Command::CreateRoom { name: Name::parse(name).unwrap() }
}

fn adopt(key: Option<[u8; 16]>, replay: ReplayRule) -> Command {
    Command::AdoptDevice { device: BATH, name: None, room: None, key: key.map(BindKey::new), replay }
}

fn done(registry: &mut Registry, command: Command) -> Change {
    match registry.execute(&request(None, command), UnixMillis(0)) {
        Ok(Executed::Done(change)) => change,
        other => panic!("{other:?}"),
    }
}

fn execute(registry: &mut Registry, id: &str, command: Command, now: i64) -> Result<Executed, CommandError> {
    registry.execute(&request(Some(id), command), UnixMillis(now))
}

#[test]
fn the_number_of_a_room_is_never_used_again() {
    let mut registry = Registry::in_memory().unwrap();
    assert_eq!(done(&mut registry, room("Bath")).room, Some(RoomId(1)));
    done(&mut registry, Command::RemoveRoom { room: RoomId(1) });
    assert_eq!(done(&mut registry, room("Bath")).room, Some(RoomId(2)));
    done(&mut registry, Command::NameRoom { room: RoomId(2), name: Name::parse("Hall").unwrap() });
    assert_eq!(done(&mut registry, room("Bath")).room, Some(RoomId(3)));
}

#[test]
fn removing_a_room_is_about_the_room_although_devices_change() {
    let mut registry = Registry::in_memory().unwrap();
    done(&mut registry, room("Bath"));
    done(&mut registry, adopt(None, ReplayRule::Strict));
    done(&mut registry, Command::PlaceDevice { device: BATH, room: Some(RoomId(1)) });
    let change = done(&mut registry, Command::RemoveRoom { room: RoomId(1) });
    assert_eq!((change.device, change.room, change.events.len()), (None, Some(RoomId(1)), 2));
}

#[test]
fn a_request_sent_twice_is_done_once_and_answered_alike() {
    let mut registry = Registry::in_memory().unwrap();
    let Ok(Executed::Done(change)) = execute(&mut registry, "a", room("Bath"), 0) else { panic!("not done") };
    let first = change.outcome(Seq(7));
    registry.complete(change.revision, Seq(7)).unwrap();
    let Ok(Executed::Repeated(again)) = execute(&mut registry, "a", room("Bath"), 23 * HOUR) else { panic!("done") };
    assert_eq!(again, Outcome { is_repeat: true, ..first });
    assert_eq!(registry.household().rooms.len(), 1);
}

#[test]
fn an_id_used_for_another_command_is_refused_but_not_for_another_principal() {
    let mut registry = Registry::in_memory().unwrap();
    execute(&mut registry, "a", room("Bath"), 0).unwrap();
    let refused = execute(&mut registry, "a", room("Hall"), 1).unwrap_err();
    assert_eq!(refused, CommandError::RequestIdReused { id: "a".into() });
    let other = Request { principal: "other".into(), ..request(Some("a"), room("Hall")) };
    assert!(matches!(registry.execute(&other, UnixMillis(1)), Ok(Executed::Done(_))));
}

#[test]
fn a_refused_command_is_not_remembered() {
    let mut registry = Registry::in_memory().unwrap();
    let place = Command::PlaceDevice { device: BATH, room: None };
    assert!(matches!(execute(&mut registry, "a", place.clone(), 0), Err(CommandError::DeviceNotFound { .. })));
    done(&mut registry, adopt(None, ReplayRule::Strict));
    assert!(matches!(execute(&mut registry, "a", place, 0), Ok(Executed::Done(_))));
}

#[test]
fn a_request_whose_events_were_never_published_is_handed_out_again() {
    let mut registry = Registry::in_memory().unwrap();
    let Ok(Executed::Done(first)) = execute(&mut registry, "a", room("Bath"), 0) else { panic!("not done") };
    let Ok(Executed::Done(again)) = execute(&mut registry, "a", room("Bath"), 0) else { panic!("not done") };
    assert_eq!((again.revision, &again.events, again.room), (first.revision, &first.events, first.room));
    assert!(again.is_repeat && again.outcome(Seq(3)).is_repeat);
    assert_eq!(registry.household().rooms.len(), 1);
}

#[test]
fn a_request_id_is_free_again_after_a_day() {
    let mut registry = Registry::in_memory().unwrap();
    let Ok(Executed::Done(change)) = execute(&mut registry, "a", room("Bath"), 0) else { panic!("not done") };
    registry.complete(change.revision, Seq(1)).unwrap();
    let later = execute(&mut registry, "a", room("Hall"), REQUEST_MS);
    assert!(matches!(later, Ok(Executed::Done(_))), "{later:?}");
    let again = execute(&mut registry, "a", room("Hall"), REQUEST_MS);
    assert!(matches!(again, Ok(Executed::Done(Change { is_repeat: true, .. }))), "{again:?}");
}

#[test]
fn what_is_older_than_a_day_is_forgotten_with_the_next_request() {
    let mut registry = Registry::in_memory().unwrap();
    for (i, at) in [0, HOUR, 2 * HOUR, 25 * HOUR].into_iter().enumerate() {
        execute(&mut registry, &format!("r{i}"), room(&format!("Room {i}")), at).unwrap();
    }
    assert_eq!(requests_kept(&registry), (2, 2));
}

#[test]
fn at_most_ten_thousand_requests_are_kept() {
    let registry = Registry::in_memory().unwrap();
    let transaction = begin(&registry.database).unwrap();
    for i in 1..=REQUESTS + 5 {
        let record = RequestRecord { fingerprint: 1, revision: i, at_ms: 0, device: None, room: None, seq: None };
        requests::remember(&transaction, "local", &format!("r{i}"), &record, UnixMillis(0)).unwrap();
    }
    transaction.commit().unwrap();
    assert_eq!(requests_kept(&registry), (REQUESTS, REQUESTS));
}

/// Rows of the two tables of requests.
fn requests_kept(registry: &Registry) -> (u64, u64) {
    use redb::ReadableTableMetadata;
    let transaction = registry.database.begin_read().unwrap();
    let requests = transaction.open_table(tables::REQUESTS).unwrap().len().unwrap();
    (requests, transaction.open_table(tables::REQUEST_ORDER).unwrap().len().unwrap())
}

#[test]
fn events_are_pending_until_they_are_complete() {
    let mut registry = Registry::in_memory().unwrap();
    let first = done(&mut registry, room("Bath"));
    let second = done(&mut registry, adopt(None, ReplayRule::Strict));
    let pending = registry.pending().unwrap();
    assert_eq!(pending.iter().map(|p| p.revision).collect::<Vec<_>>(), [first.revision, second.revision]);
    assert_eq!(pending.iter().map(|p| &p.events).collect::<Vec<_>>(), [&first.events, &second.events]);
    registry.complete(first.revision, Seq(1)).unwrap();
    registry.complete(first.revision, Seq(1)).unwrap();
    assert_eq!(registry.pending().unwrap().len(), 1);
}

#[test]
fn everything_is_there_after_the_file_was_closed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("registry.redb");
    let mut registry = Registry::open(&path).unwrap();
    done(&mut registry, room("Bath"));
    done(&mut registry, adopt(Some([7; 16]), ReplayRule::Compat));
    let noted = registry.note_format(BATH, Format::BthomeV2).unwrap().unwrap();
    assert_eq!(registry.note_format(BATH, Format::Pvvx).unwrap(), None);
    registry.note_wall(UnixMillis(5_000)).unwrap();
    registry.note_wall(UnixMillis(-4_000)).unwrap();
    assert_eq!(registry.boot([1; 16]).unwrap(), BootId(1));
    drop(registry);
    let mut registry = Registry::open(&path).unwrap();
    assert_eq!(registry.household(), noted);
    assert_eq!(registry.last_wall().unwrap(), Some(UnixMillis(-4_000)));
    assert_eq!((registry.boot([1; 16]).unwrap(), registry.boot([2; 16]).unwrap()), (BootId(1), BootId(2)));
    assert_eq!(registry.pending().unwrap().len(), 2);
}

#[test]
fn boots_grow_although_only_the_last_are_remembered() {
    let mut registry = Registry::in_memory().unwrap();
    for i in 1..=100_u8 {
        assert_eq!(registry.boot([i; 16]).unwrap(), BootId(u32::from(i)));
    }
    assert_eq!(registry.boot([100; 16]).unwrap(), BootId(100));
    assert_eq!(registry.boot([37; 16]).unwrap(), BootId(37));
    assert_eq!(registry.boot([36; 16]).unwrap(), BootId(101));
}

#[test]
fn nobody_else_may_read_the_keys() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("registry.redb");
    let mode = || fs::metadata(&path).unwrap().permissions().mode() & 0o777;
    drop(Registry::open(&path).unwrap());
    assert_eq!(mode(), 0o600);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    let mut registry = Registry::open(&path).unwrap();
    assert_eq!(mode(), 0o600);
    done(&mut registry, adopt(Some([0xAB; 16]), ReplayRule::Strict));
    assert_eq!(format!("{registry:?}"), "Registry { devices: 1, rooms: 0, .. }");
    let shown = format!("{:?}", registry.household()).to_lowercase();
    assert!(!shown.contains("171, 171") && !shown.contains("abab"), "{shown}");
}

#[test]
fn a_file_that_cannot_be_used_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("registry.redb");
    let registry = Registry::open(&path).unwrap();
    assert!(matches!(Registry::open(&path), Err(RegistryError::InUse)));
    let transaction = begin(&registry.database).unwrap();
    transaction.open_table(NUMBERS).unwrap().insert(tables::FORMAT_NUMBER, FORMAT + 1).unwrap();
    transaction.commit().unwrap();
    drop(registry);
    let newer = Registry::open(&path).unwrap_err();
    assert!(matches!(newer, RegistryError::NewerFormat { found: 2, known: 1 }));
    assert!(newer.to_string().contains("start the newer hubd that wrote it, or restore a backup"));
    assert_eq!(Registry::open(&path).unwrap_err().to_string(), newer.to_string());
    let missing = Registry::open(&folder.path().join("no/such/registry.redb")).unwrap_err();
    assert!(missing.to_string().contains("check that the folder exists"));
    fs::write(&path, b"this is no database, whatever its name says").unwrap();
    assert!(matches!(Registry::open(&path), Err(RegistryError::Store(_))));
}

#[test]
fn a_file_whose_making_was_cut_off_is_made_again() {
    let folder = tempfile::tempdir().unwrap();
    let (path, unfinished) = (folder.path().join("registry.redb"), folder.path().join("registry.redb.new"));
    fs::write(&unfinished, [0; 4096]).unwrap();
    done(&mut Registry::open(&path).unwrap(), room("Bath"));
    assert!(!unfinished.exists());
    assert_eq!(Registry::open(&path).unwrap().household().rooms.len(), 1);
}

#[test]
fn a_record_that_was_damaged_is_named() {
    let mut registry = Registry::in_memory().unwrap();
    done(&mut registry, adopt(None, ReplayRule::Strict));
    let transaction = begin(&registry.database).unwrap();
    transaction.open_table(DEVICES).unwrap().insert(BATH.as_u64(), [1, 2, 3].as_slice()).unwrap();
    transaction.commit().unwrap();
    let damaged = Contents::read(registry.database).map(drop).unwrap_err().to_string();
    assert!(damaged.starts_with("device a4c138001122 in the registry is damaged"), "{damaged}");
}

#[test]
fn dead_letters_come_back_with_their_numbers() {
    let mut registry = Registry::in_memory().unwrap();
    let letters = registry.dead_letters().unwrap();
    let refused = |n: u8| Refused {
        address: Address::new([n; 6]),
        is_adopted: true,
        code: "bad_mic",
        detail: "the key is wrong",
        part: "service_data:fcd2",
        bytes: &[1, 2, 3],
    };
    letters.record(refused(1), UnixMillis(5));
    letters.record(refused(2), UnixMillis(6));
    letters.record(refused(1), UnixMillis(7));
    registry.store_dead_letters(&letters.drain_dirty()).unwrap();
    let again = registry.dead_letters().unwrap();
    use hub_model::DeadLetterReader;
    assert_eq!(again.newest(None, LETTERS), letters.newest(None, LETTERS));
    again.record(refused(3), UnixMillis(8));
    assert_eq!(again.newest(None, 1).first().map(|letter| letter.id), Some(3));
    assert!(registry.store_dead_letters(&registry.dead_letters().unwrap().drain_dirty()).is_ok());
}

/// A disk that is full as long as it is told to be.
#[derive(Debug, Clone, Default)]
struct Card(Arc<(InMemoryBackend, AtomicBool)>);

impl Card {
    fn fill(&self, is_full: bool) {
        self.0.1.store(is_full, Relaxed);
    }

    fn room(&self) -> io::Result<&InMemoryBackend> {
        if self.0.1.load(Relaxed) { Err(io::ErrorKind::StorageFull.into()) } else { Ok(&self.0.0) }
    }
}

impl StorageBackend for Card {
    fn len(&self) -> io::Result<u64> {
        self.0.0.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.0.0.read(offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.room()?.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.room()?.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.room()?.write(offset, data)
    }
}

#[test]
fn a_disk_that_was_full_is_written_again_without_a_restart() {
    let card = Card::default();
    let disk = card.clone();
    let open = move || Ok(builder().create_with_backend(disk.clone())?);
    let mut registry = Registry::open_again(Box::new(open)).unwrap();
    done(&mut registry, room("Bath"));
    card.fill(true);
    for _ in 0..3 {
        let refused = execute(&mut registry, "a", room("Hall"), 0).unwrap_err();
        assert!(matches!(refused, CommandError::Store { .. }), "{refused}");
        assert_eq!(registry.household().rooms.len(), 1);
    }
    card.fill(false);
    let Ok(Executed::Done(change)) = execute(&mut registry, "a", room("Hall"), 0) else { panic!("not done") };
    registry.complete(change.revision, Seq(1)).unwrap();
    assert_eq!((registry.household().rooms.len(), registry.boot([1; 16]).unwrap()), (2, BootId(1)));
}
