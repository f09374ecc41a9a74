use axum::{
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

/// An answer in place of the one that was asked for, in the shape of a GraphQL error.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    pub(crate) code: &'static str,
    message: String,
    /// Where in the document, as (line, column).
    locations: Vec<(usize, usize)>,
    /// Boxed, so that errors stay small.
    header: Option<Box<(HeaderName, HeaderValue)>>,
}

impl Refusal {
    pub(crate) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), locations: Vec::new(), header: None }
    }

    /// A request that is not formed as GraphQL over HTTP asks.
    pub(crate) fn malformed(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "BAD_REQUEST", message)
    }

    /// The hub has too much to do, or stops.
    pub(crate) fn unavailable(message: &str) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "UNAVAILABLE", message)
            .with_header(header::RETRY_AFTER, HeaderValue::from_static("1"))
    }

    pub(crate) fn with_header(self, name: HeaderName, value: HeaderValue) -> Self {
        Self { header: Some(Box::new((name, value))), ..self }
    }

    pub(crate) fn at(self, locations: Vec<(usize, usize)>) -> Self {
        Self { locations, ..self }
    }

    /// The error object.
    pub(crate) fn error(&self) -> Value {
        let mut error = json!({ "message": self.message, "extensions": { "code": self.code } });
        if !self.locations.is_empty() {
            let locations = self.locations.iter().map(|(line, column)| json!({ "line": line, "column": column }));
            if let Some(fields) = error.as_object_mut() {
                fields.insert("locations".to_owned(), locations.collect());
            }
        }
        error
    }

    /// A response with another status and media type.
    pub(crate) fn respond(self, status: StatusCode, content_type: &'static str) -> Response {
        let body = json!({ "errors": [self.error()] }).to_string();
        let mut response = (status, [(header::CONTENT_TYPE, content_type)], body).into_response();
        if let Some((name, value)) = self.header.map(|header| *header) {
            response.headers_mut().insert(name, value);
        }
        response
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let status = self.status;
        self.respond(status, "application/json; charset=utf-8")
    }
}
