//! The demonstration from outside: it says where it listens, answers there, and stops when it is told to.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc::sync_channel;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};

use crate::checkout::Checkout;
use crate::process;

/// To build a year of past in a binary that is hardly optimised.
const START_LIMIT: Duration = Duration::from_secs(240);
/// What the hub promises for an orderly stop, in seconds, and a little for the process itself.
const STOP_LIMIT: Duration = Duration::from_millis(5_500);
const ANSWER_LIMIT: Duration = Duration::from_secs(10);

/// Starts `hub-demo`, asks what a person's browser and an app would ask, and ends it.
pub(crate) fn run(checkout: &Checkout) -> Result<()> {
    let port = free_port()?;
    let program = checkout.metadata()?.target_directory.join("debug/hub-demo");
    let mut child = Command::new(&program)
        .args(["--headless", "--port", &port.to_string()])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("failed to start {}", program.display()))?;
    let looked = look(&mut child, port);
    let status = stop(child)?;
    looked?;
    ensure!(status.success(), "hub-demo was asked to stop and ended with {status}");
    println!("it stopped in order");
    Ok(())
}

fn look(child: &mut Child, port: u16) -> Result<()> {
    let stdout = child.stdout.take().context("hub-demo has no stdout")?;
    let url = format!("http://127.0.0.1:{port}");
    wait_for_line(stdout, url.clone())?;
    println!("it says {url}");
    let hub = SocketAddr::from(([127, 0, 0, 1], port));
    let page = ask(hub, "GET", "/", "")?;
    ensure!(page.contains("<html"), "the page at / is no HTML:\n{page}");
    ask(hub, "GET", "/healthz", "")?;
    let metrics = ask(hub, "GET", "/metrics", "")?;
    ensure!(metrics.contains("# TYPE "), "/metrics is not in Prometheus' text format:\n{metrics}");
    let query = r#"{"query":"{ rooms { name sensors { quantity unit current { value } } } }"}"#;
    let answer = ask(hub, "POST", "/graphql", query)?;
    let json = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    let answer: serde_json::Value = serde_json::from_str(json).with_context(|| format!("/graphql answered {json}"))?;
    ensure!(answer.get("errors").is_none(), "/graphql answered with errors: {answer}");
    let values = count_values(&answer);
    ensure!(values >= 20, "five sensors with four values each were promised, {values} values came: {answer}");
    println!("page, health, metrics and {values} live values are there");
    Ok(())
}

/// How many sensors have a current value.
fn count_values(answer: &serde_json::Value) -> usize {
    let rooms = answer.pointer("/data/rooms").and_then(|rooms| rooms.as_array()).into_iter().flatten();
    let sensors = rooms.filter_map(|room| room.get("sensors")?.as_array()).flatten();
    sensors.filter(|sensor| sensor.pointer("/current/value").is_some_and(serde_json::Value::is_number)).count()
}

/// Passes the program's lines on until one of them holds `wanted`; later ones are read and dropped.
fn wait_for_line(stdout: ChildStdout, wanted: String) -> Result<()> {
    let (found, finding) = sync_channel(1);
    thread::spawn(move || {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            println!("| {line}");
            if line.contains(&wanted) {
                // Nobody waits any more after the first.
                let _ = found.try_send(());
            }
        }
    });
    finding.recv_timeout(START_LIMIT).context("hub-demo ended, or did not say where it listens in time")
}

/// One request on a connection of its own; fails unless the answer is a 200.
fn ask(hub: SocketAddr, method: &str, path: &str, body: &str) -> Result<String> {
    let mut answer = String::new();
    let mut talk = || -> std::io::Result<()> {
        let mut stream = TcpStream::connect_timeout(&hub, ANSWER_LIMIT)?;
        stream.set_read_timeout(Some(ANSWER_LIMIT))?;
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: {hub}\r\nAccept: */*\r\nConnection: close\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )?;
        stream.read_to_string(&mut answer)?;
        Ok(())
    };
    talk().with_context(|| format!("failed to ask {method} {path}"))?;
    if !answer.starts_with("HTTP/1.1 200") {
        bail!("{method} {path} answered\n{answer}");
    }
    Ok(answer)
}

fn stop(mut child: Child) -> Result<ExitStatus> {
    let id = child.id().to_string();
    // A program that has ended already cannot be told to; its status says the rest.
    let _ = process::run(Command::new("sh").args(["-c", "kill -TERM \"$0\"", &id]));
    let (ended, ending) = sync_channel(1);
    thread::spawn(move || ended.send(child.wait()));
    match ending.recv_timeout(STOP_LIMIT) {
        Ok(status) => status.context("failed to wait for hub-demo"),
        Err(_) => {
            process::run(Command::new("sh").args(["-c", "kill -KILL \"$0\"", &id]))?;
            bail!("hub-demo did not stop within {STOP_LIMIT:?} and was killed")
        }
    }
}

/// A port that nobody listens on at this moment.
fn free_port() -> Result<u16> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).context("failed to bind to the loopback address")?;
    Ok(listener.local_addr().context("failed to read the bound address")?.port())
}
