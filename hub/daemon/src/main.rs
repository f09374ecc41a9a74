//! `hubd`: the hub's daemon, and the tools with which a person debugs the air.

mod clock;
mod command_line;
mod decode;
mod exit;
mod firmware;
mod health;
mod history;
mod logging;
mod radio;
mod receive;
mod receivers;
mod replay;
mod run;
mod store;
mod systemd;

use std::{io::Write, process::ExitCode};

use clap::Parser;
use command_line::{CommandLine, Task};
use exit::Failure;
use hub_assembly::{Config, chain};

fn main() -> ExitCode {
    let done = match CommandLine::parse().task {
        Task::Run(arguments) => run::run(&arguments.config),
        Task::Decode(arguments) => return decode::decode(&arguments),
        Task::Replay(arguments) => replay::replay(&arguments),
        Task::History(arguments) => history::print(&arguments),
        Task::Store(task) => task.run(),
        Task::Firmware(task) => task.run(),
        Task::Receivers(task) => task.run(),
        Task::Receive(arguments) => receive::receive(&arguments),
        Task::CheckConfig(arguments) => check(&arguments.config),
        Task::Health(arguments) => health::print(&arguments.config),
    };
    match done {
        Ok(code) => code,
        Err(failure) => {
            tell(&format!("hubd: {}", chain(&failure)));
            failure.code()
        }
    }
}

/// Reads and checks a configuration, and opens nothing.
fn check(file: &std::path::Path) -> Result<ExitCode, Failure> {
    let config = Config::load(file)?;
    radio::plans(&config)?;
    show(&format!("{} is good: store {}, API on {}", file.display(), config.store.display(), config.server.listen()))
}

/// Prints a line of the answer.
fn show(text: &str) -> Result<ExitCode, Failure> {
    let mut out = std::io::stdout().lock();
    match writeln!(out, "{text}").and_then(|()| out.flush()) {
        Ok(()) => Ok(ExitCode::SUCCESS),
        // Whoever read the answer has seen enough (`hubd history … | head`).
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(ExitCode::SUCCESS),
        Err(error) => Err(Failure::Output(error)),
    }
}

/// Says something to the person at the terminal; nobody has to listen.
fn tell(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}
