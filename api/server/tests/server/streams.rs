//! Subscriptions in the body of a response: event streams and multipart.

use std::time::Duration;

use api_server::Limits;

use crate::wire::Hub;

const EVENTS: (&str, &str) = ("accept", "text/event-stream");
const MULTIPART: (&str, &str) =
    ("accept", "multipart/mixed;boundary=\"graphql\";subscriptionSpec=\"1.0\",application/json");

#[tokio::test]
async fn an_event_stream_is_written_as_graphql_sse_reads_it() {
    let hub = Hub::start().await;
    let answer = hub.post_with("subscription{count(to:2)}", &[EVENTS]).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, "text/event-stream; charset=utf-8"));
    assert_eq!(
        answer.body,
        ":\n\nevent: next\ndata: {\"data\":{\"count\":1}}\n\nevent: next\ndata: {\"data\":{\"count\":2}}\n\n\
         event: complete\ndata:\n\n"
    );
}

#[tokio::test]
async fn queries_and_refused_documents_are_streams_of_one_event() {
    let hub = Hub::start().await;
    let query = hub.ask("GET /graphql/sse?query=%7Bbumps%7D", &[], "").await;
    assert_eq!(query.body, ":\n\nevent: next\ndata: {\"data\":{\"bumps\":0}}\n\nevent: complete\ndata:\n\n");
    let refused = hub.post_with("{nothing}", &[EVENTS]).await;
    assert!(refused.body.starts_with(":\n\nevent: next\ndata: {\"errors\":["), "{refused:?}");
    assert!(refused.body.ends_with("event: complete\ndata:\n\n"));
    let unreadable = hub.post_with("{", &[EVENTS]).await;
    assert_eq!(unreadable.code(), "GRAPHQL_PARSE_FAILED");
    let not_events = hub.ask("GET /graphql/sse?query=%7Bbumps%7D", &[("accept", "application/json")], "").await;
    assert_eq!(not_events.status, 406);
}

#[tokio::test]
async fn an_event_has_the_cursor_as_its_id_and_a_client_goes_on_after_it() {
    let hub = Hub::start().await;
    let mut first = hub.connect().await;
    let target = "GET /graphql/sse?query=subscription%7Bevents%7Bcursor%20number%7D%7D";
    first.send(&hub.request(target, &[EVENTS], "")).await;
    let text = first.until("\"number\":3").await;
    assert!(text.contains("event: next\nid: 1:1\ndata: "), "{text}");

    let mut again = hub.connect().await;
    again.send(&hub.request(target, &[EVENTS, ("last-event-id", "1:3")], "")).await;
    let text = again.until("\"number\":6").await;
    assert!(text.contains("id: 1:4\n") && !text.contains("id: 1:3\n"), "{text}");
}

#[tokio::test]
async fn multipart_is_written_as_apollo_reads_it() {
    let hub = Hub::start().await;
    let answer = hub.post_with("subscription{count(to:2)}", &[MULTIPART]).await;
    assert_eq!(answer.header("content-type"), "multipart/mixed; boundary=\"graphql\"; subscriptionSpec=\"1.0\"");
    assert_eq!(
        answer.body,
        "--graphql\r\ncontent-type: application/json\r\n\r\n{\"payload\":{\"data\":{\"count\":1}}}\r\n\
         --graphql\r\ncontent-type: application/json\r\n\r\n{\"payload\":{\"data\":{\"count\":2}}}\r\n--graphql--\r\n"
    );
    let query = hub.post_with("{bumps}", &[MULTIPART]).await;
    assert_eq!(query.header("content-type"), "application/json; charset=utf-8");
}

#[tokio::test]
async fn a_stream_shows_that_it_lives() {
    let hub = Hub::with_limits(Limits { heartbeat: Duration::from_secs(1), ..Limits::default() }).await;
    for (accept, beat) in [(EVENTS, "\r\n:\n\n\r\n"), (MULTIPART, "\r\n\r\n{}\r\n--graphql")] {
        let mut connection = hub.connect().await;
        let body = "{\"query\":\"subscription{silence}\"}";
        connection.send(&hub.request("POST /graphql", &[("content-type", "application/json"), accept], body)).await;
        connection.until("\r\n\r\n").await;
        assert!(connection.until(beat).await.contains(beat));
    }
}

#[tokio::test]
async fn there_is_a_bound_on_streams_and_a_place_is_given_back() {
    let hub = Hub::with_limits(Limits { streams: 1, ..Limits::default() }).await;
    let mut open = hub.connect().await;
    open.send(&hub.request("GET /graphql?query=subscription%7Bevents%7Bnumber%7D%7D", &[EVENTS], "")).await;
    open.until("\"number\":3").await;
    let refused = hub.post_with("subscription{count(to:1)}", &[EVENTS]).await;
    assert_eq!((refused.status, refused.code().as_str()), (503, "LIMIT_EXCEEDED"));
    drop(open);
    while hub.post_with("subscription{count(to:1)}", &[EVENTS]).await.status == 503 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_stop_ends_streams_so_that_clients_come_back() {
    let hub = Hub::start().await;
    let mut connections = Vec::new();
    for accept in [EVENTS, MULTIPART] {
        let mut connection = hub.connect().await;
        let body = "{\"query\":\"subscription{events{number}}\"}";
        connection.send(&hub.request("POST /graphql", &[("content-type", "application/json"), accept], body)).await;
        connection.until("\"number\":3").await;
        connections.push(connection);
    }
    hub.stop.cancel();
    let multipart = connections.pop().unwrap().until("--graphql--").await;
    assert!(multipart.contains("\"payload\":null") && multipart.contains("UNAVAILABLE"), "{multipart}");
    let events = connections.pop().unwrap().until("0\r\n\r\n").await;
    assert!(!events.contains("complete"), "{events}");
    hub.task.await.unwrap();
}
