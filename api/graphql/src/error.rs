use async_graphql::{Error, ErrorExtensions, Response, ServerError, Value};

use crate::view::Hub;

/// The codes of top-level errors: they stand in `extensions.code` of every error and are part of the contract.
///
/// Expected refusals of a mutation are no top-level errors: they stand in the payload's `errors`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Code {
    /// The document is not GraphQL.
    ParseFailed,
    /// The document does not fit the schema.
    ValidationFailed,
    /// The document has several operations, or none of the name given.
    OperationUnresolved,
    /// An argument is outside its range, or an id or cursor is malformed; `extensions.argument` names it.
    BadUserInput,
    /// Something that an argument names does not exist.
    NotFound,
    /// The operation asks for too much; `extensions.limit` names the limit.
    LimitExceeded,
    /// A fault of the hub. Its log has the reason under `extensions.id`.
    Internal,
    /// The hub is stopping; ask again when it is back.
    Unavailable,
}

impl Code {
    /// Every code.
    pub const ALL: [Self; 8] = [
        Self::ParseFailed,
        Self::ValidationFailed,
        Self::OperationUnresolved,
        Self::BadUserInput,
        Self::NotFound,
        Self::LimitExceeded,
        Self::Internal,
        Self::Unavailable,
    ];

    /// The code as clients see it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ParseFailed => "GRAPHQL_PARSE_FAILED",
            Self::ValidationFailed => "GRAPHQL_VALIDATION_FAILED",
            Self::OperationUnresolved => "OPERATION_RESOLUTION_FAILURE",
            Self::BadUserInput => "BAD_USER_INPUT",
            Self::NotFound => "NOT_FOUND",
            Self::LimitExceeded => "LIMIT_EXCEEDED",
            Self::Internal => "INTERNAL",
            Self::Unavailable => "UNAVAILABLE",
        }
    }

    /// The code of an error, where it has one that is known.
    pub fn of(error: &ServerError) -> Option<Self> {
        let Some(Value::String(name)) = error.extensions.as_ref()?.get("code") else { return None };
        Self::ALL.into_iter().find(|code| code.name() == name)
    }

    /// The code for which a response has no data at all: the operation was not begun. An HTTP server answers such a
    /// request with a status of 4xx where the media type allows it.
    pub fn of_refused_request(response: &Response) -> Option<Self> {
        let was_begun = response.data != Value::Null || response.errors.iter().any(|error| !error.path.is_empty());
        if was_begun { None } else { response.errors.first().and_then(Self::of) }
    }
}

/// An error of this code.
pub(crate) fn coded(code: Code, message: impl Into<String>) -> Error {
    Error::new(message).extend_with(|_, extensions| extensions.set("code", code.name()))
}

/// An argument is not as it must be.
pub(crate) fn bad_input(argument: &str, message: impl Into<String>) -> Error {
    coded(Code::BadUserInput, message).extend_with(|_, extensions| extensions.set("argument", argument))
}

/// The operation asks for more than `limit` allows.
pub(crate) fn over_limit(limit: &str, message: impl Into<String>) -> Error {
    coded(Code::LimitExceeded, message).extend_with(|_, extensions| extensions.set("limit", limit))
}

/// A fault of the hub: the log gets the reason, the client an id to find it by.
pub(crate) fn internal(hub: &Hub, reason: &(dyn std::error::Error + 'static)) -> Error {
    let id = hub.fault_id();
    tracing::error!(fault = %id, reason, "an API request failed");
    coded(Code::Internal, "the hub failed to answer; its log has the reason under this id")
        .extend_with(|_, extensions| extensions.set("id", id))
}

/// The most errors of one answer: who makes 2000 mistakes need not read 2000 sentences.
const MAX_ERRORS: usize = 20;

/// Gives errors that the executor made itself the code that fits, and drops those that nobody would read.
pub(crate) fn label(response: &mut Response) {
    response.errors.truncate(MAX_ERRORS);
    for error in response.errors.iter_mut().filter(|error| Code::of(error).is_none()) {
        let code = match error.message.as_str() {
            "Query is too complex." => Code::LimitExceeded,
            "Operation name required in request." => Code::OperationUnresolved,
            message if message.starts_with("Unknown operation named") => Code::OperationUnresolved,
            _ if error.path.is_empty() => Code::ValidationFailed,
            _ => Code::BadUserInput,
        };
        let extensions = error.extensions.get_or_insert_default();
        extensions.set("code", code.name());
        if code == Code::LimitExceeded {
            extensions.set("limit", "complexity");
        }
    }
}
