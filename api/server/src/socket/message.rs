use std::fmt::Write as _;

use async_graphql::Response;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{graphql, refusal::Refusal};

/// The language that a socket speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// `graphql-transport-ws`: the protocol of npm's graphql-ws.
    Transport,
    /// `graphql-ws`: the older one of subscriptions-transport-ws, which old Apollo clients speak.
    Legacy,
}

/// What a client says.
#[derive(Debug, PartialEq)]
pub(crate) enum Heard {
    Init,
    Start { id: String, payload: Value },
    Stop { id: String },
    Ping { payload: Option<Value> },
    Pong,
    Goodbye,
}

impl Dialect {
    /// The names of subprotocols, the preferred one first.
    pub(crate) const NAMES: [&str; 2] = ["graphql-transport-ws", "graphql-ws"];

    pub(crate) fn of(name: &str) -> Option<Self> {
        match name {
            "graphql-transport-ws" => Some(Self::Transport),
            "graphql-ws" => Some(Self::Legacy),
            _ => None,
        }
    }

    /// Understands a message, or says what is wrong with it.
    pub(crate) fn understand(self, text: &str) -> Result<Heard, String> {
        #[derive(Deserialize)]
        struct Raw {
            r#type: String,
            id: Option<String>,
            payload: Option<Value>,
        }
        let Raw { r#type, id, payload } = serde_json::from_str(text).map_err(|error| error.to_string())?;
        let is_object = payload.as_ref().is_none_or(|payload| payload.is_object() || payload.is_null());
        if !is_object {
            return Err("the payload is not an object".to_owned());
        }
        let id = || id.filter(|id| !id.is_empty() && id.len() <= 128).ok_or("the id is missing, empty or too long");
        Ok(match (self, r#type.as_str()) {
            (_, "connection_init") => Heard::Init,
            (Self::Transport, "subscribe") | (Self::Legacy, "start") => {
                Heard::Start { id: id()?, payload: payload.ok_or("the payload is missing")? }
            }
            (Self::Transport, "complete") | (Self::Legacy, "stop") => Heard::Stop { id: id()? },
            (Self::Transport, "ping") => Heard::Ping { payload },
            (Self::Transport, "pong") => Heard::Pong,
            (Self::Legacy, "connection_terminate") => Heard::Goodbye,
            (_, other) => return Err(format!("unknown message type {other:?}")),
        })
    }

    pub(crate) fn acknowledge(self) -> String {
        r#"{"type":"connection_ack"}"#.to_owned()
    }

    /// What shows an old client that the socket lives; the new protocol has the pings of websockets for that.
    pub(crate) const fn keep_alive(self) -> Option<&'static str> {
        match self {
            Self::Transport => None,
            Self::Legacy => Some(r#"{"type":"ka"}"#),
        }
    }

    pub(crate) fn pong(self, payload: Option<Value>) -> String {
        payload
            .map_or_else(|| json!({ "type": "pong" }), |payload| json!({ "type": "pong", "payload": payload }))
            .to_string()
    }

    /// A result; one that was refused before it was executed is an error message, which ends the operation.
    pub(crate) fn result(self, id: &str, response: &Response) -> String {
        if graphql::is_refused(response) {
            let errors = serde_json::to_value(&response.errors).unwrap_or_default();
            return self.error(id, errors);
        }
        let kind = match self {
            Self::Transport => "next",
            Self::Legacy => "data",
        };
        let mut message = String::new();
        // Writing to a string cannot fail. The payload is JSON already, so it is not parsed and printed again.
        let _ =
            write!(message, r#"{{"id":{},"type":"{kind}","payload":{}}}"#, Value::from(id), graphql::to_json(response));
        message
    }

    pub(crate) fn refuse(self, id: &str, refusal: &Refusal) -> String {
        self.error(id, json!([refusal.error()]))
    }

    fn error(self, id: &str, errors: Value) -> String {
        let payload = match (self, errors) {
            (Self::Legacy, Value::Array(errors)) => errors.into_iter().next().unwrap_or_default(),
            (_, errors) => errors,
        };
        json!({ "id": id, "type": "error", "payload": payload }).to_string()
    }

    pub(crate) fn complete(self, id: &str) -> String {
        json!({ "id": id, "type": "complete" }).to_string()
    }
}
