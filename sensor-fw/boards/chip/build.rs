//! Puts the keys that may sign updates into bootloader and program.

use std::{env, fmt::Write as _, fs, path::PathBuf};

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

const DEVELOPMENT: &str = "../keys/development.toml";
const GIVEN: &str = "INGLE_UPDATE_KEYS";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Keys {
    key: Vec<Key>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Key {
    id: u8,
    public_key: String,
}

fn main() -> Result<()> {
    println!("cargo:rerun-if-env-changed={GIVEN}");
    println!("cargo:rerun-if-changed={DEVELOPMENT}");
    let development = read(DEVELOPMENT.into())?;
    let keys = match env::var_os(GIVEN).map(PathBuf::from) {
        Some(path) => {
            println!("cargo:rerun-if-changed={}", path.display());
            let keys = read(path)?;
            for key in &development.key {
                let is_known = keys.key.iter().any(|given| given.public_key.eq_ignore_ascii_case(&key.public_key));
                ensure!(!is_known, "{GIVEN} has the development key {}, whose private half everybody knows", key.id);
            }
            keys
        }
        None => {
            println!("cargo:warning=FOR DEVELOPMENT ONLY: everybody can sign updates for this image; set {GIVEN}");
            development
        }
    };
    let mut text = String::from("[\n");
    for Key { id, public_key } in &keys.key {
        let bytes = hex::decode(public_key).ok().filter(|bytes| bytes.len() == 32);
        let bytes = bytes.with_context(|| format!("the public key {id} has to be 64 hexadecimal digits"))?;
        writeln!(text, "TrustedKey {{ id: KeyId({id}), public_key: {bytes:?} }},")?;
    }
    text.push(']');
    let out = PathBuf::from(env::var_os("OUT_DIR").context("cargo sets OUT_DIR")?);
    Ok(fs::write(out.join("keys.rs"), text)?)
}

fn read(path: PathBuf) -> Result<Keys> {
    let name = path.display().to_string();
    let text = fs::read_to_string(path).with_context(|| format!("failed to read the update keys in {name}"))?;
    let keys: Keys = toml::from_str(&text).with_context(|| format!("failed to understand {name}"))?;
    let [first, second] = keys.key.as_slice() else { anyhow::bail!("{name} has {} keys, not two", keys.key.len()) };
    let differ = first.id != second.id && !first.public_key.eq_ignore_ascii_case(&second.public_key);
    ensure!(differ, "the two keys in {name} have to differ, in id and key");
    Ok(keys)
}
