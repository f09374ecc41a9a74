//! Where updates are kept, who may sign them, and how they go round.

use std::path::{Path, PathBuf};

use hub_model::SettingError;
use wire::manifest::{KeyId, TrustedKey};

use crate::{Catalogue, Policy};

/// No home has sensors of so many makers.
const MOST_KEYS: usize = 16;

/// Where updates are kept, who may sign them, and how they go round. Every value of this type is within its range.
///
/// ```
/// use hub_ota::Config;
///
/// let key = "8a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c";
/// let config = Config::new("/var/lib/ingle/firmware").with_trusted_keys(&[(1, key)])?;
/// assert_eq!(config.trusted().len(), 1);
/// # Ok::<(), hub_model::SettingError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    folder: PathBuf,
    trusted: Vec<TrustedKey>,
    policy: Policy,
}

impl Config {
    /// Updates in this folder, which need not be there; no key is trusted, so none gets in.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into(), trusted: Vec::new(), policy: Policy::default() }
    }

    /// With keys that may sign: the number that manifests call a key by, and its public half in 64 hexadecimal digits, as
    /// `cargo xtask fw-sign --new-key` prints both.
    ///
    /// # Errors
    /// When one is no key, two have one number, or there are more than 16.
    pub fn with_trusted_keys(self, keys: &[(u8, &str)]) -> Result<Self, SettingError> {
        if keys.len() > MOST_KEYS {
            return Err(SettingError::new("updates.trusted_keys", format!("{} keys", keys.len()), "at most 16 keys"));
        }
        let mut trusted: Vec<TrustedKey> = Vec::new();
        for (id, digits) in keys {
            let mut public_key = [0; 32];
            let key = hex::decode_to_slice(digits, &mut public_key).map(|()| TrustedKey { id: KeyId(*id), public_key });
            let key =
                key.map_err(|_| SettingError::new("updates.trusted_keys.public_key", digits, "64 hexadecimal digits"))?;
            if trusted.iter().any(|other| other.id == key.id) {
                return Err(SettingError::new("updates.trusted_keys.id", id, "another number for each key"));
            }
            trusted.push(key);
        }
        Ok(Self { trusted, ..self })
    }

    /// With another way for releases to go round.
    #[must_use]
    pub fn with_policy(self, policy: Policy) -> Self {
        Self { policy, ..self }
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The keys that may sign.
    pub fn trusted(&self) -> &[TrustedKey] {
        &self.trusted
    }

    /// How releases go round.
    pub const fn policy(&self) -> &Policy {
        &self.policy
    }

    /// What is in the folder.
    pub fn catalogue(&self) -> Catalogue {
        Catalogue::new(&self.folder, &self.trusted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_numbers_and_digits() {
        let config = |keys: &[(u8, &str)]| Config::new("/nowhere").with_trusted_keys(keys);
        let key = "ab".repeat(32);
        let good = config(&[(1, &key), (2, &key.to_uppercase())]).unwrap();
        assert_eq!(good.trusted()[1], TrustedKey { id: KeyId(2), public_key: [0xAB; 32] });
        for (keys, parts) in [
            (vec![(1, "ab")], ["public_key is \"ab\"", "64 hexadecimal digits"]),
            (vec![(1, &"gg".repeat(32)[..])], ["public_key is \"gg", "64 hexadecimal digits"]),
            (vec![(1, &key[..]), (1, &key)], ["id is \"1\"", "another number"]),
            ((0..17).map(|id| (id, &key[..])).collect(), ["17 keys", "at most 16"]),
        ] {
            let message = config(&keys).unwrap_err().to_string();
            assert!(parts.iter().all(|part| message.contains(part)), "{message}");
        }
    }
}
