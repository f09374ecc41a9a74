//! The hub's end of a pairing with a sensor of ours, over a connection that the guest holds.

use anyhow::{Context as _, Result, bail, ensure};
use hub_testbed::{Answer, Ask};
use wire::{
    gatt,
    keys::{Epoch, confirmation, pairing_psk},
    message::{Done, Hello, HubId, Info, MAX_LENGTH, Name, PROTOCOL, Provision, Purpose, ToHub, ToSensor},
    pipe::{PieceSize, Reassembler, Splitter},
    secret::DeviceKey,
    settings::Settings,
    setup_code::{PublicKey, SetupCode},
};

use crate::guest::Guest;

const NOISE: &str = "Noise_NKpsk0_25519_ChaChaPoly_SHA256";
/// In the head of the last piece of a message.
const LAST: u8 = 0x40;
/// Room for a sealed message.
const ROOM: usize = 1024;

/// The first key of a new owner.
pub(crate) const EPOCH: Epoch = Epoch(1);

/// An open session of a pairing.
pub(crate) struct Session<'a> {
    guest: &'a mut Guest,
    splitter: Splitter,
    reassembler: Reassembler,
    size: PieceSize,
    noise: snow::TransportState,
    hash: Vec<u8>,
    /// What the sensor says of itself.
    pub(crate) info: Info,
    /// How long the guest took to connect.
    pub(crate) connected_ms: u64,
}

/// Who was found by a pairing advert.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Found {
    pub(crate) address: [u8; 6],
    pub(crate) is_random: bool,
}

/// Has the guest connect; says the MTU, and how long it took.
pub(crate) async fn connect(guest: &mut Guest, found: Found) -> Result<(u16, u64)> {
    let Found { address, is_random } = found;
    let uuids = [gatt::SERVICE, gatt::TO_SENSOR, gatt::TO_HUB].map(|uuid| uuid.as_u128().to_be_bytes());
    match guest.ask(Ask::Connect { address, is_random, uuids }).await? {
        Answer::Connected { mtu, took_ms } => Ok((mtu, took_ms)),
        other => bail!("the guest answered {other:?}"),
    }
}

impl<'a> Session<'a> {
    /// Connects and shakes hands by what the label says.
    pub(crate) async fn pair(guest: &'a mut Guest, found: Found, code: &SetupCode) -> Result<Self> {
        let (mtu, connected_ms) = connect(guest, found).await?;
        let psk = pairing_psk(&code.secret);
        let builder = snow::Builder::new(NOISE.parse().context("failed to read a Noise pattern")?);
        let builder = builder.prologue(Purpose::Pairing.prologue())?.psk(0, psk.expose())?;
        let mut handshake = builder.remote_public_key(&code.public_key.0)?.build_initiator()?;
        let hello = Hello { lowest: PROTOCOL, highest: PROTOCOL, hub: HubId([7; 16]), nonce: *b"noncence" };
        let mut first = vec![0; ROOM];
        let length = handshake.write_message(&written(&ToSensor::Hello(hello))?, &mut first)?;
        first.truncate(length);
        first.insert(0, Purpose::Pairing.code());

        let (mut splitter, mut reassembler) = (Splitter::new(), Reassembler::new());
        let size = PieceSize::of_mtu(mtu);
        let second = exchange(guest, &mut splitter, &mut reassembler, size, &first).await?;
        let mut payload = vec![0; ROOM];
        let length = handshake.read_message(&second, &mut payload).context("the sensor's handshake is not for us")?;
        let ToHub::Info(info) = ToHub::parse(payload.get(..length).unwrap_or_default())? else {
            bail!("the sensor says nothing of itself");
        };
        let hash = handshake.get_handshake_hash().to_vec();
        let noise = handshake.into_transport_mode()?;
        Ok(Self { guest, splitter, reassembler, size, noise, hash, info, connected_ms })
    }

    /// Makes the sensor ours; its adverts are sealed with this key from now on.
    pub(crate) async fn claim(&mut self, key: DeviceKey, settings: Settings) -> Result<Done> {
        let provision = Provision {
            device_key: key.clone(),
            epoch: EPOCH,
            owner_epoch: self.info.owner_epoch + 1,
            hub_key: PublicKey([9; 32]),
            unix_time_s: None,
            settings,
            name: Name::new("test bed").context("a short name")?,
        };
        let question = written(&ToSensor::Provision(provision))?;
        let ToHub::Done(done) = self.ask(&question).await? else { bail!("the sensor did not take the key") };
        let parts: [&[u8]; 3] = [&self.hash, &question, &done.first_counter.to_le_bytes()];
        ensure!(done.confirmation == confirmation(&key, EPOCH, &parts), "the sensor has another key");
        Ok(done)
    }

    /// Tells the sensor that it was heard under its new key.
    pub(crate) async fn confirm(&mut self) -> Result<()> {
        let answer = self.ask(&written(&ToSensor::Confirm)?).await?;
        ensure!(answer == ToHub::Confirmed, "the sensor answered {answer:?}");
        Ok(())
    }

    /// The guest, while the connection stays open.
    pub(crate) fn guest(&mut self) -> &mut Guest {
        self.guest
    }

    async fn ask(&mut self, question: &[u8]) -> Result<ToHub> {
        let mut sealed = vec![0; ROOM];
        let length = self.noise.write_message(question, &mut sealed)?;
        sealed.truncate(length);
        let answer = exchange(self.guest, &mut self.splitter, &mut self.reassembler, self.size, &sealed).await?;
        let mut plain = vec![0; ROOM];
        let length = self.noise.read_message(&answer, &mut plain).context("the answer is not for us")?;
        Ok(ToHub::parse(plain.get(..length).unwrap_or_default())?)
    }
}

fn written(message: &ToSensor) -> Result<Vec<u8>> {
    let mut bytes = vec![0; MAX_LENGTH];
    let length = message.write(&mut bytes)?;
    bytes.truncate(length);
    Ok(bytes)
}

/// Sends a message and waits for the one that answers it.
async fn exchange(
    guest: &mut Guest,
    splitter: &mut Splitter,
    reassembler: &mut Reassembler,
    size: PieceSize,
    message: &[u8],
) -> Result<Vec<u8>> {
    splitter.load(message)?;
    let mut values = Vec::new();
    while let Some(piece) = splitter.next(size) {
        values.push(piece.bytes().to_vec());
    }
    let answer = guest.ask(Ask::Talk { values, last: LAST }).await?;
    let Answer::Values(pieces) = answer else { bail!("the guest answered {answer:?}") };
    for piece in pieces {
        if let Some(message) = reassembler.push(&piece)? {
            return Ok(message.to_vec());
        }
    }
    bail!("the answer has no end")
}
