//! Health, counters, the contract and the pages.

use std::sync::Arc;

use api_server::Parts;
use hub_model::{Alert, AlertKind, Severity, UnixMillis};
use serde_json::json;

use crate::{
    schema,
    wire::{Hub, config},
};

fn alert(kind: AlertKind, severity: Severity) -> Alert {
    Alert { kind, severity, device: None, advice: "the kitchen's key is 0123".to_owned(), since: UnixMillis(0) }
}

#[tokio::test]
async fn health_says_what_is_wrong_and_no_more() {
    let hub = |alerts| Hub::with(config(), Parts { health: Arc::new(schema::TestHealth(alerts)), ..schema::parts() });
    let well = hub(Vec::new()).await.get("/healthz").await;
    assert_eq!((well.status, well.json()), (200, json!({ "status": "ok" })));

    let weak = hub(vec![alert(AlertKind::ClockUnset, Severity::Warning)]).await.get("/healthz").await;
    assert_eq!((weak.status, weak.json()), (200, json!({ "status": "ok", "alerts": ["clock_unset"] })));

    let critical = [alert(AlertKind::StoreFailing, Severity::Critical), alert(AlertKind::ClockUnset, Severity::Notice)];
    let ill = hub(critical.to_vec()).await.get("/healthz").await;
    assert_eq!(ill.status, 503);
    assert_eq!(ill.json(), json!({ "status": "failing", "alerts": ["store_failing", "clock_unset"] }));
    assert!(!ill.body.contains("kitchen"));
}

#[tokio::test]
async fn metrics_are_what_the_owner_writes() {
    let metrics = |text: &'static str| Parts { metrics: Arc::new(move || text.to_owned()), ..schema::parts() };
    let open = Hub::with(config(), metrics("adverts_total 7\n# EOF\n")).await.get("/metrics").await;
    assert_eq!(open.body, "adverts_total 7\n# EOF\n");
    assert!(open.header("content-type").starts_with("application/openmetrics-text"));
    let plain = Hub::with(config(), metrics("adverts_total 7\n")).await.get("/metrics").await;
    assert!(plain.header("content-type").starts_with("text/plain; version=0.0.4"));
}

#[tokio::test]
async fn the_contract_can_be_fetched() {
    let answer = Hub::start().await.get("/schema.graphql").await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.body, api_graphql::sdl());
}

#[tokio::test]
async fn a_person_who_opens_the_api_gets_the_workbench() {
    let hub = Hub::start().await;
    let answer = hub.ask("GET /graphql", &[("accept", "text/html,*/*;q=0.8")], "").await;
    assert_eq!((answer.status, answer.header("location")), (303, "/graphiql"));
    assert_eq!(hub.get("/graphql").await.status, 400);
}

#[tokio::test]
async fn both_pages_are_there_or_say_how_to_get_them() {
    let hub = Hub::start().await;
    for target in ["/", "/graphiql"] {
        let answer = hub.get(target).await;
        assert_eq!((answer.status, answer.header("content-type")), (200, "text/html; charset=utf-8"), "{target}");
        assert!(
            answer.body.contains("<title>") || answer.body.contains("cargo xtask web"),
            "{target}: {}",
            answer.body
        );
        assert!(!answer.body.contains("http://") && !answer.body.contains("https://"), "{target} names another host");
    }
    assert_eq!(hub.get("/graphiql/nothing.js").await.status, 404);
}
