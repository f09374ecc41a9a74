//! `hubd decode`: what one advertisement says.

use std::{
    io::{BufRead, Write},
    process::ExitCode,
};

use crate::{command_line::DecodeArguments, tell};

/// Explains one advert from the arguments, or many from standard input.
pub(crate) fn decode(arguments: &DecodeArguments) -> ExitCode {
    let done = if arguments.stdin { lines() } else { one(arguments) };
    done.unwrap_or_else(|error| {
        if error.kind() == std::io::ErrorKind::BrokenPipe {
            return ExitCode::SUCCESS;
        }
        tell(&format!("hubd: {error}"));
        ExitCode::from(74)
    })
}

fn one(arguments: &DecodeArguments) -> std::io::Result<ExitCode> {
    let mut out = std::io::stdout().lock();
    let explained = hub_decode::explain(
        arguments.address.as_deref().unwrap_or_default(),
        arguments.bindkey.as_deref(),
        &arguments.service_data,
        &arguments.manufacturer_data,
    );
    match explained {
        Ok(explanation) => {
            writeln!(out, "{explanation}")?;
            Ok(ExitCode::SUCCESS)
        }
        Err(refusal) => {
            writeln!(out, "{refusal}")?;
            Ok(ExitCode::FAILURE)
        }
    }
}

/// Answers line by line; a line that is refused has its answer too, and the next one is read.
fn lines() -> std::io::Result<ExitCode> {
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        if !line.trim().is_empty() {
            writeln!(out, "{}", hub_decode::explain_line(&line))?;
            out.flush()?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
