//! A hub and a receiver, each the real binary, over TCP on this machine.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
};

use crate::{Owner, Running, capture, error};

/// A port that was free a moment ago, at an address of its own: the API may be given any port of the usual one.
fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.2:0").unwrap().local_addr().unwrap().port()
}

fn receivers(owner: &Owner, task: &str, name: &[&str]) -> std::process::Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hubd"));
    command.args(["receivers", task, "--config"]).arg(owner.config()).args(name).output().unwrap()
}

/// A receiver that plays this capture to the hub on this port.
fn spawn(port: u16, code: &Path, from: &Path) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hubd"));
    command.args(["receive", "--to", &format!("127.0.0.2:{port}"), "--token-file"]).arg(code).arg("--from").arg(from);
    command.stderr(Stdio::piped()).env_remove("JOURNAL_STREAM").spawn().unwrap()
}

/// The same, until it is stopped.
fn receive(port: u16, code: &Path, from: &Path) -> Running {
    let child = spawn(port, code, from);
    let mut running = Running { child, reader: None };
    let lines = BufReader::new(running.child.stderr.take().unwrap()).lines();
    running.reader = Some(std::thread::spawn(move || lines.map_while(Result::ok).collect()));
    running
}

/// Asks the hub until its answer has this in it, not for ever.
fn until(address: &str, query: &str, expected: &str) -> String {
    let mut answer = String::new();
    for _ in 0..30_000 {
        let sent = ureq::post(format!("http://{address}/graphql"))
            .header("content-type", "application/json")
            .send(serde_json::json!({ "query": query }).to_string());
        answer = sent.unwrap().body_mut().read_to_string().unwrap();
        if answer.contains(expected) {
            return answer;
        }
    }
    panic!("{expected} is not in {answer}");
}

#[test]
fn a_hub_hears_through_a_receiver_until_it_is_removed() {
    let (owner, port) = (Owner::new(), free_port());
    owner.configure(&format!("[receivers]\nlisten = \"127.0.0.2:{port}\"\n"));
    assert_eq!(receivers(&owner, "add", &["attic"]).status.code(), Some(66), "there is no store yet");
    let adverts = owner.file("capture.jsonl", &capture(500));
    owner.replay(&owner.file("first.jsonl", &capture(1)));
    let (hub, address) = owner.start();

    let added = receivers(&owner, "add", &["attic"]);
    assert!(added.status.success(), "{}", error(&added));
    let code = owner.file("code", &String::from_utf8(added.stdout).unwrap());
    let again = receivers(&owner, "add", &["attic"]);
    assert_eq!(again.status.code(), Some(65));
    assert!(error(&again).contains("there is a receiver \"attic\" already"), "{}", error(&again));
    assert!(String::from_utf8(receivers(&owner, "list", &[]).stdout).unwrap().contains("64  attic"));

    let receiver = receive(port, &code, &adverts);
    let query = "{ health { receivers { receiverId name isListening adverts trouble } } }";
    let heard = until(&address, query, "\"adverts\":\"500\"");
    assert!(heard.contains("\"receiverId\":64,\"name\":\"attic\",\"isListening\":true"), "{heard}");
    until(&address, "{ signalMap { best verdict } }", "\"best\":64,\"verdict\":\"GOOD\"");

    assert!(receivers(&owner, "remove", &["attic"]).status.success());
    until(&address, query, "\"receivers\":[]");
    let (status, log) = receiver.stop();
    assert_eq!(status, Some(0), "{log}");
    assert!(log.contains("linked with the hub"), "{log}");
    let mut stranger = spawn(port, &code, &adverts);
    let mut told = BufReader::new(stranger.stderr.take().unwrap()).lines().map_while(Result::ok);
    assert!(told.any(|line| line.contains("the hub does not know this join code, or no longer")));
    stranger.kill().unwrap();
    stranger.wait().unwrap();
    let (status, log) = hub.stop();
    assert_eq!(status, Some(0), "{log}");
    assert!(log.contains("somebody who connected is no receiver of ours"), "{log}");
}

#[test]
fn a_join_code_that_is_none_is_refused_before_anything_runs() {
    let owner = Owner::new();
    for (text, status, words) in [
        (None, 66, "cannot be read"),
        (Some("HS1:ABC"), 65, "begins with IR1:"),
        (Some("IR1:ABC"), 65, "cut or misread"),
    ] {
        let code = owner.folder.path().join("code");
        if let Some(text) = text {
            fs::write(&code, text).unwrap();
        }
        let mut command = Command::new(env!("CARGO_BIN_EXE_hubd"));
        let output = command.args(["receive", "--to", "hub.local", "--token-file"]).arg(&code).output().unwrap();
        assert_eq!(output.status.code(), Some(status), "{}", error(&output));
        assert!(error(&output).contains(words), "{}", error(&output));
    }
}
