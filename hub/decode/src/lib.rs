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

mod atc;
mod bthome;
mod error;
mod explain;
mod govee;
mod mibeacon;
mod ruuvi;

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
        _ => Err(DecodeError::NotOurs),
    });
    let makers = advert.manufacturer_data.iter().map(|(company, data)| match *company {
        ruuvi::COMPANY => ruuvi::decode(data),
        govee::GOVEE | govee::NOKIA | govee::OLD => govee::decode(*company, data, advert.name.as_deref()),
        _ => Err(DecodeError::NotOurs),
    });
    let mut refusal = DecodeError::NotOurs;
    for answer in services.chain(makers) {
        match answer {
            Ok(decoded) => return Ok(decoded),
            Err(error) if refusal == DecodeError::NotOurs => refusal = error,
            Err(_) => {}
        }
    }
    Err(refusal)
}

#[cfg(test)]
mod tests;
