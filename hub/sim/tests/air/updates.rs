//! New programs over the air, through lost links and empty batteries.

use ed25519_dalek::SigningKey;
use fw_host::{SensorId, World};
use hub_link::{TalkError, first_settings};
use hub_model::{Claim, LinkError, SensorSettings};
use hub_sim::{Owner, Talk, at_once};
use sha2::{Digest as _, Sha512};
use wire::{
    firmware::Version,
    manifest::{self, KeyId, Manifest, TrustedKey},
    service::{Answer, Ask, MAX_CHUNK, Progress, Stage},
    setup_code::Product,
};

use crate::home::{DAY_US, HOUR_US, MINUTE_US, named, simulated};

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
    fn send(&self, session: &mut Talk<'_>) -> Result<u32, TalkError> {
        let from = ask(session, &Ask::Offer { manifest: &self.manifest })?.received;
        for (nth, bytes) in self.image[from as usize..].chunks(MAX_CHUNK).enumerate() {
            let offset = from + (nth * MAX_CHUNK) as u32;
            ask(session, &Ask::Chunk { offset, bytes })?;
        }
        Ok(from)
    }
}

fn ask(session: &mut Talk<'_>, question: &Ask<'_>) -> Result<Progress, TalkError> {
    let answer = at_once(session.serve(question))?;
    match Answer::parse(&answer).unwrap() {
        Answer::Progress(progress) => Ok(progress),
        other => panic!("{other:?}"),
    }
}

fn updatable() -> (World, Owner, Claim, SensorId) {
    let (mut world, mut owner) = (World::new(21), Owner::new(21));
    let (mut simulated, label, _) = simulated(21);
    let public_key = signer().verifying_key().to_bytes();
    simulated.trusted = [1, 2].map(|id| TrustedKey { id: KeyId(id), public_key });
    let id = world.add(simulated);
    let settings = SensorSettings { window_every_s: 60, ..first_settings() };
    let claim = owner.pair(&mut world, &label, (named("Kitchen"), settings), MINUTE_US).unwrap();
    (world, owner, claim, id)
}

#[test]
fn a_sensor_takes_a_new_program_through_lost_links_and_a_battery_change() {
    let (mut world, mut owner, claim, id) = updatable();
    let update = Update::new(40_000);
    let mut came = Vec::new();
    for attempt in 0..4 {
        let mut session = owner.reach(&mut world, &claim, HOUR_US).unwrap();
        assert_ne!(session.info().firmware, VERSION);
        if attempt < 3 {
            session.link().lose_after(100 + 17 * attempt);
        }
        match update.send(&mut session) {
            Ok(from) => came.push(from),
            Err(error) => assert!(matches!(error, TalkError::Link(LinkError::Lost)), "{error:?}"),
        }
        drop(session);
        if attempt == 1 {
            world.change_battery(id);
        }
    }
    assert!(came.len() == 1 && came[0] > 10_000, "what came before is not sent again: {came:?}");

    let mut session = owner.reach(&mut world, &claim, HOUR_US).unwrap();
    assert_eq!(ask(&mut session, &Ask::Install).unwrap().stage, Stage::Installing);
    at_once(session.end());
    // It starts anew, measures, sends, and is spoken to: then it stays.
    let mut session = owner.reach(&mut world, &claim, HOUR_US).unwrap();
    assert_eq!((session.info().firmware, session.info().owner_epoch), (VERSION, 1));
    assert_eq!(ask(&mut session, &Ask::Progress).unwrap().stage, Stage::Trial);
    at_once(session.end());
    let mut session = owner.reach(&mut world, &claim, HOUR_US).unwrap();
    assert_eq!(ask(&mut session, &Ask::Progress).unwrap().stage, Stage::None);
    at_once(session.end());
    world.change_battery(id);
    assert_eq!(owner.reach(&mut world, &claim, HOUR_US).unwrap().info().firmware, VERSION);
    assert_eq!(world.stopped(id), None);
}

#[test]
fn a_program_that_its_hub_cannot_speak_to_is_taken_back() {
    let (mut world, mut owner, claim, _) = updatable();
    let mut session = owner.reach(&mut world, &claim, HOUR_US).unwrap();
    let before = session.info().firmware;
    Update::new(5000).send(&mut session).unwrap();
    ask(&mut session, &Ask::Install).unwrap();
    at_once(session.end());
    // Nobody comes, three starts long.
    let now_us = world.now_us();
    world.run_until(now_us + 2 * DAY_US);
    let mut session = owner.reach(&mut world, &claim, HOUR_US).unwrap();
    assert_eq!(session.info().firmware, before);
    assert!(session.info().boot >= 4, "{}", session.info().boot);
    assert_eq!(ask(&mut session, &Ask::Progress).unwrap().stage, Stage::Reverted);
}
