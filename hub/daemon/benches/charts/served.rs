//! A server that the bench has started: another process, on a port of this computer.

use std::{
    path::Path,
    process::{Child, Command, Stdio},
};

use anyhow::{Context, Result, bail};

use crate::stopwatch::wait_until;

/// A process with one connection to it that stays open; killed when it is forgotten.
#[derive(Debug)]
pub(crate) struct Served {
    child: Child,
    agent: ureq::Agent,
    at: String,
}

impl Served {
    /// Starts a command that will listen here, and waits until `path` answers.
    pub(crate) fn start(command: &mut Command, address: &str, path: &str) -> Result<Self> {
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
        let mut served = Self { child, agent: ureq::Agent::new_with_defaults(), at: format!("http://{address}") };
        wait_until(&format!("{:?} answers", command.get_program()), || {
            if let Some(status) = served.child.try_wait()? {
                bail!("{:?} ended: {status}", command.get_program());
            }
            Ok(served.get(path).is_ok())
        })?;
        Ok(served)
    }

    pub(crate) fn get(&self, path: &str) -> Result<Vec<u8>> {
        let mut answer = self.agent.get(format!("{}{path}", self.at)).call()?;
        Ok(answer.body_mut().with_config().limit(1 << 30).read_to_vec()?)
    }

    pub(crate) fn post(&self, path: &str, body: &[u8]) -> Result<Vec<u8>> {
        let request = self.agent.post(format!("{}{path}", self.at)).content_type("application/json");
        let mut answer = request.send(body)?;
        Ok(answer.body_mut().with_config().limit(1 << 30).read_to_vec()?)
    }

    /// The largest resident set so far.
    pub(crate) fn memory_mb(&self) -> Result<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("no VmHWM in its status")?;
        let kilobytes: f64 = peak.trim().trim_end_matches(" kB").parse()?;
        Ok(kilobytes * 1024.0 / 1e6)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A port of this computer that nobody uses.
pub(crate) fn free_address() -> Result<String> {
    Ok(std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string())
}

/// The bytes of all files below a folder.
pub(crate) fn megabytes(folder: &Path) -> Result<f64> {
    let mut sum = 0.0;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let metadata = entry.metadata()?;
        sum += if metadata.is_dir() { megabytes(&entry.path())? } else { metadata.len() as f64 / 1e6 };
    }
    Ok(sum)
}
