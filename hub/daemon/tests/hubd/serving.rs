use std::{
    io::{Read, Write},
    net::TcpStream,
};

use crate::{Owner, capture, error};

fn get(address: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.0\r\nHost: {address}\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn a_hub_serves_its_store_and_stops_when_asked() {
    let owner = Owner::new();
    owner.replay(&owner.file("capture.jsonl", &capture(500)));
    let (running, address) = owner.start();
    assert!(get(&address, "/healthz").starts_with("HTTP/1.0 200"));
    let metrics = get(&address, "/metrics");
    for name in ["ingle_pipeline_seconds_bucket", "ingle_store_readings 500", "ingle_store_bytes"] {
        assert!(metrics.contains(name), "{name} is not in {metrics}");
    }
    let query = "%7Bhome%7Bdevices%7Bname%20sensors%7Bquantity%20current%7Bvalue%7D%7D%7D%7D%7D";
    let answer = get(&address, &format!("/graphql?query={query}"));
    assert!(answer.contains("\"quantity\":\"TEMPERATURE\""), "{answer}");
    let (code, log) = running.stop();
    assert_eq!(code, Some(0), "{log}");
    assert!(log.contains("everything is on disk"), "{log}");
}

#[test]
fn health_asks_the_running_hub() {
    let owner = Owner::new();
    let output = owner.run("health", &[]);
    assert_eq!(output.status.code(), Some(69), "{}", error(&output));
    assert!(error(&output).contains("hubd run"));
    let (_running, address) = owner.start();
    let text = std::fs::read_to_string(owner.config()).unwrap().replace("127.0.0.1:0", &address);
    std::fs::write(owner.config(), text).unwrap();
    let output = owner.run("health", &[]);
    assert!(output.status.success(), "{}", error(&output));
    assert!(String::from_utf8_lossy(&output.stdout).contains("\"ok\""));
}
