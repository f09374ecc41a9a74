//! What the two ends say, byte by byte. Integers are big-endian.
//!
//! | bytes | every frame |
//! |---|---|
//! | 2 | how many follow, 1 to [`MAX_FRAME`] |
//! | 1 | kind |
//! | … | by kind |
//!
//! | kind | from | body |
//! |---|---|---|
//! | 1 hello | receiver | version (1), token (32), life (8) |
//! | 2 welcome | hub | number of the receiver (2), number of the first advert of this life that is not here yet (8) |
//! | 3 refused | hub | why (1): 1 version, 2 token, 3 too many tries |
//! | 4 adverts | receiver | number of the first (8), count (1 to [`MAX_BATCH`]), adverts with numbers that follow each other |
//! | 5 alive | both | – |
//! | 6 taken | hub | number of the first advert that is not here yet (8) |
//!
//! | bytes | an advert |
//! |---|---|
//! | 4 | its age when the frame was made, ms |
//! | 6 | address |
//! | 1 | flags: 1 random address, 2 connectable, 4 strength follows, 8 name follows |
//! | 0, 1 | strength, dBm, signed |
//! | 0, 1+n | length and UTF-8 of the name |
//! | 1 | parts, 0 to [`MAX_PARTS`] |
//! | each | kind: 1 service data by 16 bits, 2 by 128, 3 manufacturer data; UUID or company (2, 16, 2); length (1); bytes |

use hub_model::{Address, RawAdvert, ReceiverId, Stamp};
use thiserror::Error;

/// The version of the protocol.
pub const VERSION: u8 = 1;
/// The longest frame without its length, bytes.
pub const MAX_FRAME: usize = 32_768;
/// The most adverts of one frame.
pub const MAX_BATCH: usize = 64;
/// The most parts of one advert.
pub const MAX_PARTS: usize = 32;

/// One frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frame {
    /// Who speaks.
    Hello {
        /// What it was given when it was added.
        token: [u8; 32],
        /// A number that it drew when it began: the numbers of its adverts count in it.
        life: u64,
    },
    /// It is known.
    Welcome {
        /// Its number.
        receiver: ReceiverId,
        /// The first advert that the hub does not have.
        next: u64,
    },
    /// It is not.
    Refused(Refused),
    /// What it heard.
    Adverts {
        /// The number of the first.
        first: u64,
        /// The adverts; their stamps and receivers mean nothing on the way.
        adverts: Vec<Aged>,
    },
    /// Nothing new; the other end is alive.
    Alive,
    /// What the hub has.
    Taken {
        /// The first advert that the hub does not have.
        next: u64,
    },
}

/// An advert and how long ago it was heard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Aged {
    /// Milliseconds between its hearing and its sending.
    pub age_ms: u32,
    /// The advert.
    pub advert: RawAdvert,
}

/// Why a receiver is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Refused {
    /// It speaks another version.
    #[error("the hub speaks another version of the protocol; update the older of the two")]
    Version,
    /// It is not known, or no longer.
    #[error("the hub does not know this join code, or no longer; add the receiver anew with `hubd receivers add`")]
    Token,
    /// Too many tried from there.
    #[error("too many wrong join codes came from this address; the hub listens again in a minute")]
    TooMany,
}

/// Bytes that are no frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum FrameError {
    /// Longer or shorter than any frame.
    #[error("a frame of {length} bytes; expected 1 to {MAX_FRAME}")]
    Length {
        /// What it claims.
        length: usize,
    },
    /// A kind that this version does not know.
    #[error("a frame of kind {kind}, which this version does not know")]
    Kind {
        /// Which.
        kind: u8,
    },
    /// It ends in the middle, goes on after its end, or has a field out of its range.
    #[error("a frame whose {field} is not right")]
    Field {
        /// Which.
        field: &'static str,
    },
}

impl Frame {
    /// Appends the frame with its length. Parts of adverts beyond the bounds of the format are left out.
    pub fn write(&self, out: &mut Vec<u8>) {
        let start = out.len();
        out.extend([0, 0]);
        match self {
            Self::Hello { token, life } => {
                out.extend([1, VERSION]);
                out.extend(token);
                out.extend(life.to_be_bytes());
            }
            Self::Welcome { receiver, next } => {
                out.push(2);
                out.extend(receiver.0.to_be_bytes());
                out.extend(next.to_be_bytes());
            }
            Self::Refused(why) => {
                let code = match why {
                    Refused::Version => 1,
                    Refused::Token => 2,
                    Refused::TooMany => 3,
                };
                out.extend([3, code]);
            }
            Self::Adverts { first, adverts } => {
                out.push(4);
                out.extend(first.to_be_bytes());
                out.push(u8::try_from(adverts.len()).unwrap_or(u8::MAX));
                adverts.iter().take(MAX_BATCH).for_each(|aged| write_advert(aged, out));
            }
            Self::Alive => out.push(5),
            Self::Taken { next } => {
                out.push(6);
                out.extend(next.to_be_bytes());
            }
        }
        let length = u16::try_from(out.len() - start - 2).unwrap_or(u16::MAX).to_be_bytes();
        if let Some(place) = out.get_mut(start..start + 2) {
            place.copy_from_slice(&length);
        }
    }

    /// The first frame of `bytes` and how many it takes; `None` while it is not whole. `stamp` is what adverts get for a time.
    ///
    /// # Errors
    /// When it is none.
    pub fn read(bytes: &[u8], stamp: Stamp) -> Result<Option<(Self, usize)>, FrameError> {
        let Some((head, rest)) = bytes.split_first_chunk::<2>() else { return Ok(None) };
        let length = usize::from(u16::from_be_bytes(*head));
        if !(1..=MAX_FRAME).contains(&length) {
            return Err(FrameError::Length { length });
        }
        let Some(body) = rest.get(..length) else { return Ok(None) };
        let mut body = Body(body);
        let frame = body.frame(stamp)?;
        if !body.0.is_empty() {
            return Err(FrameError::Field { field: "end" });
        }
        Ok(Some((frame, length + 2)))
    }
}

/// How many bytes an advert takes at most.
pub(crate) fn size(advert: &RawAdvert) -> usize {
    let parts = advert.service_data.iter().chain(&advert.manufacturer_data).map(|(_, data)| data.len() + 4);
    let long = advert.long_service_data.iter().map(|(_, data)| data.len() + 18);
    14 + advert.name.as_ref().map_or(0, String::len) + parts.chain(long).sum::<usize>()
}

fn write_advert(Aged { age_ms, advert }: &Aged, out: &mut Vec<u8>) {
    out.extend(age_ms.to_be_bytes());
    out.extend(advert.address.bytes());
    let name = advert.name.as_ref().and_then(|name| Some((u8::try_from(name.len()).ok()?, name)));
    let flags = [advert.is_random, advert.is_connectable, advert.rssi.is_some(), name.is_some()];
    out.push(flags.iter().rev().fold(0, |bits, flag| bits << 1 | u8::from(*flag)));
    out.extend(advert.rssi.map(i8::to_be_bytes).iter().flatten());
    if let Some((length, name)) = name {
        out.push(length);
        out.extend(name.as_bytes());
    }
    let short = |kind: u8| move |(id, data): &(u16, Vec<u8>)| (kind, id.to_be_bytes().to_vec(), data.clone());
    let long = |(id, data): &(u128, Vec<u8>)| (2, id.to_be_bytes().to_vec(), data.clone());
    let services = advert.service_data.iter().map(short(1)).chain(advert.long_service_data.iter().map(long));
    let parts = services.chain(advert.manufacturer_data.iter().map(short(3)));
    let parts: Vec<_> = parts.filter(|(_, _, data)| data.len() <= 255).take(MAX_PARTS).collect();
    out.push(u8::try_from(parts.len()).unwrap_or(u8::MAX));
    for (kind, id, data) in parts {
        out.push(kind);
        out.extend(id);
        out.push(u8::try_from(data.len()).unwrap_or(u8::MAX));
        out.extend(data);
    }
}

/// What is left of a frame.
struct Body<'a>(&'a [u8]);

impl<'a> Body<'a> {
    fn take<const N: usize>(&mut self, field: &'static str) -> Result<[u8; N], FrameError> {
        let (taken, rest) = self.0.split_first_chunk::<N>().ok_or(FrameError::Field { field })?;
        self.0 = rest;
        Ok(*taken)
    }

    fn byte(&mut self, field: &'static str) -> Result<u8, FrameError> {
        self.take::<1>(field).map(|[byte]| byte)
    }

    /// Bytes with their length before them.
    fn run(&mut self, field: &'static str) -> Result<&'a [u8], FrameError> {
        let length = self.byte(field)?;
        let (taken, rest) = self.0.split_at_checked(length.into()).ok_or(FrameError::Field { field })?;
        self.0 = rest;
        Ok(taken)
    }

    fn frame(&mut self, stamp: Stamp) -> Result<Frame, FrameError> {
        Ok(match self.byte("kind")? {
            1 => {
                // What another version says after its version is its own matter.
                if self.byte("version")? != VERSION {
                    return Err(FrameError::Field { field: "version" });
                }
                Frame::Hello { token: self.take("token")?, life: u64::from_be_bytes(self.take("life")?) }
            }
            2 => Frame::Welcome {
                receiver: ReceiverId(u16::from_be_bytes(self.take("receiver")?)),
                next: u64::from_be_bytes(self.take("next")?),
            },
            3 => Frame::Refused(match self.byte("reason")? {
                1 => Refused::Version,
                2 => Refused::Token,
                3 => Refused::TooMany,
                _ => return Err(FrameError::Field { field: "reason" }),
            }),
            4 => {
                let first = u64::from_be_bytes(self.take("first")?);
                let count = usize::from(self.byte("count")?);
                if !(1..=MAX_BATCH).contains(&count) {
                    return Err(FrameError::Field { field: "count" });
                }
                let adverts = (0..count).map(|_| self.advert(stamp)).collect::<Result<_, _>>()?;
                Frame::Adverts { first, adverts }
            }
            5 => Frame::Alive,
            6 => Frame::Taken { next: u64::from_be_bytes(self.take("next")?) },
            kind => return Err(FrameError::Kind { kind }),
        })
    }

    fn advert(&mut self, stamp: Stamp) -> Result<Aged, FrameError> {
        let age_ms = u32::from_be_bytes(self.take("age")?);
        let mut advert = RawAdvert::new(Address::new(self.take("address")?), stamp);
        let flags = self.byte("flags")?;
        if flags > 15 {
            return Err(FrameError::Field { field: "flags" });
        }
        (advert.is_random, advert.is_connectable) = (flags & 1 != 0, flags & 2 != 0);
        if flags & 4 != 0 {
            advert.rssi = Some(i8::from_be_bytes(self.take("strength")?));
        }
        if flags & 8 != 0 {
            let name = std::str::from_utf8(self.run("name")?).map_err(|_| FrameError::Field { field: "name" })?;
            advert.name = Some(name.to_owned());
        }
        let parts = self.byte("parts")?;
        if usize::from(parts) > MAX_PARTS {
            return Err(FrameError::Field { field: "parts" });
        }
        for _ in 0..parts {
            match self.byte("part")? {
                1 => {
                    let id = u16::from_be_bytes(self.take("service")?);
                    advert.service_data.push((id, self.run("service data")?.to_vec()));
                }
                2 => {
                    let id = u128::from_be_bytes(self.take("service")?);
                    advert.long_service_data.push((id, self.run("service data")?.to_vec()));
                }
                3 => {
                    let id = u16::from_be_bytes(self.take("company")?);
                    advert.manufacturer_data.push((id, self.run("manufacturer data")?.to_vec()));
                }
                _ => return Err(FrameError::Field { field: "part" }),
            }
        }
        Ok(Aged { age_ms, advert })
    }
}

#[cfg(test)]
mod tests;
