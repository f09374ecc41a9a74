use std::sync::Arc;

use axum::{
    Router,
    http::{StatusCode, header},
    middleware::{from_fn, from_fn_with_state},
    response::{IntoResponse, Response},
    routing::get,
};
use hub_model::HealthReader;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    Config, Metrics,
    gate::{self, Gate},
    graphql::{self, Engine},
    health,
    refusal::Refusal,
    request_id::{self, RequestIds},
    safety, site, socket,
};

/// What the handlers share.
#[derive(Clone)]
pub(crate) struct Api {
    pub(crate) engine: Engine,
    pub(crate) health: Arc<dyn HealthReader>,
    pub(crate) metrics: Metrics,
    /// Open websockets, which outlive their HTTP connection.
    pub(crate) sockets: TaskTracker,
    /// Streams and sockets end when this is cancelled.
    pub(crate) stop: CancellationToken,
}

/// Every address that is answered, behind the guards.
pub(crate) fn router(api: Api, config: &Config) -> Router {
    Router::new()
        .route("/graphql", get(graphql::get).post(graphql::post))
        .route("/graphql/sse", get(graphql::get_events).post(graphql::post_events))
        .route("/graphql/ws", get(socket::open))
        .route("/graphiql", get(site::graphiql_page))
        .route("/graphiql/{*path}", get(site::graphiql_file))
        .route("/schema.graphql", get(schema))
        .route("/healthz", get(health::health))
        .route("/metrics", get(health::metrics))
        .fallback(site::page)
        .method_not_allowed_fallback(wrong_method)
        .with_state(api)
        .layer(from_fn_with_state(Arc::new(Gate::new(config)), gate::guard))
        .layer(from_fn(safety::protect))
        .layer(from_fn_with_state(Arc::new(RequestIds::default()), request_id::number))
}

/// `GET /schema.graphql`: the contract, as text.
async fn schema() -> Response {
    ([(header::CONTENT_TYPE, "application/graphql; charset=utf-8")], api_graphql::sdl()).into_response()
}

async fn wrong_method() -> Refusal {
    Refusal::new(StatusCode::METHOD_NOT_ALLOWED, "METHOD_NOT_ALLOWED", "this address does not have that method")
}
