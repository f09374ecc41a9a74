use std::collections::HashSet;

use axum::http::StatusCode;
use serde_json::Value;

use super::message::{Dialect, Heard};
use crate::refusal::Refusal;

/// What one websocket has said so far, and with that what it may say next. Pure: no socket, no clock.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) dialect: Dialect,
    is_introduced: bool,
    running: HashSet<String>,
    most_running: usize,
}

/// What to do about a message.
#[derive(Debug, PartialEq)]
pub(crate) enum Step {
    Nothing,
    Say(String),
    /// The client introduced itself.
    Welcome,
    Start {
        id: String,
        payload: Value,
    },
    /// Drop the operation; `reply` goes out if there is one.
    Stop {
        id: String,
        reply: Option<String>,
    },
    Close(Farewell),
}

/// Why a socket is closed: a code of the protocol, and a reason of at most 123 bytes (RFC 6455 §5.5).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Farewell {
    pub(crate) code: u16,
    pub(crate) reason: String,
}

impl Farewell {
    pub(crate) fn new(code: u16, reason: &str) -> Self {
        let end = reason.char_indices().map(|(at, letter)| at + letter.len_utf8()).take_while(|end| *end <= 123).last();
        Self { code, reason: reason.get(..end.unwrap_or(0)).unwrap_or_default().to_owned() }
    }
}

impl Session {
    pub(crate) fn new(dialect: Dialect, most_running: usize) -> Self {
        Self { dialect, is_introduced: false, running: HashSet::new(), most_running }
    }

    pub(crate) const fn is_introduced(&self) -> bool {
        self.is_introduced
    }

    /// Takes a message.
    pub(crate) fn hear(&mut self, text: &str) -> Step {
        match self.dialect.understand(text) {
            Err(reason) => Step::Close(Farewell::new(4400, &format!("Invalid message: {reason}"))),
            Ok(Heard::Init) if self.is_introduced => {
                Step::Close(Farewell::new(4429, "Too many initialisation requests"))
            }
            Ok(Heard::Init) => {
                self.is_introduced = true;
                Step::Welcome
            }
            Ok(Heard::Start { .. } | Heard::Stop { .. }) if !self.is_introduced => {
                Step::Close(Farewell::new(4401, "Unauthorized"))
            }
            Ok(Heard::Start { id, payload }) => self.start(id, payload),
            Ok(Heard::Stop { id }) => self.stop(id),
            Ok(Heard::Ping { payload }) => Step::Say(self.dialect.pong(payload)),
            Ok(Heard::Pong) => Step::Nothing,
            Ok(Heard::Goodbye) => Step::Close(Farewell::new(1000, "Goodbye")),
        }
    }

    /// The operation has ended or was never begun; its id may be used again. Says whether it was known.
    pub(crate) fn forget(&mut self, id: &str) -> bool {
        self.running.remove(id)
    }

    fn start(&mut self, id: String, payload: Value) -> Step {
        if self.running.contains(&id) {
            return Step::Close(Farewell::new(4409, &format!("Subscriber for {id} already exists")));
        }
        if self.running.len() >= self.most_running {
            let message = format!("this socket has {} operations running, which is the limit", self.most_running);
            let refusal = Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "LIMIT_EXCEEDED", message);
            return Step::Say(self.dialect.refuse(&id, &refusal));
        }
        self.running.insert(id.clone());
        Step::Start { id, payload }
    }

    /// A client may stop what has just ended by itself: that is no mistake of its.
    fn stop(&mut self, id: String) -> Step {
        if !self.forget(&id) {
            return Step::Nothing;
        }
        let reply = (self.dialect == Dialect::Legacy).then(|| self.dialect.complete(&id));
        Step::Stop { id, reply }
    }
}
