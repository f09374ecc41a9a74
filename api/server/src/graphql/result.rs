use async_graphql::{Name, PathSegment, Response, Value};
use serde::Serialize;

use crate::refusal::Refusal;

/// Was the request refused before anything of it was executed? Then there is no `data`, not even `null`.
pub(crate) fn is_refused(response: &Response) -> bool {
    response.data == Value::Null
        && !response.errors.is_empty()
        && response.errors.iter().all(|error| error.path.is_empty())
}

/// Puts `null` where a field failed. The executor leaves such a field out, while by the specification (§7.1.5) every
/// field that was asked for is there, and caches of clients count on it.
pub(crate) fn null_what_failed(response: &mut Response) {
    for error in &response.errors {
        let mut value = &mut response.data;
        for segment in &error.path {
            let next = match (segment, value) {
                (PathSegment::Field(name), Value::Object(fields)) => {
                    Some(fields.entry(Name::new(name)).or_insert(Value::Null))
                }
                (PathSegment::Index(index), Value::List(items)) => items.get_mut(*index),
                _ => None,
            };
            let Some(next) = next else { break };
            value = next;
        }
    }
}

/// The JSON of a result.
pub(crate) fn to_json(response: &Response) -> String {
    #[derive(Serialize)]
    struct Refused<'r> {
        errors: &'r [async_graphql::ServerError],
    }
    let json = if is_refused(response) {
        serde_json::to_string(&Refused { errors: &response.errors })
    } else {
        serde_json::to_string(response)
    };
    json.unwrap_or_else(|error| {
        tracing::error!(error = &error as &dyn std::error::Error, "a result is not JSON");
        r#"{"errors":[{"message":"the result cannot be written","extensions":{"code":"INTERNAL"}}]}"#.to_owned()
    })
}

/// The JSON of a refusal in the place of a result.
pub(crate) fn refusal_to_json(refusal: &Refusal) -> String {
    serde_json::json!({ "errors": [refusal.error()] }).to_string()
}

/// The cursor in a result: the field `cursor` of its first root field, if the client asked for it.
pub(crate) fn cursor(response: &Response) -> Option<&str> {
    let Value::Object(fields) = &response.data else { return None };
    let Some((_, Value::Object(frame))) = fields.first() else { return None };
    match frame.get("cursor") {
        Some(Value::String(cursor)) if !cursor.contains(['\r', '\n', '\0']) => Some(cursor),
        _ => None,
    }
}
