//! How the daemon ends: a sentence for the owner, and a code after `sysexits.h` for scripts and systemd.

use std::{io, path::PathBuf, process::ExitCode};

use hub_archive::ArchiveError;
use hub_assembly::{BindError, CaptureError, ConfigError, OpenError, ReplayError, StopError};
use hub_model::HistoryError;
use hub_ota::{AddError, CatalogueError, ImageError};
use hub_radio::{ParseAdapterNameError, RadioError};
use hub_receive::{BookError, ParseCodeError, TlsError};
use thiserror::Error;

/// Why the daemon, or a tool, ended otherwise than it should.
#[derive(Debug, Error)]
pub(crate) enum Failure {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error("radio.adapters in the configuration")]
    Adapter(#[source] ParseAdapterNameError),
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error(transparent)]
    Bind(#[from] BindError),
    #[error(transparent)]
    Radio(#[from] RadioError),
    #[error(transparent)]
    Stop(#[from] StopError),
    #[error("the capture {file} cannot be used")]
    Capture {
        file: String,
        #[source]
        source: CaptureError,
    },
    #[error(transparent)]
    Replay(#[from] ReplayError),
    #[error(transparent)]
    History(#[from] HistoryError),
    #[error("there is no reading of {quantity} {instance} of device {device}; it has {present}")]
    NoSuchSeries { device: String, quantity: &'static str, instance: u8, present: String },
    #[error("the store could not be used")]
    Store(#[source] hub_history::StoreError),
    #[cfg(feature = "home-assistant")]
    #[error("the map {file} cannot be used")]
    Map {
        file: String,
        #[source]
        source: io::Error,
    },
    #[error("the file {file} cannot be used")]
    Archive {
        file: String,
        #[source]
        source: ArchiveError,
    },
    #[error("the update {file} cannot be read")]
    UpdateFile {
        file: String,
        #[source]
        source: io::Error,
    },
    #[error("the update {file} is not taken in")]
    Update {
        file: String,
        #[source]
        source: AddError,
    },
    #[error("the releases in {folder} cannot be used", folder = .folder.display())]
    Catalogue {
        folder: PathBuf,
        #[source]
        source: CatalogueError,
    },
    #[error("the receivers of the store cannot be used")]
    Receivers(#[from] BookError),
    #[error(
        "receivers cannot connect to {address}; set receivers.listen to an address of this machine with a free port \
         (`ss -ltnp` names who has it)"
    )]
    ReceiversListen {
        address: String,
        #[source]
        source: io::Error,
    },
    #[error(transparent)]
    Tls(#[from] TlsError),
    #[error("the join code in {file} cannot be read")]
    CodeFile {
        file: String,
        #[source]
        source: io::Error,
    },
    #[error("the join code in {file} cannot be used")]
    Code {
        file: String,
        #[source]
        source: ParseCodeError,
    },
    #[error("there is no store in {path}; is `store.path` in the configuration right?", path = .path.display())]
    NoStore { path: PathBuf },
    #[error("no hub answers on {address}; is `hubd run` running with this configuration?")]
    NoHub {
        address: String,
        #[source]
        source: io::Error,
    },
    #[error("the machine refused to {what}")]
    Machine {
        what: &'static str,
        #[source]
        source: io::Error,
    },
    #[error("the answer could not be written")]
    Output(#[source] io::Error),
}

impl Failure {
    /// The exit code (names of `sysexits.h`).
    pub(crate) fn code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::Config(_) | Self::Adapter(_) => CONFIG,
            Self::Open(error) => open_code(error),
            Self::Bind(_) => TEMPFAIL,
            Self::Radio(_) | Self::NoHub { .. } => UNAVAILABLE,
            Self::Stop(StopError::GivenUp(_)) => SOFTWARE,
            Self::Stop(StopError::Finish(_)) | Self::Replay(_) | Self::History(_) => IOERR,
            Self::Store(_) | Self::Output(_) => IOERR,
            Self::Capture { source: CaptureError::Read(_), .. } | Self::NoStore { .. } => NOINPUT,
            Self::Archive { source: ArchiveError::Io(error), .. } => file_code(error),
            Self::UpdateFile { .. } | Self::CodeFile { .. } => NOINPUT,
            Self::Receivers(BookError::Io { source, .. }) => file_code(source),
            Self::Receivers(_) | Self::Code { .. } => DATAERR,
            Self::ReceiversListen { .. } => TEMPFAIL,
            Self::Tls(_) => SOFTWARE,
            Self::Update { source: AddError::Image(ImageError::NoKeys), .. } => CONFIG,
            Self::Update { source: AddError::Full { .. }, .. } => CANTCREAT,
            Self::Catalogue { source: CatalogueError::Read(error) | CatalogueError::Write(error), .. } => {
                file_code(error)
            }
            Self::Update { .. } | Self::Catalogue { .. } => DATAERR,
            #[cfg(feature = "home-assistant")]
            Self::Map { source, .. } => file_code(source),
            Self::Archive { .. } | Self::Capture { .. } | Self::NoSuchSeries { .. } => DATAERR,
            Self::Machine { .. } => OSERR,
        })
    }
}

/// The input is damaged, from a newer version, or does not have what was asked for.
pub(crate) const DATAERR: u8 = 65;
/// The input cannot be read.
const NOINPUT: u8 = 66;
/// No Bluetooth, no running hub.
const UNAVAILABLE: u8 = 69;
/// A fault of ours.
const SOFTWARE: u8 = 70;
/// The machine refused.
const OSERR: u8 = 71;
/// The store's folder cannot be made, or its disk is full.
const CANTCREAT: u8 = 73;
/// The disk failed.
const IOERR: u8 = 74;
/// In use by another process; trying again later may help.
const TEMPFAIL: u8 = 75;
/// The configuration is wrong.
const CONFIG: u8 = 78;

/// The code of a file that an owner named.
fn file_code(error: &io::Error) -> u8 {
    match error.kind() {
        io::ErrorKind::NotFound => NOINPUT,
        io::ErrorKind::PermissionDenied | io::ErrorKind::StorageFull => CANTCREAT,
        io::ErrorKind::InvalidData => DATAERR,
        _ => IOERR,
    }
}

fn open_code(error: &OpenError) -> u8 {
    use hub_assembly::StoreTrouble;
    match error.trouble() {
        StoreTrouble::NewerVersion | StoreTrouble::Damaged => DATAERR,
        StoreTrouble::InUse => TEMPFAIL,
        StoreTrouble::Folder | StoreTrouble::DiskFull => CANTCREAT,
        StoreTrouble::Other => IOERR,
    }
}
