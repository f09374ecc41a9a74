//! Captures: adverts from a file, as JSON lines or as the btsnoop format that `btmon -w` writes.

mod btsnoop;
mod json_line;
#[cfg(test)]
mod tests;

use std::io::{BufRead, Read};

use hub_model::{BindKey, RawAdvert, UnixMillis};
use thiserror::Error;

use btsnoop::Btsnoop;

/// One advert of a capture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Captured {
    /// When it was heard.
    pub at: UnixMillis,
    /// What was heard; its stamp is on the wall-clock timeline.
    pub advert: RawAdvert,
    /// The key to adopt its sender with, where the capture tells it.
    pub key: Option<BindKey>,
}

/// Why a capture, or one line of it, cannot be used.
#[derive(Debug, Error)]
pub enum CaptureError {
    /// The file cannot be read.
    #[error("the capture cannot be read")]
    Read(#[source] std::io::Error),
    /// A line is not what the format asks for. The next line may be good.
    #[error("line {line}: {reason}")]
    Line {
        /// Which, counted from 1.
        line: u64,
        /// What is wrong, and what would be right.
        reason: String,
    },
    /// A btsnoop file is of a kind that holds no adverts.
    #[error("btsnoop data link {link} is not known; expected 2001 (as `btmon -w` writes) or 1002 (HCI UART)")]
    DataLink {
        /// The number in the file's head.
        link: u32,
    },
    /// A btsnoop file ends in the middle of a record. What came before was read.
    #[error("the capture ends in the middle of a record at byte {offset}")]
    Truncated {
        /// Where the record began.
        offset: u64,
    },
}

impl CaptureError {
    /// May what follows still be good?
    pub const fn is_passing(&self) -> bool {
        matches!(self, Self::Line { .. })
    }
}

/// The adverts of a capture, one after the other.
pub struct Capture<R> {
    source: Source<R>,
}

enum Source<R> {
    Lines { input: R, line: u64, buffer: Vec<u8> },
    Snoop(Btsnoop<R>),
}

/// The longest line that is read, in bytes: an extended advert of 1650 bytes in hex, twice over.
const MAX_LINE: u64 = 16 * 1024;

impl<R: BufRead> Capture<R> {
    /// A capture from its bytes; its first bytes tell the format.
    ///
    /// # Errors
    /// When the head cannot be read or is of a kind that holds no adverts.
    pub fn open(mut input: R) -> Result<Self, CaptureError> {
        let head = input.fill_buf().map_err(CaptureError::Read)?;
        let source = if head.starts_with(&btsnoop::MAGIC) {
            Source::Snoop(Btsnoop::open(input)?)
        } else {
            Source::Lines { input, line: 0, buffer: Vec::new() }
        };
        Ok(Self { source })
    }
}

impl<R: BufRead> Iterator for Capture<R> {
    type Item = Result<Captured, CaptureError>;

    fn next(&mut self) -> Option<Self::Item> {
        match &mut self.source {
            Source::Snoop(snoop) => snoop.next(),
            Source::Lines { input, line, buffer } => loop {
                buffer.clear();
                *line += 1;
                match input.by_ref().take(MAX_LINE).read_until(b'\n', buffer) {
                    Ok(0) => return None,
                    Ok(_) => {}
                    Err(error) => return Some(Err(CaptureError::Read(error))),
                }
                if buffer.len() as u64 == MAX_LINE && !buffer.ends_with(b"\n") {
                    if let Err(error) = input.skip_until(b'\n') {
                        return Some(Err(CaptureError::Read(error)));
                    }
                    let reason = format!("longer than {MAX_LINE} bytes");
                    return Some(Err(CaptureError::Line { line: *line, reason }));
                }
                if !buffer.trim_ascii().is_empty() {
                    return Some(json_line::parse(buffer).map_err(|reason| CaptureError::Line { line: *line, reason }));
                }
            },
        }
    }
}
