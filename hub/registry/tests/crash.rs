//! Power cuts at every write and flush: what was acknowledged is there, what was under way is there wholly or not at all.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use std::{
    io,
    sync::{Arc, Mutex},
};

use hub_model::{
    Address, BindKey, BootId, Command, DeadLetter, DeadLetterReader, DeviceId, Format, Household, Name, Quantity,
    ReplayRule, Request, RequestId, RoomId, Seq, UnixMillis,
};
use hub_registry::{DeadLetters, Executed, Pending, Refused, Registry, RegistryError};
use redb::StorageBackend;

const BATH: DeviceId = DeviceId::from_u64(0xA4C1_3800_1122);
const SECTOR: usize = 512;

/// A disk that loses its power before the operation number `cut`, and with it an arbitrary part of what was not flushed.
#[derive(Debug, Clone)]
struct Disk(Arc<Mutex<Platter>>);

#[derive(Debug)]
struct Platter {
    flushed: Vec<u8>,
    /// What the program sees.
    seen: Vec<u8>,
    /// Sectors written since the last flush.
    unflushed: Vec<(usize, Vec<u8>)>,
    operations: usize,
    cut: usize,
}

impl Disk {
    fn new(image: Vec<u8>, cut: usize) -> Self {
        let platter = Platter { flushed: image.clone(), seen: image, unflushed: vec![], operations: 0, cut };
        Self(Arc::new(Mutex::new(platter)))
    }

    /// What is on the disk when the power comes back: each sector that was not flushed is there or is not.
    fn after_cut(&self, seed: u64) -> Vec<u8> {
        let platter = self.0.lock().unwrap();
        let mut image = platter.flushed.clone();
        let mut luck = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
        for (offset, sector) in &platter.unflushed {
            luck ^= luck << 13;
            luck ^= luck >> 7;
            luck ^= luck << 17;
            // Seed 0: nothing arrived. Seed 1: all did.
            let arrived = match seed {
                0 => false,
                1 => true,
                _ => luck & 1 == 0,
            };
            if arrived {
                image.resize(image.len().max(offset + sector.len()), 0);
                image[*offset..offset + sector.len()].copy_from_slice(sector);
            }
        }
        image
    }

    fn operations(&self) -> usize {
        self.0.lock().unwrap().operations
    }
}

impl Platter {
    fn operate(&mut self) -> io::Result<()> {
        if self.operations >= self.cut {
            return Err(io::Error::other("the power is cut"));
        }
        self.operations += 1;
        Ok(())
    }
}

impl StorageBackend for Disk {
    fn len(&self) -> io::Result<u64> {
        Ok(self.0.lock().unwrap().seen.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let platter = self.0.lock().unwrap();
        let start = offset as usize;
        let bytes = platter.seen.get(start..start + out.len()).ok_or(io::ErrorKind::UnexpectedEof)?;
        out.copy_from_slice(bytes);
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let mut platter = self.0.lock().unwrap();
        platter.operate()?;
        // Metadata goes to its own journal: a length holds at once, in the order given.
        platter.seen.resize(len as usize, 0);
        platter.flushed.resize(len as usize, 0);
        platter.unflushed.retain(|(offset, sector)| offset + sector.len() <= len as usize);
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        let mut platter = self.0.lock().unwrap();
        platter.operate()?;
        platter.flushed = platter.seen.clone();
        platter.unflushed.clear();
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut platter = self.0.lock().unwrap();
        platter.operate()?;
        let start = offset as usize;
        platter.seen.get_mut(start..start + data.len()).ok_or(io::ErrorKind::UnexpectedEof)?.copy_from_slice(data);
        for (i, sector) in data.chunks(SECTOR).enumerate() {
            platter.unflushed.push((start + i * SECTOR, sector.to_vec()));
        }
        Ok(())
    }
}

/// All that the registry keeps, as its callers see it.
#[derive(Debug, Clone, PartialEq)]
struct State {
    household: Arc<Household>,
    pending: Vec<Pending>,
    wall: Option<UnixMillis>,
    counter: Option<u32>,
    letters: Vec<DeadLetter>,
}

fn state(registry: &Registry) -> State {
    State {
        household: registry.household(),
        pending: registry.pending().unwrap(),
        wall: registry.last_wall().unwrap(),
        counter: registry.counter_to_restore(BATH, None),
        letters: registry.dead_letters().unwrap().newest(None, usize::MAX),
    }
}

/// One durable step in the life of a registry.
type Step = Box<dyn Fn(&mut Registry) -> Result<(), RegistryError>>;

fn command(id: &str, command: Command) -> Request {
    Request { principal: "local".into(), id: Some(RequestId::parse(id).unwrap()), command }
}

fn life() -> Vec<Step> {
    let name = |text: &str| Name::parse(text).unwrap();
    let commands = vec![
        Command::CreateRoom { name: name("Bath") },
        Command::AdoptDevice {
            device: BATH,
            name: Some(name("Shelf")),
            room: Some(RoomId(1)),
            key: Some(BindKey::new([7; 16])),
            replay: ReplayRule::Strict,
        },
        Command::CalibrateDevice { device: BATH, quantity: Quantity::Temperature, instance: 0, offset: -60 },
        Command::CreateRoom { name: name("Hall") },
        Command::PlaceDevice { device: BATH, room: Some(RoomId(2)) },
        Command::SecureDevice { device: BATH, key: Some(BindKey::new([8; 16])), replay: ReplayRule::Compat },
        Command::RemoveRoom { room: RoomId(2) },
    ];
    let mut steps: Vec<Step> = Vec::new();
    for (i, done) in commands.into_iter().enumerate() {
        let request = command(&format!("r{i}"), done);
        steps.push(Box::new(move |registry| match registry.execute(&request, UnixMillis(0)) {
            Ok(Executed::Done(_)) => Ok(()),
            Err(hub_model::CommandError::Store { .. }) => Err(RegistryError::InUse),
            other => panic!("{other:?}"),
        }));
        if i % 2 == 0 {
            steps.push(Box::new(move |registry| {
                let pending = registry.pending()?;
                pending.last().map_or(Ok(()), |last| registry.complete(last.revision, Seq(i as u64)))
            }));
        }
    }
    steps.insert(4, Box::new(|registry| registry.retire_counter(BATH, Some(900))));
    steps.insert(5, Box::new(|registry| registry.note_wall(UnixMillis(1_700_000_000_000))));
    steps.insert(6, Box::new(|registry| registry.note_format(BATH, Format::BthomeV2).map(drop)));
    steps.push(Box::new(|registry| registry.store_dead_letters(&letters().drain_dirty())));
    steps
}

fn letters() -> DeadLetters {
    let letters = DeadLetters::new(vec![], 1);
    for n in 0..40 {
        let address = Address::new([n; 6]);
        let refused = Refused { address, is_adopted: false, code: "bad_mic", detail: "x", part: "y", bytes: &[n; 20] };
        letters.record(refused, UnixMillis(0));
    }
    letters
}

/// A registry that was just made. (A file is made whole before it gets its name, so no cut falls before this.)
fn made() -> Vec<u8> {
    let disk = Disk::new(vec![], usize::MAX);
    drop(Registry::open_backend(disk.clone()).unwrap());
    disk.after_cut(0)
}

/// Lives until the power is cut: the states that were acknowledged.
fn live(disk: &Disk) -> Vec<State> {
    let Ok(mut registry) = Registry::open_backend(disk.clone()) else { return vec![] };
    let mut states = vec![state(&registry)];
    for step in life() {
        if step(&mut registry).is_err() {
            break;
        }
        states.push(state(&registry));
    }
    states
}

#[test]
fn a_power_cut_at_any_write_leaves_the_state_before_or_after() {
    let whole = Disk::new(made(), usize::MAX);
    let states = live(&whole);
    assert_eq!(states.len(), life().len() + 1);
    let operations = whole.operations();
    let mut cuts = 0;
    for cut in 0..operations {
        for seed in 0..4 {
            let disk = Disk::new(made(), cut);
            let acknowledged = live(&disk);
            let image = disk.after_cut(seed);
            let registry = Registry::open_backend(Disk::new(image, usize::MAX))
                .unwrap_or_else(|error| panic!("cut {cut}, seed {seed}: {error:?}"));
            let found = state(&registry);
            let before = acknowledged.len().saturating_sub(1);
            let is_whole = states[before..].iter().take(2).any(|state| *state == found);
            assert!(is_whole, "cut {cut} of {operations}, seed {seed}, after {before} steps: {found:#?}");
            cuts += 1;
        }
    }
    println!("{cuts} cuts");
    assert!(cuts > 400, "{cuts} cuts");
}

#[test]
fn a_second_cut_during_the_repair_loses_nothing_either() {
    let whole = Disk::new(made(), usize::MAX);
    let states = live(&whole);
    for cut in (0..whole.operations()).step_by(7) {
        let disk = Disk::new(made(), cut);
        let acknowledged = live(&disk);
        for second in 0..12 {
            let repairing = Disk::new(disk.after_cut(cut as u64 + 2), second);
            drop(Registry::open_backend(repairing.clone()));
            let registry = Registry::open_backend(Disk::new(repairing.after_cut(second as u64 + 2), usize::MAX))
                .unwrap_or_else(|error| panic!("cuts {cut} and {second}: {error:?}"));
            let found = state(&registry);
            let before = acknowledged.len().saturating_sub(1);
            assert!(
                states[before..].iter().take(2).any(|state| *state == found),
                "cuts {cut} and {second}: {found:#?}"
            );
        }
    }
}

#[test]
fn a_command_whose_answer_was_cut_off_is_done_once_when_it_is_sent_again() {
    let request = command("r0", Command::CreateRoom { name: Name::parse("Bath").unwrap() });
    let mut outcomes = [0, 0];
    for cut in 0..60 {
        let disk = Disk::new(made(), cut);
        if let Ok(mut registry) = Registry::open_backend(disk.clone()) {
            drop(registry.execute(&request, UnixMillis(0)));
        }
        let mut registry = Registry::open_backend(Disk::new(disk.after_cut(cut as u64), usize::MAX)).unwrap();
        let Ok(Executed::Done(change)) = registry.execute(&request, UnixMillis(5)) else { panic!("not done at {cut}") };
        outcomes[usize::from(change.is_repeat)] += 1;
        assert_eq!(registry.household().rooms.keys().collect::<Vec<_>>(), [&RoomId(1)]);
        assert_eq!(registry.pending().unwrap().len(), 1);
    }
    assert!(outcomes[0] > 0 && outcomes[1] > 0, "{outcomes:?}");
}

#[test]
fn after_a_failed_write_the_registry_says_so_and_shows_what_was_acknowledged() {
    let whole = Disk::new(vec![], usize::MAX);
    let mut registry = Registry::open_backend(whole.clone()).unwrap();
    registry
        .execute(&command("r0", Command::CreateRoom { name: Name::parse("Bath").unwrap() }), UnixMillis(0))
        .unwrap();
    whole.0.lock().unwrap().cut = 0;
    for i in 1..4 {
        let create = Command::CreateRoom { name: Name::parse(&format!("Room {i}")).unwrap() };
        let refused = registry.execute(&command(&format!("r{i}"), create), UnixMillis(0)).unwrap_err().to_string();
        assert!(refused.starts_with("the hub could not store the change: the registry could not be"), "{refused}");
        assert_eq!(registry.household().rooms.len(), 1);
    }
    assert!(registry.boot([1; 16]).is_err());
    let mut again = Registry::open_backend(Disk::new(whole.after_cut(0), usize::MAX)).unwrap();
    assert_eq!((again.household().rooms.len(), again.boot([1; 16]).unwrap()), (1, BootId(1)));
}
