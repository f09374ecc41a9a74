//! The file of a key that signs.
//!
//! ```toml
//! id = 1
//! private_key = "…64 hexadecimal digits…"
//! ```

use ed25519_dalek::SigningKey;
use getrandom::SysRng;
use rand_core::{TryRng as _, UnwrapErr};
use serde::Deserialize;
use wire::manifest::{self, KeyId, Manifest, TrustedKey};
use zeroize::Zeroizing;

use crate::Failure;

const HEAD: &str = "# Whoever has this key makes sensors run what he likes.\n";

/// A key that signs. The private half is wiped when it is dropped, and not shown.
pub(crate) struct Key {
    id: KeyId,
    signer: SigningKey,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    id: u8,
    private_key: String,
}

impl Key {
    /// A new one, from the computer's luck.
    pub(crate) fn generate(id: u8) -> Self {
        let mut secret = Zeroizing::new([0; 32]);
        let Ok(()) = UnwrapErr(SysRng).try_fill_bytes(&mut *secret);
        Self { id: KeyId(id), signer: SigningKey::from_bytes(&secret) }
    }

    pub(crate) fn parse(file: &[u8]) -> Result<Self, Failure> {
        // What the parser says shows the line, and that may be the secret.
        let File { id, private_key } =
            toml::from_slice(file).map_err(|_| "not a key: `id` and `private_key` are wanted")?;
        let (digits, mut secret) = (Zeroizing::new(private_key), Zeroizing::new([0; 32]));
        hex::decode_to_slice(&*digits, &mut *secret).map_err(|_| "the private key has to be 64 hexadecimal digits")?;
        Ok(Self { id: KeyId(id), signer: SigningKey::from_bytes(&secret) })
    }

    pub(crate) fn to_file(&self) -> Zeroizing<String> {
        let digits = Zeroizing::new(hex::encode(self.signer.as_bytes()));
        Zeroizing::new(format!("{HEAD}id = {}\nprivate_key = \"{}\"\n", self.id.0, *digits))
    }

    /// What sensors are told.
    pub(crate) fn trusted(&self) -> TrustedKey {
        TrustedKey { id: self.id, public_key: self.signer.verifying_key().to_bytes() }
    }

    /// The same, as the file of keys has it that sensors are built with.
    pub(crate) fn public_lines(&self) -> String {
        format!("[[key]]\nid = {}\npublic_key = \"{}\"", self.id.0, hex::encode(self.trusted().public_key))
    }

    pub(crate) const fn id(&self) -> KeyId {
        self.id
    }

    pub(crate) fn sign(&self, manifest: &Manifest) -> [u8; manifest::LENGTH] {
        manifest.sign(&self.signer)
    }
}
