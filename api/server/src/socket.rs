//! GraphQL over websockets: `graphql-transport-ws`, and `graphql-ws` for old clients.

mod message;
mod session;
#[cfg(test)]
mod tests;

use std::time::Duration;

use axum::{
    extract::{
        State, WebSocketUpgrade,
        ws::{CloseFrame, Message, WebSocket},
    },
    response::Response,
};
use futures_util::{FutureExt, StreamExt, future, stream::BoxStream};
use serde_json::Value;
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};
use tokio_stream::StreamMap;

use self::{
    message::Dialect,
    session::{Farewell, Session, Step},
};
use crate::{
    Limits,
    graphql::{Operation, Parameters},
    refusal::Refusal,
    routes::Api,
};

/// A client that does not take a message for so long is gone.
const SEND_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a client may take to answer that it closes too.
const CLOSE_TIMEOUT: Duration = Duration::from_millis(500);

/// `GET /graphql/ws`.
pub(crate) async fn open(State(api): State<Api>, upgrade: WebSocketUpgrade) -> Response {
    let longest = api.engine.limits().message_bytes;
    // A little more than the limit, so that what is too long is closed with a reason. What is far too long is cut off.
    let upgrade = upgrade.max_message_size(longest * 2).max_frame_size(longest * 2).protocols(Dialect::NAMES);
    let dialect = upgrade.selected_protocol().and_then(|name| name.to_str().ok()).and_then(Dialect::of);
    upgrade.on_upgrade(move |socket| async move {
        let tracked = api.sockets.token();
        match dialect {
            Some(dialect) => Conversation::new(api, socket, dialect).run().await,
            None => close(socket, Farewell::new(4406, "Subprotocol not acceptable")).await,
        }
        drop(tracked);
    })
}

/// A socket with its operations.
struct Conversation {
    api: Api,
    socket: WebSocket,
    session: Session,
    running: StreamMap<String, BoxStream<'static, Outcome>>,
}

/// What an operation brought forth.
enum Outcome {
    Result(Box<Result<async_graphql::Response, Refusal>>),
    Ended,
}

/// How a conversation ends.
enum End {
    Close(Farewell),
    /// The client closes.
    Closed,
    /// The client is gone: nobody is there to close with.
    Gone,
}

impl Conversation {
    fn new(api: Api, socket: WebSocket, dialect: Dialect) -> Self {
        let session = Session::new(dialect, api.engine.limits().streams_per_socket);
        Self { api, socket, session, running: StreamMap::new() }
    }

    async fn run(mut self) {
        let end = self.talk().await;
        self.running.clear();
        match end {
            End::Close(farewell) => {
                tracing::debug!(code = farewell.code, reason = farewell.reason, "a websocket is closed");
                close(self.socket, farewell).await;
            }
            End::Closed => finish(&mut self.socket).await,
            End::Gone => {}
        }
    }

    async fn talk(&mut self) -> End {
        let Limits { heartbeat, init_timeout, .. } = *self.api.engine.limits();
        let stop = self.api.stop.clone();
        let mut heartbeats = interval(heartbeat);
        heartbeats.set_missed_tick_behavior(MissedTickBehavior::Delay);
        heartbeats.reset();
        let mut silent_beats = 0;
        let mut introduction = Box::pin(sleep(init_timeout));
        loop {
            let done = tokio::select! {
                () = stop.cancelled() => Err(End::Close(Farewell::new(1001, "the hub is stopping"))),
                () = introduction.as_mut(), if !self.session.is_introduced() => {
                    Err(End::Close(Farewell::new(4408, "Connection initialisation timeout")))
                }
                message = self.socket.recv() => {
                    silent_beats = 0;
                    match message {
                        Some(Ok(message)) => self.hear(message).await,
                        Some(Err(_)) | None => Err(End::Gone),
                    }
                }
                Some((id, outcome)) = self.running.next() => self.tell(&id, outcome).await,
                _ = heartbeats.tick() => {
                    silent_beats += 1;
                    if silent_beats > 2 { Err(End::Gone) } else { self.show_life().await }
                }
            };
            if let Err(end) = done {
                return end;
            }
        }
    }

    async fn hear(&mut self, message: Message) -> Result<(), End> {
        let text = match message {
            Message::Text(text) => text,
            Message::Binary(_) => return Err(End::Close(Farewell::new(4400, "Invalid message: binary"))),
            Message::Ping(_) | Message::Pong(_) => return Ok(()),
            Message::Close(_) => return Err(End::Closed),
        };
        if text.len() > self.api.engine.limits().message_bytes {
            return Err(End::Close(Farewell::new(1009, "Message too long")));
        }
        match self.session.hear(&text) {
            Step::Nothing => Ok(()),
            Step::Say(text) => self.say(text).await,
            Step::Welcome => {
                self.say(self.session.dialect.acknowledge()).await?;
                match self.session.dialect.keep_alive() {
                    Some(text) => self.say(text.to_owned()).await,
                    None => Ok(()),
                }
            }
            Step::Start { id, payload } => self.start(id, payload).await,
            Step::Stop { id, reply } => {
                self.running.remove(&id);
                match reply {
                    Some(text) => self.say(text).await,
                    None => Ok(()),
                }
            }
            Step::Close(farewell) => Err(End::Close(farewell)),
        }
    }

    async fn start(&mut self, id: String, payload: Value) -> Result<(), End> {
        let results = Parameters::from_value(payload)
            .and_then(|parameters| Operation::parse(parameters, None))
            .and_then(|operation| self.api.engine.stream(operation));
        match results {
            Ok(results) => {
                let outcomes = results.map(|result| Outcome::Result(Box::new(result)));
                let ended = future::ready(Outcome::Ended).into_stream();
                self.running.insert(id, outcomes.chain(ended).boxed());
                Ok(())
            }
            Err(refusal) => {
                self.session.forget(&id);
                self.say(self.session.dialect.refuse(&id, &refusal)).await
            }
        }
    }

    async fn tell(&mut self, id: &str, outcome: Outcome) -> Result<(), End> {
        let dialect = self.session.dialect;
        let (text, is_last) = match outcome {
            Outcome::Ended => (dialect.complete(id), true),
            Outcome::Result(result) => match *result {
                Ok(response) => (dialect.result(id, &response), crate::graphql::is_refused(&response)),
                Err(refusal) => (dialect.refuse(id, &refusal), true),
            },
        };
        if is_last {
            self.session.forget(id);
            self.running.remove(id);
        }
        self.say(text).await
    }

    async fn show_life(&mut self) -> Result<(), End> {
        send(&mut self.socket, Message::Ping(bytes::Bytes::new())).await?;
        match self.session.dialect.keep_alive().filter(|_| self.session.is_introduced()) {
            Some(text) => self.say(text.to_owned()).await,
            None => Ok(()),
        }
    }

    async fn say(&mut self, text: String) -> Result<(), End> {
        send(&mut self.socket, Message::Text(text.into())).await
    }
}

async fn send(socket: &mut WebSocket, message: Message) -> Result<(), End> {
    match timeout(SEND_TIMEOUT, socket.send(message)).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) | Err(_) => Err(End::Gone),
    }
}

/// Closes with a reason.
async fn close(mut socket: WebSocket, farewell: Farewell) {
    let frame = CloseFrame { code: farewell.code, reason: farewell.reason.into() };
    if send(&mut socket, Message::Close(Some(frame))).await.is_ok() {
        finish(&mut socket).await;
    }
}

/// Reads on to the end, with which both sides' close frames get through. A client that takes too long is cut off.
async fn finish(socket: &mut WebSocket) {
    let rest = async { while let Some(Ok(_)) = socket.recv().await {} };
    // Over time or not, that is all that can be done.
    let _ = timeout(CLOSE_TIMEOUT, rest).await;
}
