//! What machines that watch the hub read.

use axum::{
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use hub_model::Severity;
use serde_json::json;

use crate::routes::Api;

/// `GET /healthz`: 503 where something does not work, with the codes of what needs the owner. Who may see it is not
/// known, so it names no device and gives no advice.
pub(crate) async fn health(State(api): State<Api>) -> Response {
    let health = api.health.health();
    let is_failing = health.alerts.iter().any(|alert| alert.severity == Severity::Critical);
    let mut codes: Vec<_> = health.alerts.iter().map(|alert| alert.kind.code()).collect();
    codes.dedup();
    let status = if is_failing { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK };
    let mut body = json!({ "status": if is_failing { "failing" } else { "ok" } });
    if let (Some(fields), false) = (body.as_object_mut(), codes.is_empty()) {
        fields.insert("alerts".to_owned(), codes.into());
    }
    (status, [(header::CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}

/// `GET /metrics`: the owner's counters in the text format of OpenMetrics or, without its end mark, of Prometheus.
pub(crate) async fn metrics(State(api): State<Api>) -> Response {
    let text = (api.metrics)();
    let content_type = if text.trim_end().ends_with("# EOF") {
        "application/openmetrics-text; version=1.0.0; charset=utf-8"
    } else {
        "text/plain; version=0.0.4; charset=utf-8"
    };
    ([(header::CONTENT_TYPE, content_type)], text).into_response()
}
