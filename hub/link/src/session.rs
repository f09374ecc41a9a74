use std::fmt;

use hub_model::{Address, Claim, FirmwareVersion, Link, SensorKey, SensorSettings, UnixMillis, Wishes};
use wire::{
    keys::{self, Epoch},
    message::{Hello, Info, MAX_LENGTH, Name, PROTOCOL, Provision, Purpose, Rotate, ToHub, ToSensor},
    pipe::MAX_MESSAGE,
    secret::Psk,
    service::{Answer, Ask, Health},
    setup_code::PublicKey,
};

use crate::{
    HubIdentity, Label, TalkError,
    identity::device_key,
    pipe::Pipe,
    settings::{first_settings, of_wire, to_wire},
};

pub(crate) const PAIRING: &str = "Noise_NKpsk0_25519_ChaChaPoly_SHA256";
const LINK: &str = "Noise_NNpsk0_25519_ChaChaPoly_SHA256";
/// What sealing makes a message longer by.
const SEAL: usize = 16;

/// A session with a sensor: questions and answers that nobody else can read. It hangs up when it is dropped.
pub struct Session<L> {
    pipe: Pipe<L>,
    noise: Box<snow::TransportState>,
    hash: Vec<u8>,
    info: Info,
}

/// A key that was given and taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Given {
    /// No advert under the new key has a lower counter.
    pub first_counter: u32,
}

impl<L: fmt::Debug> fmt::Debug for Session<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("link", &self.pipe.link).field("info", &self.info).finish_non_exhaustive()
    }
}

impl<L: Link> Session<L> {
    /// Shakes hands with the sensor of this label, which proves that it is it.
    ///
    /// # Errors
    /// [`TalkError`].
    pub async fn pair(link: L, label: &Label, hub: &HubIdentity, nonce: [u8; 8]) -> Result<Self, TalkError> {
        let psk = keys::pairing_psk(&label.0.secret);
        let session = Self::begin(link, Purpose::Pairing, (&psk, Some(&label.0.public_key)), hub, nonce).await?;
        let found = u64::from_be_bytes(session.info.uid.0);
        match found == label.uid() {
            true => Ok(session),
            false => Err(TalkError::AnotherSensor { found, expected: label.uid() }),
        }
    }

    /// Shakes hands with a sensor that has this key.
    ///
    /// # Errors
    /// [`TalkError`].
    pub async fn reach(
        link: L,
        (key, epoch): (&SensorKey, u32),
        hub: &HubIdentity,
        nonce: [u8; 8],
    ) -> Result<Self, TalkError> {
        let psk = keys::link_psk(&device_key(key), Epoch(epoch));
        Self::begin(link, Purpose::Link, (&psk, None), hub, nonce).await
    }

    async fn begin(
        link: L,
        purpose: Purpose,
        (psk, key): (&Psk, Option<&PublicKey>),
        hub: &HubIdentity,
        nonce: [u8; 8],
    ) -> Result<Self, TalkError> {
        let pattern = match purpose {
            Purpose::Pairing => PAIRING,
            Purpose::Link => LINK,
        };
        let builder = snow::Builder::new(pattern.parse().map_err(TalkError::Noise)?);
        let builder = builder.prologue(purpose.prologue()).and_then(|builder| builder.psk(0, psk.expose()));
        let begun = match key {
            Some(key) => builder.and_then(|builder| builder.remote_public_key(&key.0)?.build_initiator()),
            None => builder.and_then(snow::Builder::build_initiator),
        };
        let mut noise = begun.map_err(TalkError::Noise)?;
        let hello = ToSensor::Hello(Hello { lowest: PROTOCOL, highest: PROTOCOL, hub: hub.id(), nonce });
        let mut message = vec![0; MAX_MESSAGE];
        let (head, body) = message.split_first_mut().ok_or(TalkError::Unexpected { question: "hello" })?;
        *head = purpose.code();
        let length = noise.write_message(&written(&hello), body).map_err(TalkError::Noise)?;
        message.truncate(1 + length);

        let mut pipe = Pipe::over(link);
        let answer = pipe.ask(&message).await?;
        let mut plain = vec![0; MAX_MESSAGE];
        let length = noise.read_message(&answer, &mut plain).map_err(TalkError::Stranger)?;
        let info = match ToHub::parse(plain.get(..length).unwrap_or_default())? {
            ToHub::Info(info) => info,
            ToHub::Refused(refusal) => return Err(TalkError::Refused(refusal)),
            _ => return Err(TalkError::Unexpected { question: "hello" }),
        };
        let hash = noise.get_handshake_hash().to_vec();
        let noise = Box::new(noise.into_transport_mode().map_err(TalkError::Noise)?);
        Ok(Self { pipe, noise, hash, info })
    }

    /// What the sensor said of itself when it shook hands.
    pub const fn info(&self) -> &Info {
        &self.info
    }

    /// What a hub keeps of this sensor before it gives it this key, the first that it has from this hub.
    pub fn new_claim(&self, key: SensorKey, wishes: Wishes, since: UnixMillis) -> Claim {
        Claim {
            uid: u64::from_be_bytes(self.info.uid.0),
            product: self.info.product.0,
            hardware: self.info.hardware.revision(),
            firmware: FirmwareVersion(self.info.firmware.0),
            address: Address::new(self.info.address),
            // A sensor's own address is a static one, and those are random.
            is_random: true,
            key,
            key_epoch: 1,
            next_key: None,
            owner_epoch: self.info.owner_epoch.saturating_add(1),
            is_proven: false,
            is_leaving: false,
            desired: first_settings(),
            wishes,
            since,
        }
    }

    /// The connection that it is on.
    pub const fn link(&mut self) -> &mut L {
        &mut self.pipe.link
    }

    /// Gives the sensor its first key from this hub, with its settings and its name, and checks the proof that it was taken.
    /// It was kept before it was sent: the answer may be lost.
    ///
    /// # Errors
    /// [`TalkError`].
    pub async fn claim(
        &mut self,
        claim: &Claim,
        hub: &HubIdentity,
        unix_time_s: Option<u64>,
    ) -> Result<Given, TalkError> {
        let name = claim.wishes.name.as_ref().map_or("", |name| name.as_str());
        let provision = ToSensor::Provision(Provision {
            device_key: device_key(&claim.key),
            epoch: Epoch(claim.key_epoch),
            owner_epoch: claim.owner_epoch,
            hub_key: hub.public_key(),
            unix_time_s,
            settings: to_wire(&claim.desired).map_err(|_| TalkError::Unexpected { question: "provision" })?,
            name: short(name).ok_or(TalkError::Unexpected { question: "provision" })?,
        });
        self.give(&provision, (&claim.key, claim.key_epoch)).await
    }

    /// Gives a sensor that is ours its next key, and checks the proof that it was taken.
    ///
    /// # Errors
    /// [`TalkError`].
    pub async fn rotate(&mut self, key: &SensorKey, epoch: u32) -> Result<Given, TalkError> {
        let rotate = ToSensor::Rotate(Rotate { epoch: Epoch(epoch), device_key: device_key(key) });
        self.give(&rotate, (key, epoch)).await
    }

    /// Tells the sensor that the hub has heard it under the key that it was given in this session.
    ///
    /// # Errors
    /// [`TalkError`].
    pub async fn confirm(&mut self) -> Result<(), TalkError> {
        match self.ask(&ToSensor::Confirm).await? {
            ToHub::Confirmed => Ok(()),
            _ => Err(TalkError::Unexpected { question: "confirm" }),
        }
    }

    /// Tells the sensor what to do, and returns what it does from now on.
    ///
    /// # Errors
    /// [`TalkError`].
    pub async fn set(&mut self, settings: &SensorSettings) -> Result<SensorSettings, TalkError> {
        let settings = to_wire(settings).map_err(|_| TalkError::Unexpected { question: "set" })?;
        match self.ask(&ToSensor::Set(settings)).await? {
            ToHub::Settings(taken) => Ok(of_wire(&taken)),
            _ => Err(TalkError::Unexpected { question: "set" }),
        }
    }

    /// What the sensor does now.
    ///
    /// # Errors
    /// [`TalkError`].
    pub async fn settings(&mut self) -> Result<SensorSettings, TalkError> {
        match self.ask(&ToSensor::AskSettings).await? {
            ToHub::Settings(settings) => Ok(of_wire(&settings)),
            _ => Err(TalkError::Unexpected { question: "settings" }),
        }
    }

    /// Has the sensor forget everything of this hub; it answers when that is durable.
    ///
    /// # Errors
    /// [`TalkError`].
    pub async fn release(&mut self) -> Result<(), TalkError> {
        match self.ask(&ToSensor::Release).await? {
            ToHub::Released => Ok(()),
            _ => Err(TalkError::Unexpected { question: "release" }),
        }
    }

    /// How the sensor is.
    ///
    /// # Errors
    /// [`TalkError`].
    pub async fn health(&mut self) -> Result<Health, TalkError> {
        match Answer::parse(&self.serve(&Ask::Health).await?)? {
            Answer::Health(health) => Ok(health),
            Answer::Refused(refusal) => Err(TalkError::Refused(refusal)),
            _ => Err(TalkError::Unexpected { question: "health" }),
        }
    }

    /// Asks for a service, and returns the bytes of the answer.
    ///
    /// # Errors
    /// [`TalkError`]; a refusal is an answer.
    pub async fn serve(&mut self, question: &Ask<'_>) -> Result<Vec<u8>, TalkError> {
        let mut bytes = vec![0; MAX_MESSAGE - SEAL];
        let length = question.write(&mut bytes).map_err(|_| TalkError::Unexpected { question: "service" })?;
        bytes.truncate(length);
        self.ask_bytes(&bytes).await
    }

    /// Ends the session, and waits until the connection has ended.
    pub async fn end(self) {
        self.pipe.link.hang_up().await;
    }

    async fn give(&mut self, question: &ToSensor, (key, epoch): (&SensorKey, u32)) -> Result<Given, TalkError> {
        let ToHub::Done(done) = self.ask(question).await? else {
            return Err(TalkError::Unexpected { question: "key" });
        };
        let parts = [self.hash.as_slice(), &written(question), &done.first_counter.to_le_bytes()];
        match keys::confirmation(&device_key(key), Epoch(epoch), &parts) == done.confirmation {
            true => Ok(Given { first_counter: done.first_counter }),
            false => Err(TalkError::Unexpected { question: "key" }),
        }
    }

    async fn ask(&mut self, question: &ToSensor) -> Result<ToHub, TalkError> {
        match ToHub::parse(&self.ask_bytes(&written(question)).await?)? {
            ToHub::Refused(refusal) => Err(TalkError::Refused(refusal)),
            answer => Ok(answer),
        }
    }

    async fn ask_bytes(&mut self, question: &[u8]) -> Result<Vec<u8>, TalkError> {
        let mut sealed = vec![0; question.len() + SEAL];
        let length = self.noise.write_message(question, &mut sealed).map_err(TalkError::Noise)?;
        let answer = self.pipe.ask(sealed.get(..length).unwrap_or_default()).await?;
        let mut plain = vec![0; answer.len()];
        let length = self.noise.read_message(&answer, &mut plain).map_err(TalkError::Stranger)?;
        plain.truncate(length);
        Ok(plain)
    }
}

fn written(question: &ToSensor) -> Vec<u8> {
    let mut buffer = [0; MAX_LENGTH];
    // There is room for every message.
    let length = question.write(&mut buffer).unwrap_or_default();
    buffer.get(..length).unwrap_or_default().to_vec()
}

/// A name as a sensor has room for: cut at a character's end.
fn short(name: &str) -> Option<Name> {
    let most = name.floor_char_boundary(wire::message::MAX_NAME);
    name.get(..most).and_then(Name::new)
}
