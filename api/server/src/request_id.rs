//! The number under which a request is found in the log.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use axum::{
    extract::{Request, State},
    http::{HeaderName, HeaderValue},
    middleware::Next,
    response::Response,
};
use tracing::Instrument;

const NAME: HeaderName = HeaderName::from_static("x-request-id");

/// Numbers requests from 1 at each start.
#[derive(Debug, Default)]
pub(crate) struct RequestIds(AtomicU64);

impl RequestIds {
    fn next(&self) -> HeaderValue {
        HeaderValue::from(self.0.fetch_add(1, Ordering::Relaxed).wrapping_add(1))
    }
}

/// Gives every request an id (the client's own where it is sensible), every response the same, and the log both.
pub(crate) async fn number(State(ids): State<Arc<RequestIds>>, request: Request, next: Next) -> Response {
    let id = request.headers().get(NAME).filter(|id| is_sensible(id)).cloned().unwrap_or_else(|| ids.next());
    let span = tracing::info_span!(
        "request",
        id = id.to_str().unwrap_or_default(),
        method = %request.method(),
        path = request.uri().path()
    );
    let mut response = next.run(request).instrument(span.clone()).await;
    let status = response.status();
    if status.is_server_error() {
        span.in_scope(|| tracing::warn!(status = status.as_u16(), "a request failed"));
    } else {
        span.in_scope(|| tracing::debug!(status = status.as_u16(), "answered"));
    }
    response.headers_mut().insert(NAME, id);
    response
}

/// Short and plain, so that it can stand in a log line.
fn is_sensible(id: &HeaderValue) -> bool {
    let bytes = id.as_bytes();
    (1..=64).contains(&bytes.len())
        && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
}
