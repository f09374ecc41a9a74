//! Websockets, frame by frame, by graphql-ws' PROTOCOL.md and that of subscriptions-transport-ws.

use std::time::Duration;

use api_server::Limits;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{
        Error, Message,
        client::IntoClientRequest,
        http::HeaderValue,
        protocol::{CloseFrame, frame::coding::CloseCode},
    },
};

use crate::wire::Hub;

const NEW: &str = "graphql-transport-ws";
const OLD: &str = "graphql-ws";
const PATIENCE: Duration = Duration::from_secs(20);

/// A client that has said nothing yet.
struct Client(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Client {
    async fn open(hub: &Hub, protocol: &str) -> Self {
        Self::try_open(hub, &[("sec-websocket-protocol", protocol)]).await.unwrap()
    }

    async fn try_open(hub: &Hub, headers: &[(&'static str, &str)]) -> Result<Self, Box<Error>> {
        let mut request = format!("ws://{}/graphql/ws", hub.address).into_client_request().unwrap();
        for (name, value) in headers {
            request.headers_mut().insert(*name, HeaderValue::from_str(value).unwrap());
        }
        connect_async(request).await.map(|(socket, _)| Self(socket)).map_err(Box::new)
    }

    /// One that introduced itself.
    async fn introduced(hub: &Hub) -> Self {
        let mut client = Self::open(hub, NEW).await;
        client.say(json!({ "type": "connection_init" })).await;
        assert_eq!(client.hear().await, json!({ "type": "connection_ack" }));
        client
    }

    async fn say(&mut self, message: Value) {
        self.0.send(Message::text(message.to_string())).await.unwrap();
    }

    async fn subscribe(&mut self, id: &str, query: &str) {
        self.say(json!({ "id": id, "type": "subscribe", "payload": { "query": query } })).await;
    }

    /// The next text or close frame.
    async fn next(&mut self) -> Message {
        loop {
            match timeout(PATIENCE, self.0.next()).await.unwrap() {
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(message)) => return message,
                other => panic!("the socket ended with {other:?}"),
            }
        }
    }

    async fn hear(&mut self) -> Value {
        match self.next().await {
            Message::Text(text) => serde_json::from_str(&text).unwrap(),
            other => panic!("not a message: {other:?}"),
        }
    }

    /// The code and reason with which the server closes.
    async fn closed(&mut self) -> (u16, String) {
        match self.next().await {
            Message::Close(Some(frame)) => (frame.code.into(), frame.reason.to_string()),
            other => panic!("not closed: {other:?}"),
        }
    }
}

#[tokio::test]
async fn a_query_a_mutation_and_a_subscription() {
    let hub = Hub::start().await;
    let mut client = Client::introduced(&hub).await;
    client.subscribe("q", "{bumps}").await;
    assert_eq!(client.hear().await, json!({ "id": "q", "type": "next", "payload": { "data": { "bumps": 0 } } }));
    assert_eq!(client.hear().await, json!({ "id": "q", "type": "complete" }));
    client.subscribe("m", "mutation{bump}").await;
    assert_eq!(client.hear().await, json!({ "id": "m", "type": "next", "payload": { "data": { "bump": 1 } } }));
    assert_eq!(client.hear().await, json!({ "id": "m", "type": "complete" }));
    client.subscribe("s", "subscription{count(to:2)}").await;
    for n in 1..=2 {
        assert_eq!(client.hear().await, json!({ "id": "s", "type": "next", "payload": { "data": { "count": n } } }));
    }
    assert_eq!(client.hear().await, json!({ "id": "s", "type": "complete" }));
}

#[tokio::test]
async fn variables_and_the_name_of_the_operation_arrive() {
    let hub = Hub::start().await;
    let mut client = Client::introduced(&hub).await;
    let payload = json!({
        "query": "query A($t:String!){echo(text:$t)} query B{bumps}", "operationName": "A", "variables": { "t": "x" }
    });
    client.say(json!({ "id": "1", "type": "subscribe", "payload": payload })).await;
    assert_eq!(client.hear().await["payload"], json!({ "data": { "echo": "x" } }));
}

#[tokio::test]
async fn a_document_that_is_refused_is_an_error_and_the_socket_goes_on() {
    let hub = Hub::start().await;
    let mut client = Client::introduced(&hub).await;
    for query in ["{", "{nothing}", "subscription{nothing}"] {
        client.subscribe("1", query).await;
        let error = client.hear().await;
        assert_eq!((&error["type"], &error["id"]), (&json!("error"), &json!("1")), "{query}");
        assert!(error["payload"][0]["message"].is_string(), "{error}");
    }
    client.subscribe("1", "{bumps}").await;
    assert_eq!(client.hear().await["type"], "next");
}

#[tokio::test]
async fn several_operations_run_side_by_side_and_one_can_be_stopped() {
    let hub = Hub::start().await;
    let mut client = Client::introduced(&hub).await;
    client.subscribe("a", "subscription{silence}").await;
    client.subscribe("b", "{never}").await;
    client.subscribe("c", "{bumps}").await;
    assert_eq!(client.hear().await["id"], "c");
    assert_eq!(client.hear().await, json!({ "id": "c", "type": "complete" }));
    client.say(json!({ "id": "a", "type": "complete" })).await;
    client.subscribe("a", "{bumps}").await;
    assert_eq!(client.hear().await["id"], "a", "the id is free again, and the stop was not answered");
}

#[tokio::test]
async fn an_invalid_message_closes_with_4400() {
    let hub = Hub::start().await;
    for text in ["nonsense", "[]", "{\"type\":\"what\"}", "{\"type\":\"subscribe\",\"payload\":{}}"] {
        let mut client = Client::introduced(&hub).await;
        client.0.send(Message::text(text)).await.unwrap();
        let (code, reason) = client.closed().await;
        assert_eq!(code, 4400, "{text}");
        assert!(reason.starts_with("Invalid message"), "{reason}");
    }
    let mut client = Client::introduced(&hub).await;
    client.0.send(Message::binary(b"{\"type\":\"ping\"}".to_vec())).await.unwrap();
    assert_eq!(client.closed().await.0, 4400);
}

#[tokio::test]
async fn asking_before_the_introduction_closes_with_4401() {
    let hub = Hub::start().await;
    let mut client = Client::open(&hub, NEW).await;
    client.subscribe("1", "{bumps}").await;
    assert_eq!(client.closed().await, (4401, "Unauthorized".to_owned()));
}

#[tokio::test]
async fn another_subprotocol_or_none_closes_with_4406() {
    let hub = Hub::start().await;
    for headers in [&[("sec-websocket-protocol", "mqtt")][..], &[]] {
        // This client itself refuses a server that chooses none of its subprotocols, as it should.
        match Client::try_open(&hub, headers).await {
            Ok(mut client) => assert_eq!(client.closed().await, (4406, "Subprotocol not acceptable".to_owned())),
            Err(error) => assert!(error.to_string().contains("SubProtocol"), "{error}"),
        }
    }
    let mut raw = hub.connect().await;
    let upgrade = [
        ("connection", "upgrade"),
        ("upgrade", "websocket"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ("sec-websocket-protocol", "mqtt"),
    ];
    raw.send(&hub.request("GET /graphql/ws", &upgrade, "").replace("connection: close\r\n", "")).await;
    let text = raw.until("Subprotocol not acceptable").await;
    assert!(
        text.starts_with("HTTP/1.1 101") && !text.to_ascii_lowercase().contains("sec-websocket-protocol"),
        "{text}"
    );
}

#[tokio::test]
async fn no_introduction_in_time_closes_with_4408() {
    let hub = Hub::with_limits(Limits { init_timeout: Duration::from_millis(100), ..Limits::default() }).await;
    for protocol in [NEW, OLD] {
        let mut client = Client::open(&hub, protocol).await;
        assert_eq!(client.closed().await, (4408, "Connection initialisation timeout".to_owned()));
    }
    let mut client = Client::introduced(&hub).await;
    client.say(json!({ "type": "ping" })).await;
    assert_eq!(client.hear().await["type"], "pong");
}

#[tokio::test]
async fn a_duplicate_id_closes_with_4409() {
    let hub = Hub::start().await;
    let mut client = Client::introduced(&hub).await;
    client.subscribe("1", "subscription{silence}").await;
    client.subscribe("1", "{bumps}").await;
    assert_eq!(client.closed().await, (4409, "Subscriber for 1 already exists".to_owned()));
}

#[tokio::test]
async fn a_second_introduction_closes_with_4429() {
    let hub = Hub::start().await;
    let mut client = Client::introduced(&hub).await;
    client.say(json!({ "type": "connection_init" })).await;
    assert_eq!(client.closed().await, (4429, "Too many initialisation requests".to_owned()));
}

#[tokio::test]
async fn a_message_that_is_too_long_closes_with_1009() {
    let hub = Hub::start().await;
    let mut client = Client::introduced(&hub).await;
    client.subscribe("1", &format!("{{bumps}} # {}", "x".repeat(64 * 1024))).await;
    assert_eq!(client.closed().await, (1009, "Message too long".to_owned()));
}

#[tokio::test]
async fn one_that_is_far_too_long_is_cut_off() {
    let hub = Hub::start().await;
    let mut client = Client::introduced(&hub).await;
    // The server may close while this is still being sent.
    let _ = client.0.send(Message::text("x".repeat(4 * 1024 * 1024))).await;
    let end = timeout(PATIENCE, client.0.next()).await.unwrap();
    assert!(matches!(end, None | Some(Err(_) | Ok(Message::Close(_)))), "{end:?}");
}

#[tokio::test]
async fn a_socket_has_a_bounded_number_of_operations() {
    let hub = Hub::with_limits(Limits { streams_per_socket: 2, ..Limits::default() }).await;
    let mut client = Client::introduced(&hub).await;
    for id in ["1", "2", "3"] {
        client.subscribe(id, "subscription{silence}").await;
    }
    let error = client.hear().await;
    assert_eq!((&error["id"], &error["type"]), (&json!("3"), &json!("error")));
    assert_eq!(error["payload"][0]["extensions"]["code"], "LIMIT_EXCEEDED");
}

#[tokio::test]
async fn all_sockets_together_have_a_bounded_number_of_subscriptions() {
    let hub = Hub::with_limits(Limits { streams: 1, ..Limits::default() }).await;
    let mut first = Client::introduced(&hub).await;
    first.subscribe("1", "subscription{events{number}}").await;
    assert_eq!(first.hear().await["type"], "next");
    let mut second = Client::introduced(&hub).await;
    second.subscribe("1", "subscription{silence}").await;
    assert_eq!(second.hear().await["payload"][0]["extensions"]["code"], "LIMIT_EXCEEDED");
    second.subscribe("1", "{bumps}").await;
    assert_eq!(second.hear().await["type"], "next", "queries are not subscriptions");
}

#[tokio::test]
async fn an_operation_that_takes_too_long_is_an_error() {
    let hub = Hub::with_limits(Limits { request_timeout: Duration::from_secs(1), ..Limits::default() }).await;
    let mut client = Client::introduced(&hub).await;
    client.subscribe("1", "{never}").await;
    let error = client.hear().await;
    assert_eq!((&error["type"], &error["payload"][0]["extensions"]["code"]), (&json!("error"), &json!("UNAVAILABLE")));
}

#[tokio::test]
async fn pings_are_answered_and_idle_sockets_are_pinged() {
    let hub = Hub::with_limits(Limits { heartbeat: Duration::from_secs(1), ..Limits::default() }).await;
    let mut client = Client::introduced(&hub).await;
    client.say(json!({ "type": "ping", "payload": { "n": 1 } })).await;
    assert_eq!(client.hear().await, json!({ "type": "pong", "payload": { "n": 1 } }));
    client.0.send(Message::Ping(b"x".to_vec().into())).await.unwrap();
    let mut seen = (false, false);
    while seen != (true, true) {
        match timeout(PATIENCE, client.0.next()).await.unwrap().unwrap().unwrap() {
            Message::Pong(payload) => seen.0 = &payload[..] == b"x",
            Message::Ping(_) => seen.1 = true,
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_socket_whose_client_is_silent_for_long_is_dropped() {
    let hub = Hub::with_limits(Limits { heartbeat: Duration::from_secs(1), streams: 1, ..Limits::default() }).await;
    let mut client = Client::introduced(&hub).await;
    client.subscribe("1", "subscription{events{number}}").await;
    client.hear().await;
    // From now on this client reads nothing, so it answers no ping; the place of its subscription becomes free.
    let events = [("accept", "text/event-stream")];
    let freed = async {
        while hub.post_with("subscription{count(to:1)}", &events).await.status == 503 {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, freed).await.unwrap();
}

#[tokio::test]
async fn a_stop_closes_sockets_with_1001() {
    let hub = Hub::start().await;
    let mut introduced = Client::introduced(&hub).await;
    introduced.subscribe("1", "subscription{silence}").await;
    let mut fresh = Client::open(&hub, OLD).await;
    hub.stop.cancel();
    assert_eq!(introduced.closed().await, (1001, "the hub is stopping".to_owned()));
    assert_eq!(fresh.closed().await.0, 1001);
    // The answer to the close frame goes out when the socket is read again.
    let _ = (introduced.0.next().await, fresh.0.next().await);
    hub.task.await.unwrap();
}

#[tokio::test]
async fn a_client_that_closes_is_answered() {
    let hub = Hub::start().await;
    let mut client = Client::introduced(&hub).await;
    client.subscribe("1", "subscription{silence}").await;
    let frame = CloseFrame { code: CloseCode::Normal, reason: "done".into() };
    client.0.send(Message::Close(Some(frame))).await.unwrap();
    assert_eq!(client.closed().await, (1000, "done".to_owned()));
    assert!(client.0.next().await.is_none(), "and the connection ends cleanly");
}

#[tokio::test]
async fn a_page_from_elsewhere_gets_no_socket() {
    let hub = Hub::start().await;
    let own = format!("http://{}", hub.address);
    for (name, value, is_let_in) in [
        ("origin", "http://evil.example", false),
        ("origin", "null", false),
        ("host", "evil.example", false),
        ("origin", own.as_str(), true),
    ] {
        let client = Client::try_open(&hub, &[("sec-websocket-protocol", NEW), (name, value)]).await;
        assert_eq!(client.is_ok(), is_let_in, "{name}: {value}");
    }
}

#[tokio::test]
async fn old_clients_are_spoken_to_in_their_words() {
    let hub = Hub::with_limits(Limits { heartbeat: Duration::from_secs(1), ..Limits::default() }).await;
    let mut client = Client::open(&hub, OLD).await;
    client.say(json!({ "type": "connection_init", "payload": {} })).await;
    assert_eq!(client.hear().await, json!({ "type": "connection_ack" }));
    assert_eq!(client.hear().await, json!({ "type": "ka" }));
    client.say(json!({ "id": "1", "type": "start", "payload": { "query": "{bumps}" } })).await;
    assert_eq!(client.hear().await, json!({ "id": "1", "type": "data", "payload": { "data": { "bumps": 0 } } }));
    assert_eq!(client.hear().await, json!({ "id": "1", "type": "complete" }));
    client.say(json!({ "id": "2", "type": "start", "payload": { "query": "{nothing}" } })).await;
    let error = client.hear().await;
    assert_eq!((&error["type"], error["payload"]["message"].is_string()), (&json!("error"), true));
    client.say(json!({ "id": "3", "type": "start", "payload": { "query": "subscription{silence}" } })).await;
    client.say(json!({ "id": "3", "type": "stop" })).await;
    assert_eq!(client.hear().await, json!({ "id": "3", "type": "complete" }));
    assert_eq!(client.hear().await, json!({ "type": "ka" }), "and again while nothing happens");
    client.say(json!({ "type": "connection_terminate" })).await;
    assert_eq!(client.closed().await.0, 1000);
}

#[tokio::test]
async fn a_request_that_is_no_websocket_is_told_so() {
    let hub = Hub::start().await;
    let answer = hub.get("/graphql/ws").await;
    assert!((400..500).contains(&answer.status), "{answer:?}");
}
