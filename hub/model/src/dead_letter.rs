use crate::{Address, UnixMillis};

/// Why a frame was refused: a stable code for counters and the API, and a sentence for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The stable snake_case code, such as `bad_mic`.
    pub code: &'static str,
    /// What was wrong, in words.
    pub detail: String,
}

/// A frame that claimed a known format and could not be used, kept for whoever looks for the reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    /// Its number; greater is newer.
    pub id: u64,
    /// Who sent it.
    pub address: Address,
    /// The stable snake_case code of the reason.
    pub code: String,
    /// What was wrong, in words.
    pub detail: String,
    /// The frame: `service_data:fcd2` or `manufacturer_data:0499`.
    pub part: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// When it first came.
    pub first_at: UnixMillis,
    /// When it last came.
    pub last_at: UnixMillis,
    /// How often frames of this device were refused for this reason since `first_at`.
    pub count: u64,
}

/// The port to the refused frames.
pub trait DeadLetterReader: Send + Sync {
    /// The newest refused frames, at most `limit`, with ids below `before` where that is given.
    fn newest(&self, before: Option<u64>, limit: usize) -> Vec<DeadLetter>;
}
