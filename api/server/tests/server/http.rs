//! GraphQL over HTTP. The specification's own 61 audits run in `tests/interop`.

use std::time::Duration;

use api_server::Limits;
use serde_json::json;

use crate::wire::Hub;

const JSON: &str = "application/json; charset=utf-8";
const GRAPHQL: &str = "application/graphql-response+json; charset=utf-8";

#[tokio::test]
async fn a_query_is_answered_over_post_and_get() {
    let hub = Hub::start().await;
    let posted = hub.post("{echo(text:\"ä\")}").await;
    assert_eq!((posted.status, posted.header("content-type")), (200, JSON));
    assert_eq!(posted.json(), json!({ "data": { "echo": "ä" } }));
    let got = hub.get("/graphql?query=query(%24t:String!)%7Becho(text:%24t)%7D&variables=%7B%22t%22:%22x%22%7D").await;
    assert_eq!((got.status, got.json()), (200, json!({ "data": { "echo": "x" } })));
    assert_eq!(got.header("cache-control"), "no-store");
}

#[tokio::test]
async fn a_refused_document_has_no_data_and_a_status_that_the_client_expects() {
    let hub = Hub::start().await;
    for query in ["{", "{nothing}", "query($a:String!){echo(text:$a)}"] {
        for (accept, status, content_type) in
            [("application/json", 200, JSON), ("application/graphql-response+json", 400, GRAPHQL)]
        {
            let answer = hub.post_with(query, &[("accept", accept)]).await;
            assert_eq!((answer.status, answer.header("content-type")), (status, content_type), "{query}");
            assert_eq!(answer.json().get("data"), None, "{query}");
            assert!(answer.json()["errors"][0]["message"].is_string());
        }
    }
}

#[tokio::test]
async fn a_fault_while_executing_is_a_result() {
    let hub = Hub::start().await;
    let accept = [("accept", "application/graphql-response+json")];
    let partly = hub.post_with("{maybe bumps}", &accept).await;
    assert_eq!((partly.status, &partly.json()["data"]), (200, &json!({ "maybe": null, "bumps": 0 })));
    let wholly = hub.post_with("{fault}", &accept).await;
    assert_eq!((wholly.status, wholly.json().get("data")), (200, Some(&json!(null))));
    assert_eq!(wholly.json()["errors"][0]["path"], json!(["fault"]));
}

#[tokio::test]
async fn a_subscription_without_a_stream_is_told_where_to_go() {
    let hub = Hub::start().await;
    let answer = hub.post("subscription{count(to:1)}").await;
    assert_eq!((answer.status, answer.code().as_str()), (406, "NOT_ACCEPTABLE"));
    assert!(answer.body.contains("/graphql/ws"), "{answer:?}");
}

#[tokio::test]
async fn nobody_gets_a_media_type_that_they_did_not_ask_for() {
    let hub = Hub::start().await;
    assert_eq!(hub.post_with("{bumps}", &[("accept", "image/png")]).await.status, 406);
}

#[tokio::test]
async fn a_body_that_is_too_long_is_refused_before_it_is_read() {
    let hub = Hub::start().await;
    let long = format!("{{bumps}} # {}", "x".repeat(64 * 1024));
    let answer = hub.post(&long).await;
    assert_eq!((answer.status, answer.code().as_str()), (413, "LIMIT_EXCEEDED"));

    let mut chunked = hub.connect().await;
    let head = "POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
                transfer-encoding: chunked\r\nconnection: close\r\n\r\n";
    chunked.send(&format!("{head}10001\r\n{}\r\n", "x".repeat(0x10001))).await;
    assert_eq!(chunked.rest().await.status, 413);
}

#[tokio::test]
async fn what_takes_too_long_is_given_up() {
    let hub = Hub::with_limits(Limits { request_timeout: Duration::from_secs(1), ..Limits::default() }).await;
    let answer = hub.post("{never}").await;
    assert_eq!((answer.status, answer.code().as_str()), (503, "UNAVAILABLE"));
    assert_eq!(answer.header("retry-after"), "1");

    let mut slow = hub.connect().await;
    slow.send(
        "POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\
               connection: close\r\n\r\n{",
    )
    .await;
    assert_eq!(slow.rest().await.status, 408);
}

#[tokio::test]
async fn operations_wait_for_their_turn() {
    let limits = Limits { operations: 1, request_timeout: Duration::from_secs(1), ..Limits::default() };
    let hub = Hub::with_limits(limits).await;
    let (first, second) = tokio::join!(hub.post("{never}"), hub.post("{never}"));
    assert_eq!((first.status, second.status), (503, 503));
    assert_eq!(hub.post("{bumps}").await.status, 200, "the turn is given back");
}

#[tokio::test]
async fn a_method_that_is_not_there_is_said_so_in_json() {
    let hub = Hub::start().await;
    for line in ["PUT /graphql", "DELETE /graphql/sse", "POST /healthz"] {
        let answer = hub.ask(line, &[], "").await;
        assert_eq!((answer.status, answer.code().as_str()), (405, "METHOD_NOT_ALLOWED"), "{line}");
    }
    assert!(hub.ask("PUT /graphql", &[], "").await.header("allow").contains("POST"));
}

#[tokio::test]
async fn every_answer_has_an_id() {
    let hub = Hub::start().await;
    let first = hub.get("/healthz").await.header("x-request-id").to_owned();
    let second = hub.get("/nowhere").await.header("x-request-id").to_owned();
    assert!(!first.is_empty() && !second.is_empty() && first != second, "{first} {second}");
    let own = hub.ask("GET /healthz", &[("x-request-id", "phone-7.1")], "").await;
    assert_eq!(own.header("x-request-id"), "phone-7.1");
    let forged = hub.ask("GET /healthz", &[("x-request-id", "a b\tERROR")], "").await;
    assert!(!forged.header("x-request-id").contains(' '), "{forged:?}");
}
