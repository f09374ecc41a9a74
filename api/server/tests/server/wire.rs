//! A running server, and a client that sends exactly the bytes that it is told.

use std::{collections::HashMap, net::SocketAddr, time::Duration};

use api_server::{Config, Limits, Server};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinHandle,
    time::timeout,
};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::schema;

/// Longer than anything here takes; a test that waits so long has failed.
const PATIENCE: Duration = Duration::from_secs(20);

/// A server that stops when it is dropped.
pub(crate) struct Hub {
    pub(crate) address: SocketAddr,
    pub(crate) stop: CancellationToken,
    pub(crate) task: JoinHandle<()>,
    _stops: DropGuard,
}

impl Hub {
    pub(crate) async fn start() -> Self {
        Self::with_limits(Limits::default()).await
    }

    pub(crate) async fn with_limits(limits: Limits) -> Self {
        Self::with(config().with_limits(limits).unwrap(), schema::parts()).await
    }

    pub(crate) async fn with(config: Config, parts: api_server::Parts<schema::TestSchema>) -> Self {
        let bound = Server::bind(config).await.unwrap();
        let address = bound.address();
        let stop = CancellationToken::new();
        Self::of(address, tokio::spawn(bound.serve(parts, stop.clone())), stop)
    }

    /// One that runs already.
    pub(crate) fn of(address: SocketAddr, task: JoinHandle<()>, stop: CancellationToken) -> Self {
        Self { address, _stops: stop.clone().drop_guard(), stop, task }
    }

    pub(crate) async fn connect(&self) -> Connection {
        Connection(TcpStream::connect(self.address).await.unwrap())
    }

    /// Sends a request of these lines and reads the whole answer.
    pub(crate) async fn ask(&self, line: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let mut connection = self.connect().await;
        connection.send(&self.request(line, headers, body)).await;
        connection.rest().await
    }

    pub(crate) fn request(&self, line: &str, headers: &[(&str, &str)], body: &str) -> String {
        let mut text = format!("{line} HTTP/1.1\r\nconnection: close\r\ncontent-length: {}\r\n", body.len());
        if !headers.iter().any(|(name, _)| *name == "host") {
            text.push_str(&format!("host: {}\r\n", self.address));
        }
        for (name, value) in headers {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        text + "\r\n" + body
    }

    pub(crate) async fn post(&self, query: &str) -> Answer {
        self.post_with(query, &[]).await
    }

    pub(crate) async fn post_with(&self, query: &str, headers: &[(&str, &str)]) -> Answer {
        let body = serde_json::json!({ "query": query }).to_string();
        let headers = [&[("content-type", "application/json")], headers].concat();
        self.ask("POST /graphql", &headers, &body).await
    }

    pub(crate) async fn get(&self, target: &str) -> Answer {
        self.ask(&format!("GET {target}"), &[], "").await
    }

    /// How often the mutation was executed.
    pub(crate) async fn bumps(&self) -> u64 {
        self.post("{bumps}").await.json()["data"]["bumps"].as_u64().unwrap()
    }
}

/// A free port of this machine.
pub(crate) fn config() -> Config {
    Config::new("127.0.0.1:0".parse().unwrap())
}

/// One connection to a server.
pub(crate) struct Connection(TcpStream);

impl Connection {
    pub(crate) async fn send(&mut self, text: &str) {
        self.0.write_all(text.as_bytes()).await.unwrap();
    }

    /// Reads until the server closes.
    pub(crate) async fn rest(&mut self) -> Answer {
        let mut bytes = Vec::new();
        timeout(PATIENCE, self.0.read_to_end(&mut bytes)).await.unwrap().unwrap();
        Answer::parse(&bytes)
    }

    /// Reads until what came so far contains `end`, and gives it.
    pub(crate) async fn until(&mut self, end: &str) -> String {
        let mut text = String::new();
        while !text.contains(end) {
            let mut bytes = [0; 4096];
            let read = timeout(PATIENCE, self.0.read(&mut bytes)).await.unwrap().unwrap();
            assert_ne!(read, 0, "the server closed after {text:?}");
            text.push_str(&String::from_utf8_lossy(&bytes[..read]));
        }
        text
    }

    /// Has the server closed without another byte?
    pub(crate) async fn is_closed(&mut self) -> bool {
        matches!(timeout(PATIENCE, self.0.read(&mut [0; 1])).await, Ok(Ok(0) | Err(_)))
    }
}

/// What the server answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    headers: HashMap<String, String>,
    pub(crate) body: String,
}

impl Answer {
    fn parse(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes);
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {text:?}"));
        let mut lines = head.lines();
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let mut headers: HashMap<String, String> = HashMap::new();
        for (name, value) in lines.filter_map(|line| line.split_once(": ")) {
            let values = headers.entry(name.to_ascii_lowercase()).or_default();
            *values = if values.is_empty() { value.to_owned() } else { format!("{values}, {value}") };
        }
        let is_chunked = headers.get("transfer-encoding").is_some_and(|encoding| encoding == "chunked");
        let body = if is_chunked { unchunk(body) } else { body.to_owned() };
        Self { status, headers, body }
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The code of the first error.
    pub(crate) fn code(&self) -> String {
        self.json()["errors"][0]["extensions"]["code"].as_str().unwrap_or_default().to_owned()
    }
}

fn unchunk(mut text: &str) -> String {
    let mut body = String::new();
    while let Some((length, rest)) = text.split_once("\r\n") {
        let length = usize::from_str_radix(length, 16).unwrap();
        body.push_str(&rest[..length]);
        text = rest[length..].trim_start_matches("\r\n");
    }
    body
}
