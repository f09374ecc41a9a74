use std::fmt;

use fw_host::World;
use hub_link::{HubIdentity, Label, Session, TalkError, present_key};
use hub_model::{Address, Claim, SensorKey, SensorSettings, Stamp, UnixMillis, Wishes};
use rand::{RngCore as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use thiserror::Error;
use wire::bthome::{MAX_SERVICE_DATA, v2};

use crate::{SimLink, air::heard};

/// How long a sensor that was given a key has until an advert under it is heard, µs.
const FIRST_US: u64 = 10_000_000;
/// How often whoever waits for an advert looks what was sent, µs.
const LOOK_US: u64 = 100_000;

/// A session with a sensor of a world that was lent for it.
pub type Talk<'w> = Session<SimLink<&'w mut World>>;

/// Why a sensor was not paired.
#[derive(Debug, Error)]
pub enum OwnerError {
    /// No pairing advert of this label was heard.
    #[error("pair a sensor: none with this label was heard")]
    Unheard,
    /// No advert under the new key was heard.
    #[error("pair a sensor: no advert under its new key was heard")]
    Unproven,
    /// Talking to it failed.
    #[error("pair a sensor")]
    Talk(#[from] TalkError),
}

/// Who owns simulated sensors: the hub's end of their sessions, with nothing of a hub around it.
///
/// It knows nothing that a hub would not: it hears adverts, has the label, connects, and keeps the key that it gave. Keys
/// follow from the seed; what Noise itself throws dice for does not, and no advert shows it.
pub struct Owner {
    luck: ChaCha8Rng,
    hub: HubIdentity,
}

/// Secrets are nobody's business.
impl fmt::Debug for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Owner").field("hub", &self.hub).finish_non_exhaustive()
    }
}

impl Owner {
    /// The owner of a seed.
    pub fn new(seed: u64) -> Self {
        let mut luck = ChaCha8Rng::seed_from_u64(seed);
        let mut identity = [0; HubIdentity::LENGTH];
        luck.fill_bytes(&mut identity);
        Self { luck, hub: HubIdentity::from_bytes(&identity) }
    }

    /// Pairs the sensor with this label, which is heard within so many microseconds: connects, proves that it knows the
    /// label, gives it a key, hears an advert under that key, and confirms. The claim's time is the world's, from 1970 on.
    ///
    /// # Errors
    /// [`OwnerError`]. The sensor may have the key all the same; whoever pairs it again gives it another.
    pub fn pair(
        &mut self,
        world: &mut World,
        label: &Label,
        (wishes, desired): (Wishes, SensorSettings),
        patience_us: u64,
    ) -> Result<Claim, OwnerError> {
        let from = await_pairing_advert(world, label, patience_us).ok_or(OwnerError::Unheard)?;
        let since = UnixMillis(i64::try_from(world.now_us() / 1000).unwrap_or(i64::MAX));
        let (nonce, key) = (self.bytes(), SensorKey::new(self.bytes()));
        let link = SimLink::connect(world, from, patience_us).map_err(TalkError::Link)?;
        let mut session = at_once(Session::pair(link, label, &self.hub, nonce))?;
        let claim = Claim { is_proven: true, desired, ..session.new_claim(key, wishes, since) };
        at_once(session.claim(&claim, &self.hub, None))?;
        if !await_advert(session.link().world(), &claim) {
            return Err(OwnerError::Unproven);
        }
        at_once(session.confirm())?;
        at_once(session.end());
        Ok(claim)
    }

    /// Reaches a sensor that was paired, in the next window that it opens within so many microseconds.
    ///
    /// # Errors
    /// [`TalkError`].
    pub fn reach<'w>(&mut self, world: &'w mut World, claim: &Claim, patience_us: u64) -> Result<Talk<'w>, TalkError> {
        let nonce = self.bytes();
        let link = SimLink::connect(world, claim.address, patience_us)?;
        at_once(Session::reach(link, (&claim.key, claim.key_epoch), &self.hub, nonce))
    }

    fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.luck.fill_bytes(&mut bytes);
        bytes
    }
}

/// What comes of talking to a sensor over a [`SimLink`], for whoever is no task: it never waits.
pub fn at_once<T>(talk: impl Future<Output = T>) -> T {
    embassy_futures::block_on(talk)
}

/// Waits for the pairing advert of this label, and tells from which address it came.
fn await_pairing_advert(world: &mut World, label: &Label, patience_us: u64) -> Option<Address> {
    let end_us = world.now_us().saturating_add(patience_us);
    while world.now_us() < end_us {
        let sent = world.overhear((world.now_us() + LOOK_US).min(end_us));
        let ours = sent.iter().map(|pdu| heard(pdu, Stamp::wall(UnixMillis(0)))).find(|advert| label.is_of(advert));
        if let Some(advert) = ours {
            return Some(advert.address);
        }
    }
    None
}

/// Waits for an advert under the key of this claim: then all that comes later can be read, too.
fn await_advert(world: &mut World, claim: &Claim) -> bool {
    let end_us = world.now_us().saturating_add(FIRST_US);
    let key = present_key(claim);
    while world.now_us() < end_us {
        for pdu in world.overhear((world.now_us() + LOOK_US).min(end_us)) {
            let frame = pdu.service_data_16(v2::UUID).and_then(|data| v2::Frame::parse(data).ok());
            let mut buffer = [0; MAX_SERVICE_DATA];
            if frame.is_some_and(|frame| frame.open(key.bytes(), pdu.from, &mut buffer).is_ok()) {
                return true;
            }
        }
    }
    false
}
