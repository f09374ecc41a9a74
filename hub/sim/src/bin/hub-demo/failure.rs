use hub_assembly::{BindError, ConfigError, OpenError, StopError};
use hub_model::CommandError;
use hub_sim::{HouseError, PastError};
use thiserror::Error;

/// Why the demonstration ended otherwise than it was asked to.
#[derive(Debug, Error)]
pub(crate) enum Failure {
    #[error("the store folder {path} is not empty; choose another one", path = .0.display())]
    FolderInUse(std::path::PathBuf),
    #[error("the machine refused")]
    Machine(#[from] std::io::Error),
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error("the house could not be furnished")]
    Furnish(#[from] CommandError),
    #[error(transparent)]
    House(#[from] HouseError),
    #[error(transparent)]
    Past(#[from] PastError),
    #[error(transparent)]
    Bind(#[from] BindError),
    #[error(transparent)]
    Stop(#[from] StopError),
}
