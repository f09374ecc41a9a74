//! Who owns simulated sensors: the hub's end of a pairing and of the sessions after it, by `snow` and the wire's documents.
//!
//! It knows nothing that a hub would not: it hears adverts, has the setup code, connects, and keeps the key that it gave.

use std::fmt;

use chacha20::ChaCha8Rng;
use rand_core::{Rng as _, SeedableRng as _};
use wire::{
    bthome::{Address, MAX_SERVICE_DATA, v2},
    gatt,
    keys::{self, Epoch},
    message::{
        Hello, HubId, Info, MAX_LENGTH, MessageError, Name, PROTOCOL, Provision, Purpose, Refusal, ToHub, ToSensor,
    },
    pairing_advert::PairingAdvert,
    pipe::{LoadError, MAX_MESSAGE, PipeError, Reassembler, Splitter},
    seal,
    secret::{DeviceKey, Psk},
    settings::Settings,
    setup_code::{PublicKey, SetupCode},
};

use crate::world::{Link, LinkError, World};

/// How long a sensor has for an answer: it does not think for long.
const PATIENCE_US: u64 = 10_000_000;
/// How often whoever waits for an advert looks what was sent.
const LOOK_US: u64 = 100_000;
/// What sealing makes a message longer by.
const SEAL: usize = 16;

/// Why a ceremony was given up.
#[derive(Debug, thiserror::Error)]
pub enum CeremonyError {
    /// No pairing advert of this setup code was heard.
    #[error("pair a sensor: none with this setup code was heard")]
    Unheard,
    /// No advert under the new key was heard.
    #[error("pair a sensor: no advert under its new key was heard")]
    Unproven,
    /// The link failed.
    #[error(transparent)]
    Link(#[from] LinkError),
    /// The sensor's pieces make no message.
    #[error("put together what a sensor said")]
    Pipe(#[from] PipeError),
    /// A question is too long.
    #[error("ask a sensor")]
    Load(#[from] LoadError),
    /// The session is not with the sensor that it should be with.
    #[error("understand a sensor, or be understood")]
    Noise(#[from] snow::Error),
    /// An answer cannot be read.
    #[error("read the answer of a sensor")]
    Message(#[from] MessageError),
    /// The sensor refused.
    #[error("persuade a sensor")]
    Refused(#[source] Refusal),
    /// It answered something else than was asked, or did not prove that it has its key.
    #[error("believe a sensor: its answer is not one to the question")]
    Unexpected,
}

/// A hub, as far as sensors see one.
pub struct Owner {
    luck: ChaCha8Rng,
    id: HubId,
    key: PublicKey,
}

/// A sensor that somebody owns.
#[derive(Debug, Clone)]
pub struct Owned {
    /// The address of its adverts.
    pub address: Address,
    /// Its key's turn.
    pub epoch: Epoch,
    /// Its key.
    pub key: DeviceKey,
}

impl Owned {
    /// What its adverts are sealed with.
    pub fn advert_key(&self) -> seal::Key {
        keys::advert_key(&self.key, self.epoch)
    }
}

/// Secrets are nobody's business.
impl fmt::Debug for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Owner").field("id", &self.id).finish_non_exhaustive()
    }
}

impl Owner {
    /// The hub of a seed.
    pub fn new(seed: u64) -> Self {
        let mut luck = ChaCha8Rng::seed_from_u64(seed);
        let (mut id, mut key) = ([0; 16], [0; 32]);
        luck.fill_bytes(&mut id);
        luck.fill_bytes(&mut key);
        Self { luck, id: HubId(id), key: PublicKey(key) }
    }

    /// Pairs the sensor with this setup code, which is heard within so long: connects, proves that it knows the code, gives
    /// it a key, hears an advert under that key, and confirms.
    ///
    /// # Errors
    /// [`CeremonyError`]. The sensor may have the key all the same; whoever pairs it again gives it another.
    pub fn pair(
        &mut self,
        world: &mut World,
        code: &SetupCode,
        (name, settings): (Name, Settings),
        patience_us: u64,
    ) -> Result<Owned, CeremonyError> {
        let from = await_pairing_advert(world, code, patience_us)?;
        let psk = keys::pairing_psk(&code.secret);
        let (mut session, info) =
            self.begin(world, from, Purpose::Pairing, (&psk, Some(&code.public_key)), patience_us)?;
        let mut key = [0; 32];
        self.luck.fill_bytes(&mut key);
        let owned = Owned { address: info.address, epoch: Epoch(1), key: DeviceKey::new(key) };
        let provision = ToSensor::Provision(Provision {
            device_key: owned.key.clone(),
            epoch: owned.epoch,
            owner_epoch: info.owner_epoch + 1,
            hub_key: self.key,
            unix_time_s: None,
            settings,
            name,
        });
        session.give_key(&provision, &owned)?;
        session.await_advert(&owned)?;
        match session.ask(&ToSensor::Confirm)? {
            ToHub::Confirmed => {
                session.end();
                Ok(owned)
            }
            _ => Err(CeremonyError::Unexpected),
        }
    }

    /// Reaches a sensor that is owned, in the next window that it opens within so long.
    ///
    /// # Errors
    /// [`CeremonyError`].
    pub fn reach<'w>(
        &mut self,
        world: &'w mut World,
        owned: &Owned,
        patience_us: u64,
    ) -> Result<(Session<'w>, Info), CeremonyError> {
        let psk = keys::link_psk(&owned.key, owned.epoch);
        self.begin(world, owned.address, Purpose::Link, (&psk, None), patience_us)
    }

    /// Connects and shakes hands.
    fn begin<'w>(
        &mut self,
        world: &'w mut World,
        address: Address,
        purpose: Purpose,
        (psk, key): (&Psk, Option<&PublicKey>),
        patience_us: u64,
    ) -> Result<(Session<'w>, Info), CeremonyError> {
        let (mut ephemeral, mut nonce) = ([0; 32], [0; 8]);
        self.luck.fill_bytes(&mut ephemeral);
        self.luck.fill_bytes(&mut nonce);
        let pattern = match purpose {
            Purpose::Pairing => "Noise_NKpsk0_25519_ChaChaPoly_SHA256",
            Purpose::Link => "Noise_NNpsk0_25519_ChaChaPoly_SHA256",
        };
        // Luck of the seed's: a real hub would take the machine's.
        let builder = snow::Builder::new(pattern.parse()?).prologue(purpose.prologue())?.psk(0, psk.expose())?;
        let builder = builder.fixed_ephemeral_key_for_testing_only(&ephemeral);
        let mut noise = match key {
            Some(key) => builder.remote_public_key(&key.0)?.build_initiator()?,
            None => builder.build_initiator()?,
        };
        let hello = ToSensor::Hello(Hello { lowest: PROTOCOL, highest: PROTOCOL, hub: self.id, nonce });
        let mut message = vec![0; MAX_MESSAGE];
        let (head, body) = message.split_first_mut().ok_or(CeremonyError::Unexpected)?;
        *head = purpose.code();
        let length = noise.write_message(&written(&hello), body)?;
        message.truncate(1 + length);

        let link = world.connect(address, patience_us)?;
        let mut pipe = Pipe { world, link: Some(link), splitter: Splitter::new(), reassembler: Reassembler::new() };
        let answer = pipe.ask(&message)?;
        let mut plain = vec![0; MAX_MESSAGE];
        let length = noise.read_message(&answer, &mut plain)?;
        let info = match ToHub::parse(plain.get(..length).unwrap_or_default())? {
            ToHub::Info(info) => info,
            ToHub::Refused(refusal) => return Err(CeremonyError::Refused(refusal)),
            _ => return Err(CeremonyError::Unexpected),
        };
        let hash = noise.get_handshake_hash().to_vec();
        Ok((Session { pipe, noise: Box::new(noise.into_transport_mode()?), hash }, info))
    }
}

/// Waits for the pairing advert of this setup code, and tells from which address it came.
fn await_pairing_advert(world: &mut World, code: &SetupCode, patience_us: u64) -> Result<Address, CeremonyError> {
    let end_us = world.now_us().saturating_add(patience_us);
    while world.now_us() < end_us {
        let heard = world.overhear((world.now_us() + LOOK_US).min(end_us));
        let is_ours = |data: &[u8]| PairingAdvert::parse(data).is_ok_and(|advert| advert.is_of(&code.secret));
        let ours = heard.iter().find(|pdu| pdu.service_data_128(gatt::SERVICE).is_some_and(is_ours));
        if let Some(pdu) = ours {
            return Ok(pdu.from);
        }
    }
    Err(CeremonyError::Unheard)
}

fn written(question: &ToSensor) -> Vec<u8> {
    let mut buffer = [0; MAX_LENGTH];
    // There is room for every message.
    let length = question.write(&mut buffer).unwrap_or_default();
    buffer.get(..length).unwrap_or_default().to_vec()
}

/// Messages over a link. It hangs up when it is dropped.
struct Pipe<'w> {
    world: &'w mut World,
    link: Option<Link>,
    splitter: Splitter,
    reassembler: Reassembler,
}

impl Pipe<'_> {
    fn ask(&mut self, message: &[u8]) -> Result<Vec<u8>, CeremonyError> {
        let link = self.link.as_mut().ok_or(LinkError::Gone)?;
        self.splitter.load(message)?;
        while let Some(piece) = self.splitter.next(link.piece_size()) {
            self.world.write(link, piece.bytes())?;
        }
        loop {
            let piece = self.world.notification(link, PATIENCE_US)?;
            if let Some(message) = self.reassembler.push(&piece)? {
                return Ok(message.to_vec());
            }
        }
    }
}

impl Drop for Pipe<'_> {
    fn drop(&mut self) {
        if let Some(link) = self.link.take() {
            self.world.disconnect(link);
        }
    }
}

/// A session with a sensor: questions and answers that nobody else can read. It hangs up when it is dropped.
pub struct Session<'w> {
    pipe: Pipe<'w>,
    noise: Box<snow::TransportState>,
    hash: Vec<u8>,
}

impl fmt::Debug for Session<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("link", &self.pipe.link).finish_non_exhaustive()
    }
}

impl Session<'_> {
    /// Asks, and returns the answer.
    ///
    /// # Errors
    /// [`CeremonyError`]; a refusal is one.
    pub fn ask(&mut self, question: &ToSensor) -> Result<ToHub, CeremonyError> {
        match ToHub::parse(&self.ask_bytes(&written(question))?)? {
            ToHub::Refused(refusal) => Err(CeremonyError::Refused(refusal)),
            answer => Ok(answer),
        }
    }

    /// Asks in bytes, as `wire::service` writes them, and returns those of the answer.
    ///
    /// # Errors
    /// [`CeremonyError`].
    pub fn ask_bytes(&mut self, question: &[u8]) -> Result<Vec<u8>, CeremonyError> {
        let mut sealed = vec![0; question.len() + SEAL];
        let length = self.noise.write_message(question, &mut sealed)?;
        let answer = self.pipe.ask(sealed.get(..length).unwrap_or_default())?;
        let mut plain = vec![0; answer.len()];
        let length = self.noise.read_message(&answer, &mut plain)?;
        plain.truncate(length);
        Ok(plain)
    }

    /// Loses the link after so many more packets of it: see [`World::lose_after`].
    pub fn lose_after(&mut self, packets: u32) {
        if let Some(link) = &self.pipe.link {
            self.pipe.world.lose_after(link, packets);
        }
    }

    /// Hangs up.
    pub fn end(self) {
        drop(self);
    }

    /// Gives a key, and checks the proof that it was taken.
    fn give_key(&mut self, question: &ToSensor, owned: &Owned) -> Result<(), CeremonyError> {
        let ToHub::Done(done) = self.ask(question)? else { return Err(CeremonyError::Unexpected) };
        let parts = [self.hash.as_slice(), &written(question), &done.first_counter.to_le_bytes()];
        match keys::confirmation(&owned.key, owned.epoch, &parts) == done.confirmation {
            true => Ok(()),
            false => Err(CeremonyError::Unexpected),
        }
    }

    /// Waits for an advert under this key: then all that comes later can be read, too.
    fn await_advert(&mut self, owned: &Owned) -> Result<(), CeremonyError> {
        let world = &mut *self.pipe.world;
        let end_us = world.now_us().saturating_add(PATIENCE_US);
        let key = owned.advert_key();
        while world.now_us() < end_us {
            for pdu in world.overhear((world.now_us() + LOOK_US).min(end_us)) {
                let frame = pdu.service_data_16(v2::UUID).and_then(|data| v2::Frame::parse(data).ok());
                let mut buffer = [0; MAX_SERVICE_DATA];
                if frame.is_some_and(|frame| frame.open(&key, pdu.from, &mut buffer).is_ok()) {
                    return Ok(());
                }
            }
        }
        Err(CeremonyError::Unproven)
    }
}
