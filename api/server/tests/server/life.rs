//! How the server begins and ends.

use std::time::Duration;

use api_server::{BindError, Config, Limits, Server};

use crate::{
    schema,
    wire::{Hub, config},
};

#[tokio::test]
async fn a_port_in_use_says_so_and_what_to_do() {
    let first = Server::bind(config()).await.unwrap();
    let error = Server::bind(Config::new(first.address())).await.unwrap_err();
    assert!(matches!(error, BindError::InUse { address } if address == first.address()));
    let text = error.to_string();
    assert!(text.contains(&first.address().to_string()) && text.contains("server.listen"), "{text}");
}

#[tokio::test]
async fn an_address_of_another_machine_says_so() {
    // Of the block for documentation (RFC 5737): no machine has it.
    let error = Server::bind(Config::new("192.0.2.1:8080".parse().unwrap())).await.unwrap_err();
    assert!(matches!(error, BindError::NoSuchAddress { .. }), "{error}");
    assert_eq!(error.address().port(), 8080);
}

#[tokio::test]
async fn a_server_knows_whether_others_can_reach_it() {
    for (address, is_exposed) in [("127.0.0.1:0", false), ("0.0.0.0:0", true)] {
        let bound = Server::bind(Config::new(address.parse().unwrap())).await.unwrap();
        assert_eq!(bound.is_exposed(), is_exposed, "{address}");
        assert_ne!(bound.address().port(), 0);
    }
}

#[tokio::test]
async fn a_client_may_come_before_the_server_is_ready() {
    let bound = Server::bind(config()).await.unwrap();
    let early = tokio::net::TcpStream::connect(bound.address()).await;
    assert!(early.is_ok(), "{early:?}");
    let stop = tokio_util::sync::CancellationToken::new();
    stop.cancel();
    bound.serve(schema::parts(), stop).await;
}

#[tokio::test]
async fn a_request_under_way_is_finished_and_nobody_new_is_let_in() {
    let hub = Hub::start().await;
    let mut begun = hub.connect().await;
    let request = hub.request("POST /graphql", &[("content-type", "application/json")], "{\"query\":\"{bumps}\"}");
    let (head, tail) = request.split_at(request.len() - 5);
    begun.send(&(head.replace("content-length", "expect: 100-continue\r\ncontent-length"))).await;
    begun.until("100 Continue").await;
    hub.stop.cancel();
    begun.send(tail).await;
    let answer = begun.until("{\"data\":{\"bumps\":0}}").await;
    assert!(answer.contains("200 OK"), "{answer}");
    hub.task.await.unwrap();
    assert!(tokio::net::TcpStream::connect(hub.address).await.is_err());
}

#[tokio::test]
async fn who_does_not_let_go_is_cut_off() {
    let hub = Hub::with_limits(Limits { stop_timeout: Duration::ZERO, ..Limits::default() }).await;
    let mut stuck = hub.connect().await;
    stuck
        .send(
            "POST /graphql HTTP/1.1\r\nhost: localhost\r\nexpect: 100-continue\r\ncontent-type: application/json\r\n\
                content-length: 9\r\n\r\n",
        )
        .await;
    stuck.until("100 Continue").await;
    hub.stop.cancel();
    hub.task.await.unwrap();
    assert!(stuck.is_closed().await);
}

#[tokio::test]
async fn more_connections_than_allowed_wait_for_a_place() {
    let hub = Hub::with_limits(Limits { connections: 8, ..Limits::default() }).await;
    let mut held = Vec::new();
    for _ in 0..8 {
        let mut connection = hub.connect().await;
        connection.send("GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n").await;
        connection.until("\"ok\"").await;
        held.push(connection);
    }
    let mut waiting = hub.connect().await;
    waiting.send(&hub.request("GET /healthz", &[], "")).await;
    drop(held.pop());
    assert_eq!(waiting.rest().await.status, 200);
}
