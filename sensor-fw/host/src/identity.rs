//! Who a sensor is, in a file: on the chip this is a page of flash that is written once.
//!
//! ```toml
//! # The identity of one sensor. It holds secrets: whoever has it can be this sensor.
//! product = 1
//! hardware = 0
//! uid = "0011223344556677"
//! address = "C0:11:22:33:44:55"
//! static_key = "…64 hexadecimal digits…"
//! secret = "…32 hexadecimal digits…"
//! ```

use std::{
    fmt::Write as _,
    fs::{self, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use fw_logic::{Channel, noise::StaticKey, pairing, provision::Provision};
use rand_core::CryptoRng;
use serde::Deserialize;
use wire::{
    bthome::Address,
    firmware::{Hardware, Version},
    manifest::Target,
    secret::SetupSecret,
    setup_code::{Product, SetupCode, Uid},
};
use zeroize::Zeroizing;

/// The two highest bits of a static address (Core 5.4, volume 6, part B, 1.3.2.1).
const STATIC: u8 = 0xC0;

/// Who a sensor is.
#[derive(Debug)]
pub struct Identity {
    provision: Provision,
    hardware: Hardware,
    address: Address,
}

/// An identity file that cannot be used or made.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// It cannot be read.
    #[error("read the identity file {path:?} (`sensor-sim identity` makes one)")]
    Read {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It cannot be written; one that exists is never written over.
    #[error("make the identity file {path:?}")]
    Write {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is not made of the lines that it should have.
    #[error("understand the identity file {path:?}")]
    Syntax {
        /// Which file.
        path: PathBuf,
        /// What and where.
        source: Box<toml::de::Error>,
    },
    /// A line says what cannot be.
    #[error("use the identity file {path:?}: {key} has to be {expected}")]
    Value {
        /// Which file.
        path: PathBuf,
        /// Which line.
        key: &'static str,
        /// What it should be.
        expected: &'static str,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    product: u16,
    hardware: u8,
    uid: String,
    address: String,
    static_key: String,
    secret: String,
}

impl Identity {
    /// A new sensor.
    pub fn generate(product: Product, hardware: Hardware, luck: &mut impl CryptoRng) -> Self {
        let mut address = [0; 6];
        luck.fill_bytes(&mut address);
        let [first, ..] = &mut address;
        *first |= STATIC;
        Self { provision: Provision::generate(product, luck), hardware, address }
    }

    /// Reads an identity file.
    ///
    /// # Errors
    /// [`IdentityError`].
    pub fn read(path: &Path) -> Result<Self, IdentityError> {
        let text = fs::read_to_string(path).map(Zeroizing::new);
        let text = text.map_err(|source| IdentityError::Read { path: path.to_owned(), source })?;
        Self::parse(&text, path)
    }

    fn parse(text: &str, path: &Path) -> Result<Self, IdentityError> {
        let raw: Raw = toml::from_str(text)
            .map_err(|source| IdentityError::Syntax { path: path.to_owned(), source: Box::new(source) })?;
        let wrong = |key, expected| IdentityError::Value { path: path.to_owned(), key, expected };
        let address = address(&raw.address).ok_or_else(|| {
            wrong("address", "six bytes like C0:11:22:33:44:55, the first from C0 to FF (a random static address)")
        })?;
        let (key, secret) = (Zeroizing::new(raw.static_key), Zeroizing::new(raw.secret));
        let static_key = digits(&key).ok_or_else(|| wrong("static_key", "64 hexadecimal digits"))?;
        let secret = digits(&secret).ok_or_else(|| wrong("secret", "32 hexadecimal digits"))?;
        let provision = Provision {
            product: Product(raw.product),
            uid: Uid(*digits(&raw.uid).ok_or_else(|| wrong("uid", "16 hexadecimal digits"))?),
            static_key: StaticKey::new(*static_key),
            secret: SetupSecret::new(*secret),
            certificate: None,
        };
        let hardware = Hardware::new(raw.hardware).ok_or_else(|| wrong("hardware", "0 to 31"))?;
        Ok(Self { provision, hardware, address })
    }

    /// Writes a new file that only its owner can read.
    ///
    /// # Errors
    /// [`IdentityError::Write`], too when the file exists: a sensor has one identity for life.
    pub fn write_new(&self, path: &Path) -> Result<(), IdentityError> {
        let write = || {
            let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
            file.write_all(self.text().as_bytes())?;
            file.sync_all()
        };
        write().map_err(|source| IdentityError::Write { path: path.to_owned(), source })
    }

    fn text(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(512));
        let [a, b, c, d, e, f] = self.address;
        let Provision { product, uid, static_key, secret, .. } = &self.provision;
        // Writing to a String does not fail.
        let _ = write!(
            *text,
            "# The identity of one sensor. It holds secrets: whoever has it can be this sensor.\n\
             product = {}\nhardware = {}\nuid = \"{}\"\n\
             address = \"{a:02X}:{b:02X}:{c:02X}:{d:02X}:{e:02X}:{f:02X}\"\n\
             static_key = \"{}\"\nsecret = \"{}\"\n",
            product.0,
            self.hardware.revision(),
            uid,
            *Zeroizing::new(hex::encode(static_key.expose())),
            *Zeroizing::new(hex::encode(secret.expose())),
        );
        text
    }

    /// What the label says.
    pub fn setup_code(&self) -> SetupCode {
        self.provision.setup_code()
    }

    /// Which sensor it is.
    pub const fn uid(&self) -> Uid {
        self.provision.uid
    }

    /// Where it sends from.
    pub const fn address(&self) -> Address {
        self.address
    }

    /// What the program is told, for a sensor that measures this and runs this.
    pub(crate) fn pairing(&self, channels: &'static [Channel], firmware: Version) -> pairing::Identity {
        let Provision { product, uid, static_key, secret, certificate } = &self.provision;
        pairing::Identity {
            product: *product,
            uid: *uid,
            static_key: StaticKey::new(*static_key.expose()),
            secret: secret.clone(),
            certificate: *certificate,
            firmware,
            hardware: self.hardware,
            boot: 0,
            channels,
        }
    }

    /// What kind of sensor it is, for updates.
    pub(crate) const fn target(&self, security_counter: u32) -> Target {
        Target { product: self.provision.product, hardware: self.hardware, security_counter, room: 0 }
    }
}

fn digits<const N: usize>(text: &str) -> Option<Zeroizing<[u8; N]>> {
    let mut bytes = Zeroizing::new([0; N]);
    hex::decode_to_slice(text, &mut *bytes).ok()?;
    Some(bytes)
}

fn address(text: &str) -> Option<Address> {
    let mut address = [0; 6];
    let mut parts = text.split(':');
    for place in &mut address {
        let part = parts.next().filter(|part| part.len() == 2)?;
        *place = u8::from_str_radix(part, 16).ok()?;
    }
    (parts.next().is_none() && address.first().is_some_and(|first| *first >= STATIC)).then_some(address)
}

#[cfg(test)]
mod tests {
    use getrandom::SysRng;
    use rand_core::UnwrapErr;

    use super::*;

    fn new() -> Identity {
        Identity::generate(Product(7), Hardware::new(3).unwrap(), &mut UnwrapErr(SysRng))
    }

    #[test]
    fn an_identity_is_read_as_it_was_made_and_made_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sensor.toml");
        let made = new();
        made.write_new(&path).unwrap();
        let read = Identity::read(&path).unwrap();
        assert_eq!(
            (read.setup_code(), read.address(), read.hardware),
            (made.setup_code(), made.address, made.hardware)
        );
        assert_ne!(read.setup_code(), new().setup_code());
        assert!(matches!(new().write_new(&path), Err(IdentityError::Write { .. })));
        assert_eq!(Identity::read(&path).unwrap().setup_code(), made.setup_code());
        let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&path).unwrap().permissions());
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn what_is_wrong_in_a_file_is_said_with_what_would_be_right() {
        let text = new().text();
        let check = |key: &str, value: &str, expected: &str| {
            let line = |line: &str| line.split(" = ").next() == Some(key);
            let changed: String = text
                .lines()
                .map(|old| if line(old) { format!("{key} = {value}\n") } else { format!("{old}\n") })
                .collect();
            let error = Identity::parse(&changed, Path::new("a.toml")).unwrap_err();
            let said =
                std::error::Error::source(&error).map_or(error.to_string(), |source| format!("{error}: {source}"));
            assert!(said.contains("\"a.toml\"") && said.contains(expected), "{said}");
        };
        check("uid", "\"001122\"", "uid has to be 16 hexadecimal digits");
        check("secret", "\"zz\"", "secret has to be 32 hexadecimal digits");
        check("static_key", "\"\"", "static_key has to be 64 hexadecimal digits");
        check("hardware", "32", "hardware has to be 0 to 31");
        for address in
            ["\"00:11:22:33:44:55\"", "\"C0:11:22:33:44\"", "\"C0:11:22:33:44:5\"", "\"C0:11:22:33:44:55:66\""]
        {
            check("address", address, "six bytes like C0:11:22:33:44:55");
        }
        check("product", "70000", "product");
        check("product", "1\ncolour = 3", "colour");
    }
}
