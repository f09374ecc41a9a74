//! What the makers of sensors do at their own computer: [`provision`] makes a sensor somebody, [`sign`] makes an image an
//! update that sensors take.
//!
//! Does not know: the hub, a certificate authority, how a chip is flashed.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command-line tool answers on stdout and stderr")]

mod file;
mod provision;
mod sign;

use std::{env, error::Error, process::ExitCode};

use clap::Parser as _;
use map::Board;

type Failure = Box<dyn Error>;

fn main() -> ExitCode {
    let mut words = env::args_os().skip(1);
    let chore = words.next();
    let (name, result) = match chore.as_ref().and_then(|chore| chore.to_str()) {
        Some("provision") => ("fw-provision", provision::run(&provision::Arguments::parse_from(words))),
        Some("sign") => ("fw-sign", sign::run(&sign::Arguments::parse_from(words))),
        _ => ("workshop", Err(format!("do {:?}: it can provision and sign", chore.unwrap_or_default()).into())),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{name}: failed to {error}");
            ExitCode::FAILURE
        }
    }
}

fn board(name: &str) -> Result<Board, String> {
    Board::ALL.into_iter().find(|board| board.name() == name).ok_or_else(|| {
        let names = Board::ALL.map(Board::name).join(", ");
        format!("no board is called {name:?}; there are {names}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boards_are_known_by_name() {
        assert_eq!(board("nrf52832-module"), Ok(Board::Nrf52832Module));
        assert!(board("nrf51").unwrap_err().contains("nrf52840-dk, nrf52832-module, nrf54l15-dk"));
    }
}
