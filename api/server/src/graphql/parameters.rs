use async_graphql::Variables;
use axum::http::{HeaderMap, StatusCode, header};
use serde_json::{Map, Value};

use crate::refusal::Refusal;

/// What a request asks for, as GraphQL over HTTP §"Request Parameters" names it.
#[derive(Debug, Default)]
pub(crate) struct Parameters {
    pub(crate) query: String,
    pub(crate) operation_name: Option<String>,
    pub(crate) variables: Variables,
}

impl Parameters {
    /// From the body of a POST.
    pub(crate) fn from_json(body: &[u8]) -> Result<Self, Refusal> {
        let value = serde_json::from_slice(body)
            .map_err(|error| Refusal::malformed(format!("the body is not JSON: {error}")))?;
        Self::from_value(value)
    }

    /// From a JSON value, such as the payload of a websocket message.
    pub(crate) fn from_value(value: Value) -> Result<Self, Refusal> {
        match value {
            Value::Object(fields) => Self::from_fields(fields),
            Value::Array(_) => {
                let message = "batches are not supported; send one operation a request (one may have several fields)";
                Err(Refusal::new(StatusCode::BAD_REQUEST, "BATCH_NOT_SUPPORTED", message))
            }
            other => Err(wrong("the request", "an object", &other)),
        }
    }

    fn from_fields(mut fields: Map<String, Value>) -> Result<Self, Refusal> {
        let query = match fields.remove("query") {
            Some(Value::String(query)) => query,
            Some(Value::Null) | None => return Err(Refusal::malformed("the parameter \"query\" is missing")),
            Some(other) => return Err(wrong("the parameter \"query\"", "a string", &other)),
        };
        let operation_name = match fields.remove("operationName") {
            Some(Value::String(name)) => Some(name).filter(|name| !name.is_empty()),
            Some(Value::Null) | None => None,
            Some(other) => return Err(wrong("the parameter \"operationName\"", "a string", &other)),
        };
        let variables = match fields.remove("variables") {
            Some(variables @ Value::Object(_)) => Variables::from_json(variables),
            Some(Value::Null) | None => Variables::default(),
            Some(other) => return Err(wrong("the parameter \"variables\"", "an object", &other)),
        };
        match fields.remove("extensions") {
            Some(Value::Object(_) | Value::Null) | None => Ok(Self { query, operation_name, variables }),
            Some(other) => Err(wrong("the parameter \"extensions\"", "an object", &other)),
        }
    }

    /// From the query string of a GET.
    pub(crate) fn from_query(pairs: Vec<(String, String)>) -> Result<Self, Refusal> {
        let mut fields = Map::new();
        for (name, value) in pairs {
            let value = match name.as_str() {
                "query" | "operationName" => Value::String(value),
                "variables" | "extensions" if value.is_empty() => Value::Null,
                "variables" | "extensions" => serde_json::from_str(&value)
                    .map_err(|error| Refusal::malformed(format!("the parameter {name:?} is not JSON: {error}")))?,
                _ => continue,
            };
            if fields.insert(name.clone(), value).is_some() {
                return Err(Refusal::malformed(format!("the parameter {name:?} is given twice")));
            }
        }
        Self::from_fields(fields)
    }
}

/// Refuses a body that is not plain JSON in UTF-8: forms and plain text are what a page from elsewhere can send.
pub(crate) fn check_content_type(headers: &HeaderMap) -> Result<(), Refusal> {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut parts = value.split(';').map(str::trim);
    let is_json = parts.next().is_some_and(|essence| essence.eq_ignore_ascii_case("application/json"));
    let charset = parts.filter_map(|part| part.split_once('=')).find(|(name, _)| name.eq_ignore_ascii_case("charset"));
    let is_utf8 = charset.is_none_or(|(_, charset)| charset.trim_matches('"').eq_ignore_ascii_case("utf-8"));
    let is_plain = headers.get(header::CONTENT_ENCODING).is_none_or(|encoding| encoding == "identity");
    if is_json && is_utf8 && is_plain {
        return Ok(());
    }
    let message = "the body must be application/json in UTF-8, not compressed";
    Err(Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "UNSUPPORTED_MEDIA_TYPE", message))
}

fn wrong(what: &str, expected: &str, found: &Value) -> Refusal {
    let found = match found {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    };
    Refusal::malformed(format!("{what} is {found}; it must be {expected}"))
}
