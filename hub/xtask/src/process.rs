//! Other programs: started in sight of the reader, or asked for what they print.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};

use crate::checkout::Checkout;

/// The cargo that runs this program, in the top folder.
pub(crate) fn cargo(checkout: &Checkout) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(checkout.root());
    command
}

/// Shows the command, runs it, and fails if it does.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    show(command);
    let status = command.status().with_context(|| format!("failed to start {}", line(command)))?;
    ensure!(status.success(), "{} ended with {status}", line(command));
    Ok(())
}

/// What a command prints on stdout.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let output =
        command.stderr(Stdio::inherit()).output().with_context(|| format!("failed to start {}", line(command)))?;
    ensure!(output.status.success(), "{} ended with {}", line(command), output.status);
    String::from_utf8(output.stdout).with_context(|| format!("{} printed bytes that are no UTF-8", line(command)))
}

/// Shows and runs a command, and hands every line of its stdout to `read` after passing it on.
pub(crate) fn run_reading(command: &mut Command, mut read: impl FnMut(&str)) -> Result<()> {
    show(command);
    let mut child =
        command.stdout(Stdio::piped()).spawn().with_context(|| format!("failed to start {}", line(command)))?;
    let Some(stdout) = child.stdout.take() else { bail!("{} has no stdout", line(command)) };
    for bytes in BufReader::new(stdout).split(b'\n') {
        let bytes = bytes.with_context(|| format!("failed to read from {}", line(command)))?;
        let text = String::from_utf8_lossy(&bytes);
        println!("{text}");
        read(&text);
    }
    let status = child.wait().with_context(|| format!("failed to wait for {}", line(command)))?;
    ensure!(status.success(), "{} ended with {status}", line(command));
    Ok(())
}

fn show(command: &Command) {
    println!("$ {}", line(command));
}

/// The command as one would type it in the top folder.
fn line(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or(command.get_program());
    let words: Vec<_> = std::iter::once(program).chain(command.get_args()).map(OsStr::to_string_lossy).collect();
    words.join(" ")
}
