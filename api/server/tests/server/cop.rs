//! The twelve things that graphql-cop looks for, on the hub's own schema behind this server.
//!
//! Three are there on purpose: GraphiQL, introspection and suggestions. The schema is public anyway, at `/schema.graphql`.

use std::sync::Arc;

use api_server::{Parts, Server};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::{
    house,
    schema::TestHealth,
    wire::{Hub, config},
};

async fn hub() -> Hub {
    let parts = Parts {
        schema: house::schema(),
        health: Arc::new(TestHealth(Vec::new())),
        metrics: Arc::new(|| "# EOF\n".to_owned()),
    };
    let stop = CancellationToken::new();
    let bound = Server::bind(config()).await.unwrap();
    let address = bound.address();
    Hub::of(address, tokio::spawn(bound.serve(parts, stop.clone())), stop)
}

fn repeated(count: usize, field: impl Fn(usize) -> String) -> String {
    (0..count).map(field).collect::<Vec<_>>().join(" ")
}

/// Asserts that nothing of the query is executed, and gives the answer.
async fn refused(query: &str) -> Value {
    let answer = hub().await.post_with(query, &[("accept", "application/graphql-response+json")]).await;
    assert_eq!(answer.status, 400, "{answer:?}");
    let json = answer.json();
    assert_eq!(json.get("data"), None, "{json}");
    json
}

#[tokio::test]
async fn alias_overload() {
    let json = refused(&format!("{{ {} }}", repeated(101, |n| format!("a{n}: __typename")))).await;
    assert_eq!(json["errors"][0]["extensions"]["code"], "LIMIT_EXCEEDED");
}

#[tokio::test]
async fn array_based_batching() {
    let one = json!({ "query": "{ __typename }" });
    let batch = json!(vec![one; 10]).to_string();
    let answer = hub().await.ask("POST /graphql", &[("content-type", "application/json")], &batch).await;
    assert_eq!((answer.status, answer.code().as_str()), (400, "BATCH_NOT_SUPPORTED"));
}

#[tokio::test]
async fn directive_overload() {
    let json = refused(&format!("{{ __typename {} }}", repeated(60, |_| "@skip(if: false)".to_owned()))).await;
    assert_eq!(json["errors"][0]["extensions"]["code"], "LIMIT_EXCEEDED");
}

#[tokio::test]
async fn circular_introspection() {
    let fields = "fields { type { ".repeat(6);
    let json = refused(&format!("{{ __schema {{ types {{ {fields} name {} }} }} }}", "} }".repeat(6))).await;
    assert_eq!(json["errors"][0]["extensions"]["code"], "LIMIT_EXCEEDED");
}

#[tokio::test]
async fn field_duplication() {
    let json = refused(&format!("{{ home {{ {} }} }}", repeated(2_500, |_| "name".to_owned()))).await;
    assert_eq!(json["errors"][0]["extensions"]["code"], "LIMIT_EXCEEDED");
}

#[tokio::test]
async fn queries_over_get_are_there_and_mutations_are_not() {
    let hub = hub().await;
    assert_eq!(hub.get("/graphql?query=%7B__typename%7D").await.status, 200);
    let mutation = hub.get("/graphql?query=mutation%7B__typename%7D").await;
    assert_eq!((mutation.status, mutation.header("allow")), (405, "POST"));
}

#[tokio::test]
async fn urlencoded_post() {
    let form = [("content-type", "application/x-www-form-urlencoded")];
    for query in ["query=%7B__typename%7D", "query=mutation%7B__typename%7D"] {
        assert_eq!(hub().await.ask("POST /graphql", &form, query).await.status, 415);
    }
}

#[tokio::test]
async fn tracing_is_not_told() {
    let body = json!({ "query": "{ __typename }", "extensions": { "tracing": true } }).to_string();
    let headers = [("content-type", "application/json"), ("x-apollo-tracing", "1")];
    let answer = hub().await.ask("POST /graphql", &headers, &body).await;
    assert_eq!((answer.status, answer.json().get("extensions")), (200, None));
}

#[tokio::test]
async fn introspection_suggestions_and_graphiql_are_there_on_purpose() {
    let hub = hub().await;
    assert_eq!(
        hub.post("{ __schema { queryType { name } } }").await.json()["data"]["__schema"]["queryType"]["name"],
        "Query"
    );
    assert!(hub.post("{ hom }").await.body.contains("home"));
    assert_eq!(hub.get("/graphiql").await.status, 200);
}
