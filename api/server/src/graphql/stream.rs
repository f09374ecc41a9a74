//! Results one after the other in the body of one response.

use std::{convert::Infallible, time::Duration};

use async_graphql::Response;
use axum::{
    body::Body,
    http::{HeaderValue, header},
    response::{IntoResponse, Response as HttpResponse},
};
use bytes::Bytes;
use futures_util::{Stream, StreamExt, stream, stream::BoxStream};
use tokio::time::{Interval, MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use super::{
    accept::Media,
    result::{cursor, refusal_to_json, to_json},
};
use crate::refusal::Refusal;

/// The results of an operation.
pub(crate) type Results = BoxStream<'static, Result<Response, Refusal>>;

/// What is written into the body.
enum Beat {
    Opened,
    Result(Box<Result<Response, Refusal>>),
    /// Nothing happened for a while.
    Idle,
    /// There are no more results.
    Completed,
    /// The hub stops, though there may be more.
    Interrupted,
}

/// A response whose body is the stream of `results`; `media` is an event stream or multipart.
pub(crate) fn respond(results: Results, media: Media, heartbeat: Duration, stop: CancellationToken) -> HttpResponse {
    let write = match media {
        Media::Multipart => write_part,
        _ => write_event,
    };
    let opened = stream::iter([Beat::Opened]);
    let chunks = opened.chain(beats(results, heartbeat, stop)).map(write).map(Ok::<Bytes, Infallible>);
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(media.content_type())),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    // A proxy that gathers the answer before it passes it on would hold back what is meant to be live.
    (headers, [("x-accel-buffering", "no")], Body::from_stream(chunks)).into_response()
}

fn beats(results: Results, heartbeat: Duration, stop: CancellationToken) -> impl Stream<Item = Beat> + Send {
    let mut idle = interval(heartbeat);
    idle.reset();
    idle.set_missed_tick_behavior(MissedTickBehavior::Delay);
    stream::unfold(Some((results, idle, stop)), |state| async move {
        let (mut results, mut idle, stop): (Results, Interval, CancellationToken) = state?;
        let beat = tokio::select! {
            biased;
            () = stop.cancelled() => Beat::Interrupted,
            result = results.next() => result.map_or(Beat::Completed, |result| Beat::Result(Box::new(result))),
            _ = idle.tick() => Beat::Idle,
        };
        idle.reset();
        let goes_on = matches!(beat, Beat::Result(_) | Beat::Idle);
        Some((beat, goes_on.then_some((results, idle, stop))))
    })
}

/// One event of graphql-sse's "distinct connections" mode, with the cursor as its id.
fn write_event(beat: Beat) -> Bytes {
    match beat {
        // Some browsers open the stream at its first byte only.
        Beat::Opened | Beat::Idle => Bytes::from_static(b":\n\n"),
        Beat::Result(result) => {
            let id = result.as_ref().as_ref().ok().and_then(cursor);
            let id = id.map(|cursor| format!("id: {cursor}\n")).unwrap_or_default();
            format!("event: next\n{id}data: {}\n\n", payload(&result)).into()
        }
        Beat::Completed => Bytes::from_static(b"event: complete\ndata:\n\n"),
        // Without `complete` clients come back, as they should.
        Beat::Interrupted => Bytes::new(),
    }
}

/// One part of Apollo's multipart protocol. The delimiter ends each part, so that clients see it at once.
fn write_part(beat: Beat) -> Bytes {
    let part = |json: &str, end| format!("\r\ncontent-type: application/json\r\n\r\n{json}\r\n--graphql{end}").into();
    match beat {
        Beat::Opened => Bytes::from_static(b"--graphql"),
        Beat::Idle => part("{}", ""),
        Beat::Result(result) => part(&format!("{{\"payload\":{}}}", payload(&result)), ""),
        Beat::Completed => Bytes::from_static(b"--\r\n"),
        Beat::Interrupted => {
            let refusal = Refusal::unavailable("the hub is stopping; subscribe again when it is back");
            let json = serde_json::json!({ "payload": null, "errors": [refusal.error()] });
            part(&json.to_string(), "--\r\n")
        }
    }
}

fn payload(result: &Result<Response, Refusal>) -> String {
    match result {
        Ok(response) => to_json(response),
        Err(refusal) => refusal_to_json(refusal),
    }
}
