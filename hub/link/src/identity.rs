use std::fmt;

use hub_model::{BindKey, Claim, SensorKey};
use wire::{
    keys::{self, Epoch},
    message::HubId,
    secret::DeviceKey,
    setup_code::PublicKey,
};

use crate::{TalkError, session::PAIRING};

/// Who this hub is to its sensors, for life: a number, and a pair of X25519 keys.
#[derive(Clone, PartialEq, Eq)]
pub struct HubIdentity {
    id: [u8; 16],
    private: [u8; 32],
    public: [u8; 32],
}

impl HubIdentity {
    /// Bytes of an identity where it is kept.
    pub const LENGTH: usize = 80;

    /// A new identity with this random number; its keys are made by the machine's own luck.
    ///
    /// # Errors
    /// [`TalkError::Noise`] when the machine has no luck.
    pub fn generate(id: [u8; 16]) -> Result<Self, TalkError> {
        let pattern = PAIRING.parse().map_err(TalkError::Noise)?;
        let pair = snow::Builder::new(pattern).generate_keypair().map_err(TalkError::Noise)?;
        let key = |bytes: Vec<u8>| bytes.first_chunk().copied().unwrap_or_default();
        Ok(Self { id, private: key(pair.private), public: key(pair.public) })
    }

    /// As it is kept: number, private key, public key.
    pub fn to_bytes(&self) -> [u8; Self::LENGTH] {
        let mut bytes = [0; Self::LENGTH];
        let all = self.id.iter().chain(&self.private).chain(&self.public);
        bytes.iter_mut().zip(all).for_each(|(place, byte)| *place = *byte);
        bytes
    }

    /// The identity that was kept as these bytes.
    pub fn from_bytes(bytes: &[u8; Self::LENGTH]) -> Self {
        let part = |from: usize| bytes.get(from..).unwrap_or_default();
        let key = |from| part(from).first_chunk().copied().unwrap_or_default();
        Self { id: part(0).first_chunk().copied().unwrap_or_default(), private: key(16), public: key(48) }
    }

    pub(crate) const fn id(&self) -> HubId {
        HubId(self.id)
    }

    pub(crate) const fn public_key(&self) -> PublicKey {
        PublicKey(self.public)
    }
}

impl fmt::Debug for HubIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HubIdentity").field("id", &self.id).finish_non_exhaustive()
    }
}

/// What the adverts of a sensor are sealed with that has this key, at this turn.
fn advert_key(key: &SensorKey, epoch: u32) -> BindKey {
    BindKey::new(keys::advert_key(&device_key(key), Epoch(epoch)))
}

/// What the adverts of a sensor that was claimed are sealed with.
pub fn present_key(claim: &Claim) -> BindKey {
    advert_key(&claim.key, claim.key_epoch)
}

/// What they are sealed with from when it has its next key, if it is to have one.
pub fn next_key(claim: &Claim) -> Option<BindKey> {
    claim.next_key.as_ref().map(|key| advert_key(key, claim.next_epoch()))
}

pub(crate) fn device_key(key: &SensorKey) -> DeviceKey {
    DeviceKey::new(*key.expose())
}
