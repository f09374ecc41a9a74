use hub_model::{Address, Format};
use thiserror::Error;
use wire::bthome::v2::FrameError;

/// Why an advertisement says nothing that we can use.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DecodeError {
    /// It is in no format that we know: most of the air. Nothing to keep.
    #[error(
        "no part of the advert is in a known format (BTHome, Ruuvi 3, 5 and 6, ATC, pvvx, MiBeacon, Govee, SwitchBot, SensorPush, Inkbird, ThermoPro, Qingping, Aranet and Mopeka)"
    )]
    NotOurs,
    /// It is sealed and we have no key for its sender.
    #[error("{format} frame is encrypted and there is no key for its sender")]
    MissingKey {
        /// Its format.
        format: Format,
    },
    /// It is sealed with another key, for another address, or was changed on its way.
    #[error("{format} frame does not fit the key (bad message integrity check)")]
    BadMic {
        /// Its format.
        format: Format,
    },
    /// It has fewer bytes than its format needs.
    #[error("{format} frame of {length} bytes, at least {needed} are needed")]
    Truncated {
        /// Its format.
        format: Format,
        /// How many bytes it has.
        length: usize,
        /// How many it needs.
        needed: usize,
    },
    /// It has more bytes than an advertisement can carry.
    #[error("{format} frame of {length} bytes, at most {} can be sent", wire::bthome::MAX_SERVICE_DATA)]
    TooLong {
        /// Its format.
        format: Format,
        /// How many bytes it has.
        length: usize,
    },
    /// BTHome of a version that does not exist yet, or whose bytes are not BTHome.
    #[error("BTHome version {version} in the device info byte, expected 2")]
    UnsupportedVersion {
        /// The version that it says.
        version: u8,
    },
    /// A format of Ruuvi's that we do not read.
    #[error("Ruuvi data format {data_format:#04x}, known are 3, 5 and 6")]
    UnsupportedFormat {
        /// The format that it says.
        data_format: u8,
    },
    /// It is sealed in a way that we do not open.
    #[error(
        "{format} frame is encrypted as version {version} does, with a key of 12 bytes; versions 4 and 5 can be read"
    )]
    UnsupportedCipher {
        /// Its format.
        format: Format,
        /// The version that it says.
        version: u8,
    },
    /// The first object is unknown, so that nothing can be read.
    #[error("{format} frame begins with the unknown object {id:#04x}")]
    UnknownObject {
        /// Its format.
        format: Format,
        /// The object id.
        id: u16,
    },
    /// The first object is cut off, so that nothing can be read.
    #[error("{format} frame is cut off in its first object {id:#04x}")]
    TruncatedObject {
        /// Its format.
        format: Format,
        /// The object id.
        id: u16,
    },
    /// Its checksum is not the one of its bytes.
    #[error("{format} frame does not fit its checksum")]
    BadChecksum {
        /// Its format.
        format: Format,
    },
    /// It says what its device cannot measure, so its bytes are not to be trusted.
    #[error("{format} frame says what such a device cannot measure")]
    Impossible {
        /// Its format.
        format: Format,
    },
    /// Several frames came as one, and nothing tells which is the newest.
    #[error("several {format} frames came joined, and which is the newest cannot be told")]
    Ambiguous {
        /// Their format.
        format: Format,
    },
    /// Its device keeps its measurements to itself until its owner says otherwise.
    #[error(
        "{format} device does not share its measurements; switch on its smart home integrations in the vendor's app"
    )]
    NotShared {
        /// Its format.
        format: Format,
    },
    /// The address in the frame is not the one that sent it.
    #[error("{format} frame speaks for {inside} and was not sent by it")]
    AddressMismatch {
        /// Its format.
        format: Format,
        /// The address in the frame.
        inside: Address,
    },
}

impl DecodeError {
    /// The stable snake_case code for counters, dead letters and the API.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotOurs => "not_ours",
            Self::MissingKey { .. } => "missing_key",
            Self::BadMic { .. } => "bad_mic",
            Self::Truncated { .. } => "truncated",
            Self::TooLong { .. } => "too_long",
            Self::UnsupportedVersion { .. } => "unsupported_version",
            Self::UnsupportedFormat { .. } => "unsupported_format",
            Self::UnsupportedCipher { .. } => "unsupported_cipher",
            Self::UnknownObject { .. } => "unknown_object",
            Self::TruncatedObject { .. } => "truncated_object",
            Self::BadChecksum { .. } => "bad_checksum",
            Self::Impossible { .. } => "impossible",
            Self::Ambiguous { .. } => "ambiguous",
            Self::NotShared { .. } => "not_shared",
            Self::AddressMismatch { .. } => "address_mismatch",
        }
    }

    /// What the outside of a BTHome frame was refused for.
    pub(crate) const fn of_frame(format: Format, error: FrameError) -> Self {
        match error {
            FrameError::Truncated { length, needed } => Self::Truncated { format, length, needed },
            FrameError::TooLong { length } => Self::TooLong { format, length },
            FrameError::Version { version } => Self::UnsupportedVersion { version },
        }
    }
}
