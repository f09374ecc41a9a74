//! `hubd decode`: what one advertisement says.

use std::{
    io::{BufRead, Write},
    process::ExitCode,
};

use hub_decode::{ExplainError, Explanation, explain, explain_line, parse_part};

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
    match explanation(arguments) {
        Ok(explanation) => {
            writeln!(out, "{}", explanation.to_json())?;
            Ok(ExitCode::SUCCESS)
        }
        Err(refusal) => {
            writeln!(out, "{}", refusal.to_json())?;
            Ok(ExitCode::FAILURE)
        }
    }
}

fn explanation(arguments: &DecodeArguments) -> Result<Explanation, ExplainError> {
    let (service_data, manufacturer_data) = (parts(&arguments.service_data)?, parts(&arguments.manufacturer_data)?);
    let address = arguments.address.as_deref().unwrap_or_default();
    explain(address, arguments.bindkey.as_deref(), service_data, manufacturer_data)
}

fn parts(texts: &[String]) -> Result<Vec<(&str, &str)>, ExplainError> {
    texts.iter().map(|text| parse_part(text)).collect()
}

/// Answers line by line; a line that is refused has its answer too, and the next one is read.
fn lines() -> std::io::Result<ExitCode> {
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        if !line.trim().is_empty() {
            writeln!(out, "{}", explain_line(&line))?;
            out.flush()?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
