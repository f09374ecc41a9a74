//! Programs that end with this one.

use std::{
    collections::VecDeque,
    process::Stdio,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use anyhow::{Context as _, Result, bail};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    process::{Child, ChildStdin, Command},
    sync::mpsc,
    time::timeout,
};

/// Lines that nobody has read yet; more make the program wait.
const QUEUE: usize = 256;
/// Lines that are kept to be shown when something goes wrong.
const MAX_KEPT: usize = 200;

/// A program whose lines are read, and that is killed when this is dropped.
pub(crate) struct Talker {
    name: &'static str,
    child: Child,
    stdin: ChildStdin,
    lines: mpsc::Receiver<String>,
    kept: Arc<Mutex<VecDeque<String>>>,
}

impl Talker {
    /// Starts it. What it says on stderr is only kept.
    pub(crate) fn start(name: &'static str, command: &mut Command) -> Result<Self> {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("failed to start {name}"))?;
        let stdin = child.stdin.take().context("a program has a stdin")?;
        let stdout = child.stdout.take().context("a program has a stdout")?;
        let stderr = child.stderr.take().context("a program has a stderr")?;
        let (said, lines) = mpsc::channel(QUEUE);
        let kept = Arc::new(Mutex::new(VecDeque::new()));
        let (keep_out, keep_err) = (Arc::clone(&kept), Arc::clone(&kept));
        tokio::spawn(async move {
            let mut lines = BufReader::new(stdout).lines();
            while let Ok(Some(line)) = lines.next_line().await {
                keep(&keep_out, line.clone());
                if said.send(line).await.is_err() {
                    break;
                }
            }
        });
        tokio::spawn(async move {
            let mut lines = BufReader::new(stderr).lines();
            while let Ok(Some(line)) = lines.next_line().await {
                keep(&keep_err, line);
            }
        });
        Ok(Self { name, child, stdin, lines, kept })
    }

    /// The next line.
    pub(crate) async fn line(&mut self, within: Duration) -> Result<String> {
        match timeout(within, self.lines.recv()).await {
            Ok(Some(line)) => Ok(line),
            Ok(None) => bail!("{} has ended: {}", self.name, self.kept().join(" / ")),
            Err(_elapsed) => bail!("{} said nothing for {} s", self.name, within.as_secs_f64()),
        }
    }

    /// Types a line.
    pub(crate) async fn type_line(&mut self, line: &str) -> Result<()> {
        self.stdin
            .write_all(format!("{line}\n").as_bytes())
            .await
            .with_context(|| format!("failed to write to {}", self.name))
    }

    /// Kills it, and waits until it is gone.
    pub(crate) async fn kill(&mut self) -> Result<()> {
        self.child.kill().await.with_context(|| format!("failed to kill {}", self.name))
    }

    /// Its last lines.
    pub(crate) fn kept(&self) -> Vec<String> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }
}

fn keep(kept: &Mutex<VecDeque<String>>, line: String) {
    let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
    kept.push_back(line);
    if kept.len() > MAX_KEPT {
        kept.pop_front();
    }
}
