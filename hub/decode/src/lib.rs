//! From an advertisement to what it says: pure functions, one file a vendor.
//!
//! [`decode`] takes a [`RawAdvert`] and perhaps the sender's key, and answers with [`Decoded`] or a typed
//! [`DecodeError`]. The same bytes give the same answer, whoever asks and whenever. [`explain`] does it for a person: text in,
//! a line of JSON out.
//!
//! ```
//! let line = r#"{"address":"A4:C1:38:00:11:22","service_data":{"fcd2":"4002ca09"}}"#;
//! let answer = hub_decode::explain_line(line);
//! assert!(answer.contains(r#""quantity":"temperature","instance":0,"value":25.06,"unit":"°C""#));
//! ```
//!
//! Does not know: which devices are adopted, which counters were seen, what is plausible, what time it is.

mod aranet;
mod atc;
mod bthome;
mod error;
mod explain;
mod govee;
mod inkbird;
mod mibeacon;
mod mopeka;
mod qingping;
mod quotient;
mod ruuvi;
mod sensorpush;
mod switchbot;
mod thermopro;

pub use error::DecodeError;
pub use explain::{ExplainError, Explanation, explain, explain_line, parse_key, parse_part, parse_parts};
use hub_model::{BindKey, Decoded, RawAdvert};

/// What an advertisement says.
///
/// The first part that is understood wins; if none is, the first refusal.
///
/// # Errors
/// [`DecodeError::NotOurs`] when no part is in a format that we know, another when one is and cannot be used.
pub fn decode(advert: &RawAdvert, key: Option<&BindKey>) -> Result<Decoded, DecodeError> {
    let services = advert.service_data.iter().map(|(uuid, data)| match *uuid {
        wire::bthome::v2::UUID => bthome::v2(data, advert.address, key),
        wire::bthome::v1::UUID_PLAIN => bthome::v1_plain(data),
        wire::bthome::v1::UUID_SEALED => bthome::v1_sealed(data, advert.address, key),
        atc::UUID => atc::decode(data, advert.address, key),
        mibeacon::UUID => mibeacon::decode(data, advert.address, key),
        qingping::UUID => qingping::decode(data, advert.address),
        switchbot::UUID | switchbot::OLD_UUID => switchbot::decode(advert),
        _ => Err(DecodeError::NotOurs),
    });
    let name = advert.name.as_deref().unwrap_or_default();
    let told_by_name = told_by_name(name);
    let makers = advert.manufacturer_data.iter().map(|(company, data)| match *company {
        _ if told_by_name.is_some() => Err(DecodeError::NotOurs),
        aranet::COMPANY => aranet::decode(data),
        govee::GOVEE | govee::NOKIA | govee::OLD => govee::decode(*company, data, advert.name.as_deref()),
        mopeka::COMPANY => mopeka::decode(data, advert.address),
        ruuvi::COMPANY => ruuvi::decode(data),
        switchbot::COMPANY => switchbot::decode(advert),
        _ => Err(DecodeError::NotOurs),
    });
    let named = told_by_name.into_iter().map(|read| the_only_one(advert, |data| read(name, data)));
    let mut refusal = DecodeError::NotOurs;
    for answer in services.chain(makers).chain(named) {
        match answer {
            Ok(decoded) => return Ok(decoded),
            Err(error) if refusal == DecodeError::NotOurs => refusal = error,
            Err(_) => {}
        }
    }
    Err(refusal)
}

/// Reads manufacturer data, with the two bytes of the company in front, of a sender of this name.
type Named = fn(&str, &[u8]) -> Result<Decoded, DecodeError>;

/// How to read manufacturer data that have readings where the company should be: only the sender's name tells whose they are.
fn told_by_name(name: &str) -> Option<Named> {
    match name {
        _ if inkbird::is_name(name) => Some(inkbird::decode),
        _ if sensorpush::is_name(name) => Some(sensorpush::decode),
        _ if thermopro::is_name(name) => Some(thermopro::decode),
        _ => None,
    }
}

/// Reads manufacturer data with the two bytes of the company in front.
///
/// A receiver that joins several adverts of such a sender joins old readings and new ones, each under a company of its own.
fn the_only_one(
    advert: &RawAdvert,
    read: impl Fn(&[u8]) -> Result<Decoded, DecodeError>,
) -> Result<Decoded, DecodeError> {
    let mut outcome = Err(DecodeError::NotOurs);
    for (company, data) in &advert.manufacturer_data {
        match (read(&[company.to_le_bytes().as_slice(), data].concat()), &outcome) {
            (Ok(decoded), Ok(_)) => return Err(DecodeError::Ambiguous { format: decoded.format }),
            (Ok(decoded), Err(_)) => outcome = Ok(decoded),
            (Err(error), Err(DecodeError::NotOurs)) => outcome = Err(error),
            (Err(_), _) => {}
        }
    }
    outcome
}

#[cfg(test)]
mod tests;
