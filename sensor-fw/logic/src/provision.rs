//! Who a sensor is, as its last page of flash has it: written once, when the sensor is made.
//!
//! | byte | bytes | what |
//! |---|---|---|
//! | 0 | 3 | `HSI` |
//! | 3 | 1 | format, 1 |
//! | 4 | 2 | product, little-endian |
//! | 6 | 8 | uid |
//! | 14 | 32 | static X25519 key, private |
//! | 46 | 16 | secret |
//! | 62 | 1 | 1 where there is a certificate, else 0 |
//! | 63 | 64 | certificate, or zeros |
//! | 127 | 1 | 0 |
//! | 128 | 4 | CRC-32 of all before it, little-endian |
//!
//! Each sensor has keys of its own: whoever opens one knows nothing of another.

use core::fmt;

use rand_core::CryptoRng;
use wire::{
    bytes::{Reader, Short},
    checksum::crc32,
    message::Certificate,
    secret::SetupSecret,
    setup_code::{Product, SetupCode, Uid},
};
use zeroize::{Zeroize as _, Zeroizing};

use crate::noise::StaticKey;

/// How many bytes it has.
pub const LENGTH: usize = 132;
const MAGIC: &[u8; 3] = b"HSI";
const FORMAT: u8 = 1;
const CHECKSUM: usize = 4;

/// Who a sensor is.
#[derive(Debug)]
pub struct Provision {
    /// What kind of sensor it is.
    pub product: Product,
    /// Which one.
    pub uid: Uid,
    /// Its static key.
    pub static_key: StaticKey,
    /// The secret on its label.
    pub secret: SetupSecret,
    /// The maker's signature, if there is one.
    pub certificate: Option<Certificate>,
}

/// A page that says of nobody who he is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProvisionError {
    /// It is erased, or something else.
    Nobody,
    /// The format is of a later program.
    Newer {
        /// Which format.
        format: u8,
    },
    /// Bits have changed.
    Damaged,
}

impl fmt::Display for ProvisionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nobody => f.write_str("no identity was written"),
            Self::Newer { format } => write!(f, "the identity's format {format} is newer than this program"),
            Self::Damaged => f.write_str("the identity is damaged"),
        }
    }
}

impl core::error::Error for ProvisionError {}

impl Provision {
    /// A new sensor.
    pub fn generate(product: Product, luck: &mut impl CryptoRng) -> Self {
        let (mut uid, mut secret) = ([0; 8], [0; 16]);
        luck.fill_bytes(&mut uid);
        luck.fill_bytes(&mut secret);
        let provision = Self {
            product,
            uid: Uid(uid),
            static_key: StaticKey::generate(luck),
            secret: SetupSecret::new(secret),
            certificate: None,
        };
        secret.zeroize();
        provision
    }

    /// What the label says.
    pub fn setup_code(&self) -> SetupCode {
        let Self { product, uid, static_key, secret, .. } = self;
        SetupCode { product: *product, uid: *uid, public_key: static_key.public(), secret: secret.clone() }
    }

    /// The bytes for the flash. They hold secrets.
    pub fn to_bytes(&self) -> Zeroizing<[u8; LENGTH]> {
        let mut bytes = Zeroizing::new([0; LENGTH]);
        let certificate = self.certificate.as_ref().map_or(&[0; 64], |certificate| &certificate.0);
        let fields: [&[u8]; 8] = [
            MAGIC,
            &[FORMAT],
            &self.product.0.to_le_bytes(),
            &self.uid.0,
            self.static_key.expose(),
            self.secret.expose(),
            &[u8::from(self.certificate.is_some())],
            certificate,
        ];
        bytes.iter_mut().zip(fields.into_iter().flatten()).for_each(|(place, byte)| *place = *byte);
        if let Some((fields, checksum)) = bytes.split_last_chunk_mut::<CHECKSUM>() {
            *checksum = crc32(fields).to_le_bytes();
        }
        bytes
    }

    /// Reads what is in the flash.
    ///
    /// # Errors
    /// [`ProvisionError`].
    pub fn parse(bytes: &[u8; LENGTH]) -> Result<Self, ProvisionError> {
        let format = match bytes.strip_prefix(MAGIC).map(<[u8]>::first) {
            Some(Some(format)) => *format,
            _ => return Err(ProvisionError::Nobody),
        };
        let sum = bytes.split_last_chunk::<CHECKSUM>().map(|(fields, sum)| (crc32(fields), u32::from_le_bytes(*sum)));
        if sum.is_none_or(|(computed, stored)| computed != stored) {
            return Err(if format > FORMAT { ProvisionError::Newer { format } } else { ProvisionError::Damaged });
        }
        if format != FORMAT {
            return Err(ProvisionError::Newer { format });
        }
        Self::of_fields(bytes).map_err(|_| ProvisionError::Damaged)
    }

    fn of_fields(bytes: &[u8]) -> Result<Self, Short> {
        let mut reader = Reader::new(bytes);
        reader.slice(MAGIC.len() + 1)?;
        let product = Product(reader.u16()?);
        let uid = Uid(reader.array()?);
        let static_key = StaticKey::new(*Zeroizing::new(reader.array()?));
        let secret = SetupSecret::new(*Zeroizing::new(reader.array()?));
        let is_certified = reader.u8()? != 0;
        let certificate = Certificate(reader.array()?);
        Ok(Self { product, uid, static_key, secret, certificate: is_certified.then_some(certificate) })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn example() -> Provision {
        Provision {
            product: Product(0x0102),
            uid: Uid([3; 8]),
            static_key: StaticKey::new([4; 32]),
            secret: SetupSecret::new([5; 16]),
            certificate: Some(Certificate([6; 64])),
        }
    }

    #[test]
    fn an_identity_is_read_as_it_was_written() {
        for certificate in [None, Some(Certificate([6; 64]))] {
            let made = Provision { certificate, ..example() };
            let read = Provision::parse(&made.to_bytes()).unwrap();
            assert_eq!(read.setup_code(), made.setup_code());
            assert_eq!(read.static_key.expose(), made.static_key.expose());
            assert_eq!(read.certificate.map(|certificate| certificate.0), made.certificate.map(|made| made.0));
        }
    }

    #[test]
    fn fields_stand_where_the_table_says() {
        let bytes = example().to_bytes();
        let expected = [b"HSI\x01\x02\x01".as_slice(), &[3; 8], &[4; 32], &[5; 16], &[1], &[6; 64], &[0]].concat();
        assert_eq!(bytes[..128], expected);
        assert_eq!(bytes[128..], crc32(&expected).to_le_bytes());
    }

    #[test]
    fn what_is_no_identity_is_nobody_newer_or_damaged() {
        assert_eq!(Provision::parse(&[0xFF; LENGTH]).unwrap_err(), ProvisionError::Nobody);
        assert_eq!(Provision::parse(&[0; LENGTH]).unwrap_err(), ProvisionError::Nobody);
        let mut newer = *example().to_bytes();
        newer[3] = 2;
        assert_eq!(Provision::parse(&newer).unwrap_err(), ProvisionError::Newer { format: 2 });
    }

    proptest! {
        #[test]
        fn a_bit_that_changes_is_found(bit in 32..LENGTH * 8) {
            let mut bytes = *example().to_bytes();
            bytes[bit / 8] ^= 1 << (bit % 8);
            prop_assert_eq!(Provision::parse(&bytes).unwrap_err(), ProvisionError::Damaged);
        }
    }
}
