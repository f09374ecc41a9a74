//! The daemons: started, watched, ended.

use std::{
    collections::VecDeque,
    fs,
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
    sync::mpsc::sync_channel,
    thread,
    time::Duration,
};

use anyhow::{Context as _, Result, ensure};
use rustix::process::{Pid, Signal, kill_process};
use tokio::{sync::watch, time::timeout};

use crate::home::{self, HUB_CONFIG, HUB_RECEIVERS, HUB_UPDATE, JOIN_CODE};

/// Longer than any of them takes to start, on any machine.
const START_LIMIT: Duration = Duration::from_secs(60);
/// hubd, with this machine's libraries, as the guest's first program.
const HUB: [&str; 4] = ["/ours/loader", "--library-path", "/ours", "/ours/hubd"];
/// Lines that are kept of what one says.
const MAX_LINES: usize = 400;

/// A daemon and what it says on stdout and stderr.
pub(crate) struct Daemon {
    command: &'static [&'static str],
    /// What it says when it is ready.
    ready: &'static str,
    /// Does it have the rights of the hub's unit, and not all?
    is_hub: bool,
    child: Option<Child>,
    lines: watch::Sender<VecDeque<String>>,
}

impl Daemon {
    pub(crate) fn dbus() -> Self {
        let command = &["/usr/bin/dbus-daemon", "--system", "--nofork", "--nopidfile", "--print-address"];
        // The address is the first and only thing that it prints.
        Self::new(command, "unix:path=")
    }

    pub(crate) fn bluetoothd() -> Self {
        let command = &["/usr/libexec/bluetooth/bluetoothd", "--nodetach"];
        Self::new(command, "Bluetooth management interface")
    }

    pub(crate) fn hub() -> Self {
        const RUN: &[&str] = &{
            let [loader, option, folder, hubd] = HUB;
            [loader, option, folder, hubd, "run", "--config", HUB_CONFIG]
        };
        Self { is_hub: true, ..Self::new(RUN, "the hub runs") }
    }

    /// The hub's other command, which has no more rights.
    pub(crate) fn receiver() -> Self {
        const RUN: &[&str] = &{
            let [loader, option, folder, hubd] = HUB;
            [loader, option, folder, hubd, "receive", "--to", HUB_RECEIVERS, "--token-file", JOIN_CODE]
        };
        Self { is_hub: true, ..Self::new(RUN, "linked with the hub") }
    }

    fn new(command: &'static [&'static str], ready: &'static str) -> Self {
        Self { command, ready, is_hub: false, child: None, lines: watch::Sender::default() }
    }

    /// Starts it and waits until it says that it is ready.
    pub(crate) fn start(&mut self) -> Result<()> {
        let (program, arguments) = self.command.split_first().context("a daemon is a program")?;
        let mut command = Command::new(program);
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = if self.is_hub { spawn_as_the_hub(command) } else { command.spawn().map_err(Into::into) };
        let mut child = child.with_context(|| format!("failed to start {program}"))?;
        let (is_ready, ready) = sync_channel(1);
        let outputs: [Option<Box<dyn std::io::Read + Send>>; 2] =
            [child.stdout.take().map(|it| Box::new(it) as _), child.stderr.take().map(|it| Box::new(it) as _)];
        for output in outputs.into_iter().flatten() {
            let (lines, is_ready, wanted) = (self.lines.clone(), is_ready.clone(), self.ready);
            thread::spawn(move || {
                for line in BufReader::new(output).lines().map_while(Result::ok) {
                    if line.contains(wanted) {
                        // Said a second time nobody waits for it.
                        let _ = is_ready.try_send(());
                    }
                    lines.send_modify(|lines| {
                        lines.push_back(line);
                        if lines.len() > MAX_LINES {
                            lines.pop_front();
                        }
                    });
                }
            });
        }
        self.child = Some(child);
        ready.recv_timeout(START_LIMIT).with_context(|| format!("{program} ended, or was not ready in time"))
    }

    /// Ends it; one that does not run is left alone.
    pub(crate) fn stop(&mut self, kill: bool) -> Result<()> {
        let Some(mut child) = self.child.take() else { return Ok(()) };
        let signal = if kill { Signal::KILL } else { Signal::TERM };
        kill_process(Pid::from_child(&child), signal).context("failed to signal a daemon")?;
        child.wait().context("failed to wait for a daemon")?;
        Ok(())
    }

    /// Has it stand still, or go on.
    pub(crate) fn freeze(&mut self, on: bool) -> Result<()> {
        let child = self.child.as_ref().context("it does not run")?;
        let signal = if on { Signal::STOP } else { Signal::CONT };
        kill_process(Pid::from_child(child), signal).context("failed to signal a daemon")
    }

    /// What follows these words in the last line that has them.
    pub(crate) fn says(&self, words: &str) -> Option<String> {
        let lines = self.lines.borrow();
        lines.iter().rev().find_map(|line| line.split_once(words)).map(|(_, rest)| rest.trim().to_owned())
    }

    /// Waits until it has said these words, and tells the line.
    pub(crate) async fn await_words(&self, words: &str, within_ms: u64) -> Result<String> {
        let mut said = self.lines.subscribe();
        let has_words = |lines: &VecDeque<String>| lines.iter().any(|line| line.contains(words));
        let lines = timeout(Duration::from_millis(within_ms), said.wait_for(has_words)).await;
        let lines =
            lines.with_context(|| format!("no {words:?} within {within_ms} ms"))?.context("nobody says any more")?;
        lines.iter().rfind(|line| line.contains(words)).cloned().context("it was said, and is not there")
    }

    /// What it has said last, and forgets it.
    pub(crate) fn lines(&mut self) -> Vec<String> {
        self.lines.send_replace(VecDeque::new()).into()
    }
}

/// Has hubd's command take in an update, as the hub's user would; says what it says.
pub(crate) fn add_release(file: &[u8]) -> Result<String> {
    fs::write(HUB_UPDATE, file).context("failed to write an update")?;
    run_hubd(["firmware", "add", "--config", HUB_CONFIG, HUB_UPDATE])
}

/// Has hubd's command make a receiver known; says its join code.
pub(crate) fn add_receiver(name: &str) -> Result<String> {
    run_hubd(["receivers", "add", "--config", HUB_CONFIG, name])
}

fn run_hubd<const N: usize>(task: [&str; N]) -> Result<String> {
    let (program, arguments) = HUB.split_first().context("hubd is a program")?;
    let mut command = Command::new(program);
    command.args(arguments).args(task);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let done = spawn_as_the_hub(command)?.wait_with_output().context("failed to wait for hubd")?;
    let error = String::from_utf8_lossy(&done.stderr);
    ensure!(done.status.success(), "hubd {}: {}", task.join(" "), error.trim());
    Ok(String::from_utf8_lossy(&done.stdout).trim().to_owned())
}

/// Rights are those of the thread that starts a program, so this is one of its own.
fn spawn_as_the_hub(mut command: Command) -> Result<Child> {
    let spawn = move || {
        home::be_the_hub()?;
        command.spawn().map_err(anyhow::Error::from)
    };
    thread::spawn(spawn).join().ok().context("the thread has panicked")?
}
