//! The API of the guest's hub, spoken from outside: GraphQL over HTTP, subscriptions as event streams.

use std::{path::Path, time::Duration};

use anyhow::{Context as _, Result, bail, ensure};
use hub_testbed::{END, HUB};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    net::{UnixListener, UnixStream},
    time::timeout,
};

/// How long qemu may take to open the port, and the hub to answer.
const LIMIT: Duration = Duration::from_secs(60);

/// A port that qemu has not opened yet.
pub(crate) struct Offered(UnixListener);

/// One connection to the hub after the other.
pub(crate) struct Api {
    stream: BufReader<UnixStream>,
    is_open: bool,
}

impl Api {
    /// Makes the socket of a port.
    pub(crate) fn offer(folder: &Path, name: &str) -> Result<Offered> {
        UnixListener::bind(folder.join(name)).map(Offered).context("failed to open a socket for the API")
    }

    /// Asks, and gives what stands in `data`.
    pub(crate) async fn ask(&mut self, query: &str, variables: Value) -> Result<Value> {
        self.begin(query, variables, "application/json").await?;
        let mut body = None;
        while let Some(line) = self.line(LIMIT).await? {
            if !line.is_empty() {
                body = Some(line);
            }
        }
        // The body is the last line, and has no other.
        data(&body.context("the hub does not answer")?)
    }

    /// Subscribes; what was subscribed to before has to be over.
    pub(crate) async fn subscribe(&mut self, query: &str, variables: Value) -> Result<()> {
        self.begin(query, variables, "text/event-stream").await?;
        while let Some(line) = self.line(LIMIT).await? {
            // The first thing in a stream is a comment.
            if line.starts_with(':') {
                return Ok(());
            }
        }
        bail!("the hub opens no stream")
    }

    /// The next that is told to who subscribed: what stands in `data`.
    pub(crate) async fn next(&mut self, within: Duration) -> Result<Value> {
        while let Some(line) = self.line(within).await? {
            if let Some(json) = line.strip_prefix("data: ") {
                return data(json);
            }
        }
        bail!("the stream has ended")
    }

    /// Waits until the connection has ended, if there is one; what still comes is passed over.
    pub(crate) async fn ended(&mut self) -> Result<()> {
        while self.line(LIMIT).await?.is_some() {}
        Ok(())
    }

    /// In the first version of HTTP the end of a connection ends the body.
    async fn begin(&mut self, query: &str, variables: Value, accept: &str) -> Result<()> {
        ensure!(!self.is_open, "the last connection has not ended");
        let body = json!({ "query": query, "variables": variables }).to_string();
        let length = body.len();
        let request = format!(
            "POST /graphql HTTP/1.0\r\nhost: {HUB}\r\naccept: {accept}\r\ncontent-type: application/json\r\n\
             content-length: {length}\r\n\r\n{body}"
        );
        self.is_open = true;
        self.stream.write_all(request.as_bytes()).await.context("failed to ask the hub")
    }

    /// The next line; `None` ends the connection.
    async fn line(&mut self, within: Duration) -> Result<Option<String>> {
        if !self.is_open {
            return Ok(None);
        }
        let mut line = Vec::new();
        let read = timeout(within, self.stream.read_until(b'\n', &mut line)).await;
        let length = read.with_context(|| format!("the hub said nothing for {} s", within.as_secs_f64()))?;
        ensure!(length.context("failed to listen to the hub")? > 0, "the guest has ended");
        let text = line.strip_suffix(&END);
        self.is_open = text.is_none();
        let text = String::from_utf8_lossy(text.unwrap_or(&line)).trim_end().to_owned();
        Ok((self.is_open || !text.is_empty()).then_some(text))
    }
}

impl Offered {
    /// Waits until qemu has opened it.
    pub(crate) async fn accept(self) -> Result<Api> {
        let (stream, _) = timeout(LIMIT, self.0.accept()).await.context("qemu did not connect")??;
        Ok(Api { stream: BufReader::new(stream), is_open: false })
    }
}

fn data(json: &str) -> Result<Value> {
    let mut answer: Value = serde_json::from_str(json).with_context(|| format!("the hub said {json}"))?;
    ensure!(answer.get("errors").is_none(), "the hub refuses: {json}");
    answer.get_mut("data").map(Value::take).with_context(|| format!("the hub said {json}"))
}
