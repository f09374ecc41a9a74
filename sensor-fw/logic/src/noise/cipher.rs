//! A key and how often it was used: Noise's CipherState over ChaCha20-Poly1305.

use chacha20poly1305::{AeadInOut, ChaCha20Poly1305, KeyInit, Nonce, Tag};
use zeroize::Zeroizing;

use super::NoiseError;

/// How many bytes a sealed message is longer than what is inside.
pub const TAG: usize = 16;

/// One direction.
pub(super) struct Cipher {
    key: Zeroizing<[u8; 32]>,
    used: u64,
}

impl Cipher {
    pub(super) const fn new(key: Zeroizing<[u8; 32]>) -> Self {
        Self { key, used: 0 }
    }

    /// Decrypts in place; on an error nothing has changed.
    pub(super) fn open<'m>(&mut self, associated: &[u8], message: &'m mut [u8]) -> Result<&'m mut [u8], NoiseError> {
        let short = NoiseError::Short { length: message.len() };
        let (data, tag) = message.split_last_chunk_mut::<TAG>().ok_or(short)?;
        let (cipher, nonce, next) = self.step()?;
        cipher
            .decrypt_inout_detached(&nonce, associated, (&mut *data).into(), &Tag::from(*tag))
            .map_err(|_| NoiseError::Forged)?;
        self.used = next;
        Ok(data)
    }

    /// Encrypts into the buffer and returns the length.
    pub(super) fn seal(&mut self, associated: &[u8], data: &[u8], buffer: &mut [u8]) -> Result<usize, NoiseError> {
        let no_room = NoiseError::NoRoom { needed: data.len() + TAG };
        let (sealed, rest) = buffer.split_at_mut_checked(data.len()).ok_or(no_room)?;
        let (tag, _) = rest.split_first_chunk_mut::<TAG>().ok_or(no_room)?;
        let (cipher, nonce, next) = self.step()?;
        sealed.copy_from_slice(data);
        *tag = cipher.encrypt_inout_detached(&nonce, associated, sealed.into()).map_err(|_| no_room)?.into();
        self.used = next;
        Ok(data.len() + TAG)
    }

    /// The last number is reserved by Noise for rekeying, so it is never a nonce.
    fn step(&self) -> Result<(ChaCha20Poly1305, Nonce, u64), NoiseError> {
        let next = self.used.checked_add(1).ok_or(NoiseError::Exhausted)?;
        let mut nonce = Nonce::default();
        for (place, byte) in nonce.iter_mut().skip(4).zip(self.used.to_le_bytes()) {
            *place = byte;
        }
        Ok((ChaCha20Poly1305::new((&*self.key).into()), nonce, next))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_number_is_never_used() {
        let last = || Cipher { key: Zeroizing::new([1; 32]), used: u64::MAX - 1 };
        let (mut send, mut receive, mut buffer) = (last(), last(), [0; 20]);
        assert_eq!(send.seal(&[], b"last", &mut buffer), Ok(20));
        assert_eq!(receive.open(&[], &mut buffer).as_deref(), Ok(&b"last"[..]));
        assert_eq!(send.seal(&[], b"more", &mut buffer), Err(NoiseError::Exhausted));
        assert_eq!(receive.open(&[], &mut buffer), Err(NoiseError::Exhausted));
    }

    #[test]
    fn what_cannot_be_opened_is_left_as_it_was() {
        let key = || Cipher::new(Zeroizing::new([1; 32]));
        let mut sealed = [0; 36];
        key().seal(b"head", b"twenty bytes of text", &mut sealed).unwrap();
        let mut wrong = sealed;
        assert_eq!(key().open(b"tail", &mut wrong), Err(NoiseError::Forged));
        assert_eq!(wrong, sealed);
        let mut cipher = key();
        assert_eq!(cipher.open(b"tail", &mut wrong), Err(NoiseError::Forged));
        assert_eq!(cipher.open(b"head", &mut wrong).as_deref(), Ok(&b"twenty bytes of text"[..]));
    }

    #[test]
    fn a_buffer_that_is_too_small_uses_no_number() {
        let mut cipher = Cipher::new(Zeroizing::new([1; 32]));
        for room in 0..20 {
            assert_eq!(cipher.seal(&[], b"four", &mut vec![0; room]), Err(NoiseError::NoRoom { needed: 20 }));
        }
        assert_eq!(cipher.used, 0);
        assert_eq!(cipher.open(&[], &mut [0; 15]), Err(NoiseError::Short { length: 15 }));
    }
}
