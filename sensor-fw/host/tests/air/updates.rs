//! New programs over the air, through lost links and empty batteries.

use ed25519_dalek::SigningKey;
use fw_host::{CeremonyError, LinkError, Owned, Owner, SensorId, Session, World};
use sha2::{Digest as _, Sha512};
use wire::{
    firmware::Version,
    manifest::{self, KeyId, Manifest, TrustedKey},
    message::Name,
    service::{Answer, Ask, MAX_CHUNK, Progress, Stage},
    settings::Settings,
    setup_code::Product,
};

use crate::home::{DAY_US, HOUR_US, MINUTE_US, simulated};

const VERSION: Version = Version([9, 1, 2, 3]);

/// An image with its manifest.
struct Update {
    manifest: [u8; manifest::LENGTH],
    image: Vec<u8>,
}

fn signer() -> SigningKey {
    SigningKey::from_bytes(&[7; 32])
}

impl Update {
    fn new(bytes: usize) -> Self {
        let image: Vec<u8> = (0..bytes).map(|at| (at % 251) as u8).collect();
        let manifest = Manifest {
            product: Product(1),
            hardware_mask: 1,
            version: VERSION,
            security_counter: 1,
            length: bytes as u32,
            digest: Sha512::digest(&image).into(),
            key: KeyId(1),
        };
        Self { manifest: manifest.sign(&signer()), image }
    }

    /// Brings it from where the sensor has it on, and tells from where that was.
    fn send(&self, session: &mut Session<'_>) -> Result<u32, CeremonyError> {
        let from = ask(session, &Ask::Offer { manifest: &self.manifest })?.received;
        for (nth, bytes) in self.image[from as usize..].chunks(MAX_CHUNK).enumerate() {
            let offset = from + (nth * MAX_CHUNK) as u32;
            ask(session, &Ask::Chunk { offset, bytes })?;
        }
        Ok(from)
    }
}

fn ask(session: &mut Session<'_>, question: &Ask<'_>) -> Result<Progress, CeremonyError> {
    let mut buffer = [0; 1024];
    let length = question.write(&mut buffer).unwrap();
    let answer = session.ask_bytes(&buffer[..length])?;
    match Answer::parse(&answer).unwrap() {
        Answer::Progress(progress) => Ok(progress),
        other => panic!("{other:?}"),
    }
}

fn updatable() -> (World, Owner, Owned, SensorId) {
    let (mut world, mut owner) = (World::new(21), Owner::new(21));
    let (mut simulated, code, _) = simulated(21);
    let public_key = signer().verifying_key().to_bytes();
    simulated.trusted = [1, 2].map(|id| TrustedKey { id: KeyId(id), public_key });
    let id = world.add(simulated);
    let settings = Settings { window_every_s: 60, ..Settings::DEFAULT };
    let owned = owner.pair(&mut world, &code, (Name::new("Kitchen").unwrap(), settings), MINUTE_US).unwrap();
    (world, owner, owned, id)
}

#[test]
fn a_sensor_takes_a_new_program_through_lost_links_and_a_battery_change() {
    let (mut world, mut owner, owned, id) = updatable();
    let update = Update::new(40_000);
    let mut came = Vec::new();
    for attempt in 0..4 {
        let (mut session, info) = owner.reach(&mut world, &owned, HOUR_US).unwrap();
        assert_ne!(info.firmware, VERSION);
        if attempt < 3 {
            session.lose_after(100 + 17 * attempt);
        }
        match update.send(&mut session) {
            Ok(from) => came.push(from),
            Err(error) => assert!(matches!(error, CeremonyError::Link(LinkError::Gone)), "{error:?}"),
        }
        drop(session);
        if attempt == 1 {
            world.change_battery(id);
        }
    }
    assert!(came.len() == 1 && came[0] > 10_000, "what came before is not sent again: {came:?}");

    let (mut session, _) = owner.reach(&mut world, &owned, HOUR_US).unwrap();
    assert_eq!(ask(&mut session, &Ask::Install).unwrap().stage, Stage::Installing);
    session.end();
    // It starts anew, measures, sends, and is spoken to: then it stays.
    let (mut session, info) = owner.reach(&mut world, &owned, HOUR_US).unwrap();
    assert_eq!((info.firmware, info.owner_epoch), (VERSION, 1));
    assert_eq!(ask(&mut session, &Ask::Progress).unwrap().stage, Stage::Trial);
    session.end();
    let (mut session, _) = owner.reach(&mut world, &owned, HOUR_US).unwrap();
    assert_eq!(ask(&mut session, &Ask::Progress).unwrap().stage, Stage::None);
    session.end();
    world.change_battery(id);
    assert_eq!(owner.reach(&mut world, &owned, HOUR_US).unwrap().1.firmware, VERSION);
    assert_eq!(world.stopped(id), None);
}

#[test]
fn a_program_that_its_hub_cannot_speak_to_is_taken_back() {
    let (mut world, mut owner, owned, _) = updatable();
    let (mut session, before) = owner.reach(&mut world, &owned, HOUR_US).unwrap();
    Update::new(5000).send(&mut session).unwrap();
    ask(&mut session, &Ask::Install).unwrap();
    session.end();
    // Nobody comes, three starts long.
    let now_us = world.now_us();
    world.run_until(now_us + 2 * DAY_US);
    let (mut session, info) = owner.reach(&mut world, &owned, HOUR_US).unwrap();
    assert_eq!(info.firmware, before.firmware);
    assert!(info.boot >= 4, "{}", info.boot);
    assert_eq!(ask(&mut session, &Ask::Progress).unwrap().stage, Stage::Reverted);
}
