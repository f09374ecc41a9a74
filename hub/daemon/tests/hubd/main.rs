//! The daemon as its owner meets it: the real binary, its messages and its exit codes.

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod bus;
mod firmware;
mod kill;
mod receivers;
mod refusals;
mod serving;
mod store;
mod tools;

use std::{
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
};

use tempfile::TempDir;

/// A folder with a configuration, and a store in it.
struct Owner {
    folder: TempDir,
}

impl Owner {
    fn new() -> Self {
        let owner = Self { folder: tempfile::tempdir().unwrap() };
        owner.configure("");
        owner
    }

    /// Writes the configuration: a store, a free port, no radio, and `more`.
    fn configure(&self, more: &str) {
        let store = self.store();
        let text = format!(
            "[store]\npath = \"{}\"\n[server]\nlisten = \"127.0.0.1:0\"\n[time]\ntrust = \"always\"\n{more}",
            store.display()
        );
        let radio = if more.contains("[radio]") { "" } else { "[radio]\nenabled = false\n" };
        fs::write(self.config(), format!("{text}{radio}")).unwrap();
    }

    fn config(&self) -> PathBuf {
        self.folder.path().join("hubd.toml")
    }

    fn store(&self) -> PathBuf {
        self.folder.path().join("store")
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::write(&path, text).unwrap();
        path
    }

    fn command(&self, task: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hubd"));
        command.arg(task).arg("--config").arg(self.config());
        command
    }

    fn run(&self, task: &str, arguments: &[&str]) -> Output {
        self.command(task).args(arguments).output().unwrap()
    }

    fn replay(&self, capture: &Path) -> serde_json::Value {
        let output = self.run("replay", &["--from", capture.to_str().unwrap(), "--adopt-all"]);
        assert!(output.status.success(), "{}", error(&output));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// The raw temperatures of a device, as (time, value) texts.
    fn temperatures(&self, device: &str) -> Vec<(String, String)> {
        let window = ["--from", "1990-01-01T00:00:00Z", "--to", "2100-01-01T00:00:00Z"];
        let output = self.run("history", &[&["--device", device, "--quantity", "temperature"], &window[..]].concat());
        if output.status.code() == Some(65) {
            return Vec::new();
        }
        assert!(output.status.success(), "{}", error(&output));
        let text = String::from_utf8(output.stdout).unwrap();
        let row = |line: &str| line.split_once(',').map(|(t, value)| (t.to_owned(), value.to_owned())).unwrap();
        text.lines().skip(1).map(row).collect()
    }

    /// Starts the hub and waits until it serves; answers with its address too.
    fn start(&self) -> (Running, String) {
        let child = self.command("run").stderr(Stdio::piped()).env_remove("JOURNAL_STREAM").spawn().unwrap();
        let mut running = Running { child, reader: None };
        let mut lines = BufReader::new(running.child.stderr.take().unwrap()).lines();
        let mut seen = String::new();
        for line in lines.by_ref() {
            let line = line.unwrap();
            seen.push_str(&line);
            seen.push('\n');
            if let Some((_, rest)) = line.split_once("api=http://") {
                let address = rest.split('/').next().unwrap().to_owned();
                // Somebody must read on, or the log fills its pipe.
                running.reader = Some(std::thread::spawn(move || lines.map_while(Result::ok).collect()));
                return (running, address);
            }
        }
        panic!("the hub did not start: {seen}");
    }
}

/// A hub that runs; killed when the test forgets it.
struct Running {
    child: Child,
    reader: Option<std::thread::JoinHandle<Vec<String>>>,
}

impl Running {
    /// Asks it to stop; answers with its exit code and the rest of its log.
    fn stop(mut self) -> (Option<i32>, String) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        let status = self.child.wait().unwrap();
        (status.code(), self.reader.take().unwrap().join().unwrap().join("\n"))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn error(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A capture in JSON lines: a plain BTHome temperature of one device every ten seconds.
fn capture(adverts: u32) -> String {
    (0..adverts)
        .map(|number| {
            let at = 1_795_219_200 + u64::from(number) * 10;
            let (hour, minute, second) = (at / 3600 % 24, at / 60 % 60, at % 60);
            let day = 21 + (at - 1_795_219_200) / 86_400;
            let value = 2000 + (number * 7) % 500;
            let [low, high, ..] = value.to_le_bytes();
            let packet = number % 256;
            format!(
                "{{\"t\":\"2026-11-{day:02}T{hour:02}:{minute:02}:{second:02}Z\",\"address\":\"A4:C1:38:00:11:22\",\"rssi\":-60,\
                 \"service_data\":{{\"fcd2\":\"4000{packet:02x}02{low:02x}{high:02x}\"}}}}\n"
            )
        })
        .collect()
}
