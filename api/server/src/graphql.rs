//! GraphQL over HTTP, by the specification of that name.

mod accept;
mod engine;
mod operation;
mod parameters;
mod result;
mod stream;
#[cfg(test)]
mod tests;

use async_graphql::parser::types::OperationType;
use axum::{
    body::Body,
    extract::{Query, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header},
    response::{IntoResponse, Redirect, Response},
};
use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use tokio::time::timeout;

use self::{
    accept::{Accept, Media},
    parameters::check_content_type,
};
pub(crate) use self::{
    engine::Engine,
    operation::Operation,
    parameters::Parameters,
    result::{is_refused, to_json},
};
use crate::{refusal::Refusal, routes::Api};

/// `POST /graphql`.
pub(crate) async fn post(State(api): State<Api>, headers: HeaderMap, body: Body) -> Response {
    let accept = Accept::of(&headers);
    answer(&api, Source::Post(body), &headers, &accept).await.unwrap_or_else(|refused| refused.respond(&accept))
}

/// `GET /graphql`: queries, subscriptions as event streams, and for a person who opens the address GraphiQL.
pub(crate) async fn get(State(api): State<Api>, headers: HeaderMap, uri: Uri) -> Response {
    let accept = Accept::of(&headers);
    if uri.query().is_none() && accept.wants_page() {
        return Redirect::to("/graphiql").into_response();
    }
    answer(&api, Source::Get(uri), &headers, &accept).await.unwrap_or_else(|refused| refused.respond(&accept))
}

/// `POST /graphql/sse`: everything is answered by an event stream.
pub(crate) async fn post_events(State(api): State<Api>, headers: HeaderMap, body: Body) -> Response {
    events(&api, Source::Post(body), &headers).await
}

/// `GET /graphql/sse`, as `EventSource` of browsers has it.
pub(crate) async fn get_events(State(api): State<Api>, headers: HeaderMap, uri: Uri) -> Response {
    events(&api, Source::Get(uri), &headers).await
}

async fn events(api: &Api, source: Source, headers: &HeaderMap) -> Response {
    let accept = Accept::of(headers);
    if !accept.takes_events() {
        return not_acceptable("this address answers in text/event-stream only").into_response();
    }
    match read(api, source, headers).await {
        Ok(operation) => begin(api, operation, Media::EventStream).unwrap_or_else(IntoResponse::into_response),
        Err(refused) => refused.respond(&accept),
    }
}

/// Where the parameters stand.
enum Source {
    Get(Uri),
    Post(Body),
}

/// A refusal, and whether it is about the document: those have status 200 in the old media type.
struct Refused {
    refusal: Refusal,
    is_about_document: bool,
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        Self { refusal, is_about_document: false }
    }
}

impl Refused {
    fn respond(self, accept: &Accept) -> Response {
        let media = accept.for_refusal();
        let is_hidden = self.is_about_document && media == Media::Json;
        let status = if is_hidden { StatusCode::OK } else { self.refusal.status };
        self.refusal.respond(status, media.content_type())
    }
}

async fn answer(api: &Api, source: Source, headers: &HeaderMap, accept: &Accept) -> Result<Response, Refused> {
    let operation = read(api, source, headers).await?;
    if operation.kind == OperationType::Subscription {
        let media = accept.for_stream().ok_or_else(|| {
            not_acceptable(
                "a subscription needs a stream: accept text/event-stream or \
                 multipart/mixed;subscriptionSpec=\"1.0\", or use the websocket at /graphql/ws",
            )
        })?;
        return Ok(begin(api, operation, media)?);
    }
    match accept.for_result() {
        Some(Media::EventStream) => Ok(begin(api, operation, Media::EventStream)?),
        Some(media) => {
            let response = api.engine.execute(operation.request).await?;
            let is_good = media == Media::Json || !is_refused(&response);
            let status = if is_good { StatusCode::OK } else { StatusCode::BAD_REQUEST };
            Ok((status, [(header::CONTENT_TYPE, media.content_type())], to_json(&response)).into_response())
        }
        None => Err(not_acceptable("accept application/graphql-response+json or application/json").into()),
    }
}

/// Reads the parameters and parses the document.
async fn read(api: &Api, source: Source, headers: &HeaderMap) -> Result<Operation, Refused> {
    let (method, parameters) = match source {
        Source::Get(uri) => {
            let pairs = Query::<Vec<(String, String)>>::try_from_uri(&uri)
                .map_err(|error| Refusal::malformed(format!("the query string is malformed: {error}")))?;
            (Method::GET, Parameters::from_query(pairs.0)?)
        }
        Source::Post(body) => {
            check_content_type(headers)?;
            (Method::POST, Parameters::from_json(&read_body(api, body).await?)?)
        }
    };
    let last_event_id = headers.get("last-event-id").and_then(|id| id.to_str().ok()).filter(|id| !id.is_empty());
    let operation =
        Operation::parse(parameters, last_event_id).map_err(|refusal| Refused { refusal, is_about_document: true })?;
    if operation.kind == OperationType::Mutation && method == Method::GET {
        let refusal = Refusal::new(StatusCode::METHOD_NOT_ALLOWED, "METHOD_NOT_ALLOWED", "a mutation needs POST");
        return Err(refusal.with_header(header::ALLOW, HeaderValue::from_static("POST")).into());
    }
    Ok(operation)
}

async fn read_body(api: &Api, body: Body) -> Result<Bytes, Refusal> {
    let limits = api.engine.limits();
    let too_long = || {
        let message = format!("the body is longer than {} bytes, which is the limit", limits.message_bytes);
        Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, "LIMIT_EXCEEDED", message)
    };
    match timeout(limits.request_timeout, Limited::new(body, limits.message_bytes).collect()).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(too_long()),
        Ok(Err(_)) => Err(Refusal::malformed("the body broke off")),
        Err(_) => Err(Refusal::new(StatusCode::REQUEST_TIMEOUT, "TIMEOUT", "the body did not come in time")),
    }
}

/// Answers with the stream of the operation's results.
fn begin(api: &Api, operation: Operation, media: Media) -> Result<Response, Refusal> {
    let results = api.engine.stream(operation)?;
    Ok(stream::respond(results, media, api.engine.limits().heartbeat, api.stop.clone()))
}

fn not_acceptable(message: &str) -> Refusal {
    Refusal::new(StatusCode::NOT_ACCEPTABLE, "NOT_ACCEPTABLE", message)
}
