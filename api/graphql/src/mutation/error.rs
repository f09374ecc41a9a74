use async_graphql::{Enum, Interface, SimpleObject};
use hub_model::CommandError;

/// Why a command was refused. `code` says which kind; objects of some kinds say more. New kinds may be added.
#[derive(Interface)]
#[graphql(
    field(name = "code", ty = "&MutationErrorCode", desc = "Which kind of refusal: stable, for programs."),
    field(name = "message", ty = "&String", desc = "What is wrong and what would be right, in English, for people."),
    field(
        name = "path",
        ty = "&Option<Vec<String>>",
        desc = "Where in the arguments it is, such as `input`, `name`; null when it concerns no single field."
    )
)]
pub(crate) enum MutationError {
    NotFound(NotFoundError),
    AlreadyAdopted(AlreadyAdoptedError),
    NameTaken(NameTakenError),
    LimitReached(LimitReachedError),
    OutOfRange(OutOfRangeError),
    InvalidInput(InvalidInputError),
    RequestIdReused(RequestIdReusedError),
    Store(StoreError),
}

/// The kinds of refusal; new ones may be added.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MutationErrorCode {
    /// What an id names does not exist (`NotFoundError`).
    NotFound,
    /// The device is in the house already (`AlreadyAdoptedError`).
    AlreadyAdopted,
    /// Another room has the name (`NameTakenError`).
    NameTaken,
    /// The house has as many as it may have (`LimitReachedError`).
    LimitReached,
    /// A number is outside its range (`OutOfRangeError`).
    OutOfRange,
    /// A value is malformed (`InvalidInputError`).
    InvalidInput,
    /// The `clientMutationId` was used for a different command (`RequestIdReusedError`).
    RequestIdReused,
    /// The change could not be written (`StoreError`).
    StoreFailed,
}

/// Defines an error object: the fields of every error, then its own.
macro_rules! error {
    ($(#[$about:meta])* $name:ident $(, $(#[$own_about:meta])* $own:ident: $type:ty)?) => {
        $(#[$about])*
        #[derive(SimpleObject)]
        pub(crate) struct $name {
            /// Which kind of refusal: stable, for programs.
            pub(super) code: MutationErrorCode,
            /// What is wrong and what would be right, in English, for people.
            pub(super) message: String,
            /// Where in the arguments it is, such as `input`, `name`; null when it concerns no single field.
            pub(super) path: Option<Vec<String>>,
            $($(#[$own_about])* pub(super) $own: $type,)?
        }
    };
}

error! {
    /// What an id names does not exist.
    NotFoundError
}

error! {
    /// The device is in the house already.
    AlreadyAdoptedError
}

error! {
    /// Another room has the name.
    NameTakenError
}

error! {
    /// The house has as many devices or rooms as it may have.
    LimitReachedError,
    /// How many it may have.
    limit: i32
}

error! {
    /// A number is outside its range.
    OutOfRangeError,
    /// What would be right.
    expected: String
}

error! {
    /// A value is malformed.
    InvalidInputError,
    /// What would be right.
    expected: String
}

error! {
    /// The `clientMutationId` was used for a different command within 24 hours.
    RequestIdReusedError
}

error! {
    /// The change could not be written and was not done; the hub's log has the reason. Sending it again may help.
    StoreError
}

fn path(field: &str) -> Option<Vec<String>> {
    Some(vec!["input".to_owned(), field.to_owned()])
}

impl NotFoundError {
    pub(super) fn at(field: &str, message: String) -> Self {
        Self { code: MutationErrorCode::NotFound, message, path: path(field) }
    }
}

impl InvalidInputError {
    pub(super) fn at(field: &str, message: String, expected: impl Into<String>) -> Self {
        Self { code: MutationErrorCode::InvalidInput, message, path: path(field), expected: expected.into() }
    }
}

impl OutOfRangeError {
    pub(super) fn at(field: &str, message: String, expected: String) -> Self {
        Self { code: MutationErrorCode::OutOfRange, message, path: path(field), expected }
    }
}

impl From<CommandError> for MutationError {
    fn from(error: CommandError) -> Self {
        use MutationErrorCode as Code;
        let message = error.to_string();
        match error {
            CommandError::DeviceNotFound { .. } => {
                NotFoundError { code: Code::NotFound, message, path: path("deviceId") }.into()
            }
            CommandError::RoomNotFound { .. } => {
                NotFoundError { code: Code::NotFound, message, path: path("roomId") }.into()
            }
            CommandError::AlreadyAdopted { .. } => {
                AlreadyAdoptedError { code: Code::AlreadyAdopted, message, path: path("deviceId") }.into()
            }
            CommandError::RoomNameTaken { .. } => {
                NameTakenError { code: Code::NameTaken, message, path: path("name") }.into()
            }
            CommandError::TooMany { limit, .. } => {
                let limit = i32::try_from(limit).unwrap_or(i32::MAX);
                LimitReachedError { code: Code::LimitReached, message, path: None, limit }.into()
            }
            CommandError::OutOfRange { field, expected, .. } => {
                OutOfRangeError { code: Code::OutOfRange, message, path: path(&camel(field)), expected }.into()
            }
            CommandError::RequestIdReused { .. } => {
                RequestIdReusedError { code: Code::RequestIdReused, message, path: path("clientMutationId") }.into()
            }
            CommandError::Store { .. } => {
                let message = "the hub could not store the change; its log has the reason".to_owned();
                StoreError { code: Code::StoreFailed, message, path: None }.into()
            }
        }
    }
}

/// `raw_days` as the schema spells it: `rawDays`.
fn camel(field: &str) -> String {
    let mut parts = field.split('_');
    let mut name = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let mut letters = part.chars();
        name.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        name.push_str(letters.as_str());
    }
    name
}
