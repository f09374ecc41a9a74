//! What both sides have said and computed so far: Noise's SymmetricState over SHA-256.

use sha2::{Digest, Sha256};
use wire::mac::hmac_sha256;
use zeroize::Zeroizing;

use super::{NoiseError, cipher::Cipher};

type Key = Zeroizing<[u8; 32]>;

pub(super) struct Symmetric {
    chaining_key: Key,
    hash: [u8; 32],
    /// Before the psk is mixed in there is no key; psk0 mixes it in first, before anything is sealed.
    cipher: Cipher,
}

impl Symmetric {
    /// Begins with the name of the handshake, which has more than 32 bytes and is therefore hashed.
    pub(super) fn new(name: &[u8]) -> Self {
        let hash: [u8; 32] = Sha256::digest(name).into();
        Self { chaining_key: Key::new(hash), hash, cipher: Cipher::new(Key::default()) }
    }

    pub(super) const fn hash(&self) -> &[u8; 32] {
        &self.hash
    }

    pub(super) fn mix_hash(&mut self, data: &[u8]) {
        self.hash = Sha256::new().chain_update(self.hash).chain_update(data).finalize().into();
    }

    pub(super) fn mix_key(&mut self, input: &[u8; 32]) {
        let [chaining_key, key, _] = hkdf(&self.chaining_key, input);
        (self.chaining_key, self.cipher) = (chaining_key, Cipher::new(key));
    }

    pub(super) fn mix_key_and_hash(&mut self, psk: &[u8; 32]) {
        let [chaining_key, hashed, key] = hkdf(&self.chaining_key, psk);
        self.mix_hash(&*hashed);
        (self.chaining_key, self.cipher) = (chaining_key, Cipher::new(key));
    }

    /// An ephemeral public key; in handshakes with a psk it is mixed into the key, too.
    pub(super) fn mix_ephemeral(&mut self, public: &[u8; 32]) {
        self.mix_hash(public);
        self.mix_key(public);
    }

    /// Decrypts in place and takes the sealed bytes into the hash.
    pub(super) fn open<'m>(&mut self, message: &'m mut [u8]) -> Result<&'m mut [u8], NoiseError> {
        let before = self.hash;
        self.mix_hash(message);
        self.cipher.open(&before, message)
    }

    /// Encrypts into the buffer, takes the sealed bytes into the hash and returns their number.
    pub(super) fn seal(&mut self, data: &[u8], buffer: &mut [u8]) -> Result<usize, NoiseError> {
        let length = self.cipher.seal(&self.hash, data, buffer)?;
        self.mix_hash(buffer.get(..length).unwrap_or_default());
        Ok(length)
    }

    /// The keys of what follows: from who began, and from who answered.
    pub(super) fn split(&self) -> (Cipher, Cipher) {
        let [first, second, _] = hkdf(&self.chaining_key, &[]);
        (Cipher::new(first), Cipher::new(second))
    }
}

/// Noise's HKDF with three outputs; who needs two leaves the third.
fn hkdf(chaining_key: &Key, input: &[u8]) -> [Key; 3] {
    let extracted = Key::new(hmac_sha256(chaining_key, &[input]));
    let first = Key::new(hmac_sha256(&extracted, &[&[1]]));
    let second = Key::new(hmac_sha256(&extracted, &[&*first, &[2]]));
    let third = Key::new(hmac_sha256(&extracted, &[&*second, &[3]]));
    [first, second, third]
}
