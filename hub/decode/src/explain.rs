//! One advert explained to a person or a test: text in, one JSON object out.
//!
//! ```json
//! {"format":"bthome-v2","encrypted":true,"counter":1,"packet_id":null,
//!  "values":[{"quantity":"temperature","instance":0,"value":25.06,"unit":"°C"}],
//!  "events":[{"event":"button","instance":0,"action":"press"}],
//!  "facts":[{"fact":"text","value":"Hello"}],
//!  "triggered":false,"unordered":false,"unknown_object":null}
//! ```
//!
//! A refusal is `{"error":"bad_mic","detail":"…"}`.

use std::collections::BTreeMap;

use hub_model::{Address, BindKey, ParseAddressError, RawAdvert};
use serde::Deserialize;
use thiserror::Error;

use crate::{DecodeError, decode};

mod json;

pub use json::Explanation;

/// Why an advert given as text was not explained.
#[derive(Debug, Error)]
pub enum ExplainError {
    /// The advert was read and refused.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// The address is none.
    #[error(transparent)]
    Address(#[from] ParseAddressError),
    /// The key is none.
    #[error("the bind key has {length} characters or is not hexadecimal; expected 32 hex digits")]
    BindKey {
        /// How many characters were given; the key itself is not repeated.
        length: usize,
    },
    /// A part of the advert is not named by UUID or company.
    #[error("{name:?} names no part; expected 4 hex digits such as fcd2 (or a 128-bit Bluetooth UUID)")]
    Part {
        /// What was given.
        name: String,
    },
    /// The bytes of a part are none.
    #[error("the data of {name} is not hexadecimal: {reason}; expected pairs of hex digits such as 4002ca09")]
    Hex {
        /// Which part.
        name: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A part on the command line has no `=`.
    #[error("{text:?} is no part of an advert; expected UUID=HEX such as fcd2=4002ca09")]
    Pair {
        /// What was given.
        text: String,
    },
    /// A line is not the JSON object that is asked for.
    #[error(
        "line is not an advert: {reason}; expected {{\"address\":\"A4:C1:38:00:11:22\",\"service_data\":{{\"fcd2\":\"HEX\"}}}}"
    )]
    Line {
        /// What is wrong with it.
        reason: String,
    },
}

impl ExplainError {
    /// The stable snake_case code: those of [`DecodeError::code`], and those of bad input.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Decode(error) => error.code(),
            Self::Address(_) => "bad_address",
            Self::BindKey { .. } => "bad_bindkey",
            Self::Part { .. } | Self::Pair { .. } => "bad_part",
            Self::Hex { .. } => "bad_hex",
            Self::Line { .. } => "bad_json",
        }
    }

    /// The refusal as one line of JSON.
    pub fn to_json(&self) -> String {
        json::refusal(self.code(), &self.to_string())
    }
}

/// What an advert says, from text.
///
/// Parts are pairs of a UUID (or company identifier) and hex bytes, as [`parse_part`] gives them.
///
/// # Errors
/// [`ExplainError`] when the text is not an advert, or its advert is refused.
pub fn explain<'a>(
    address: &str,
    bindkey: Option<&str>,
    service_data: impl IntoIterator<Item = (&'a str, &'a str)>,
    manufacturer_data: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Result<Explanation, ExplainError> {
    explain_named(None, address, bindkey, service_data, manufacturer_data)
}

/// The same of a sender that says its name.
fn explain_named<'a>(
    name: Option<String>,
    address: &str,
    bindkey: Option<&str>,
    service_data: impl IntoIterator<Item = (&'a str, &'a str)>,
    manufacturer_data: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Result<Explanation, ExplainError> {
    let key = bindkey.map(parse_key).transpose()?;
    let advert = RawAdvert {
        name,
        service_data: parse_parts(service_data)?,
        manufacturer_data: parse_parts(manufacturer_data)?,
        ..RawAdvert::timeless(address.parse::<Address>()?)
    };
    Ok(Explanation::of(&decode(&advert, key.as_ref())?))
}

/// An advert as one line of JSON; fields that it does not need (time, rssi) may stand in it.
#[derive(Deserialize)]
struct Line {
    address: String,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    bindkey: Option<String>,
    #[serde(default)]
    service_data: BTreeMap<String, String>,
    #[serde(default)]
    manufacturer_data: BTreeMap<String, String>,
}

/// Answers one line of JSON with one line of JSON, whatever it holds.
pub fn explain_line(line: &str) -> String {
    let answer = serde_json::from_str::<Line>(line)
        .map_err(|error| ExplainError::Line { reason: error.to_string() })
        .and_then(|line| {
            explain_named(
                line.name,
                &line.address,
                line.bindkey.as_deref(),
                borrowed(&line.service_data),
                borrowed(&line.manufacturer_data),
            )
        });
    match answer {
        Ok(explanation) => explanation.to_json(),
        Err(error) => error.to_json(),
    }
}

fn borrowed(parts: &BTreeMap<String, String>) -> impl Iterator<Item = (&str, &str)> {
    parts.iter().map(|(name, digits)| (name.as_str(), digits.as_str()))
}

/// The name and the bytes of a part in `UUID=HEX`, still as text.
///
/// # Errors
/// [`ExplainError::Pair`] when there is no `=`.
pub fn parse_part(text: &str) -> Result<(&str, &str), ExplainError> {
    text.split_once('=').ok_or_else(|| ExplainError::Pair { text: excerpt(text) })
}

/// The parts of an advert, from pairs of a UUID (or company identifier) and hex bytes.
///
/// # Errors
/// [`ExplainError::Part`] or [`ExplainError::Hex`] for the first pair that is none.
pub fn parse_parts<'a>(
    parts: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Result<Vec<(u16, Vec<u8>)>, ExplainError> {
    parts
        .into_iter()
        .map(|(name, digits)| {
            let number = parse_uuid(name).ok_or_else(|| ExplainError::Part { name: excerpt(name) })?;
            let bytes = hex::decode(digits.trim())
                .map_err(|error| ExplainError::Hex { name: excerpt(name), reason: error.to_string() })?;
            Ok((number, bytes))
        })
        .collect()
}

/// A 16-bit UUID or company: `fcd2`, `0xFCD2` or `0000fcd2-0000-1000-8000-00805f9b34fb`.
fn parse_uuid(name: &str) -> Option<u16> {
    let name = name.trim().to_ascii_lowercase();
    let short = name.strip_prefix("0x").unwrap_or(&name);
    let short = match short.strip_suffix("-0000-1000-8000-00805f9b34fb") {
        Some(long) => long.strip_prefix("0000")?,
        None => short,
    };
    let is_short = short.len() == 4 && short.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_short { u16::from_str_radix(short, 16).ok() } else { None }
}

/// A bind key, from 32 hex digits.
///
/// # Errors
/// [`ExplainError::BindKey`] when it is none.
pub fn parse_key(digits: &str) -> Result<BindKey, ExplainError> {
    let digits = digits.trim();
    let refuse = |_| ExplainError::BindKey { length: digits.chars().count() };
    let mut bytes = [0; 16];
    hex::decode_to_slice(digits, &mut bytes).map_err(refuse)?;
    Ok(BindKey::new(bytes))
}

/// As much of a text as a message repeats.
fn excerpt(text: &str) -> String {
    text.chars().take(64).collect()
}
