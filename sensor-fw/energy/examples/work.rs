//! What the program does so many times and nothing else, so that an instrument can count its instructions:
//!
//! ```sh
//! export RUSTFLAGS='--cfg aes_force_soft' CARGO_PROFILE_RELEASE_OPT_LEVEL=s
//! cargo build --release -p fw-energy --example work
//! for times in 64 1088; do valgrind --tool=callgrind target/release/examples/work sample $times; done
//! ```
//!
//! The difference of both counts is a thousand and twenty-four times the work: `sample`, `advert` (choosing a payload, and sealing it),
//! `seal15` and `seal31` (sealing that many bytes), `keep` (a sample, and its block brought to flash).
#![expect(clippy::print_stderr, reason = "for whoever counts")]

use std::{convert::Infallible, env, hint::black_box, process::ExitCode};

use embassy_futures::block_on;
use embedded_storage_async::nor_flash::{ErrorType, NorFlash, ReadNorFlash};
use fw_energy::profile::ROOM;
use fw_logic::{Brain, Habits, KeepError};
use units::{Measure, Quantity};
use wire::seal::{Nonce, seal};

/// Flash that forgets: what it costs is none of the program's business.
struct Forgetful;

impl ErrorType for Forgetful {
    type Error = Infallible;
}

impl ReadNorFlash for Forgetful {
    const READ_SIZE: usize = 1;

    async fn read(&mut self, _offset: u32, bytes: &mut [u8]) -> Result<(), Infallible> {
        bytes.fill(0xFF);
        Ok(())
    }

    fn capacity(&self) -> usize {
        128 * 1024
    }
}

impl NorFlash for Forgetful {
    const WRITE_SIZE: usize = 4;
    const ERASE_SIZE: usize = 4096;

    async fn erase(&mut self, _from: u32, _to: u32) -> Result<(), Infallible> {
        Ok(())
    }

    async fn write(&mut self, _offset: u32, bytes: &[u8]) -> Result<(), Infallible> {
        black_box(bytes);
        Ok(())
    }
}

fn main() -> ExitCode {
    let mut arguments = env::args().skip(1);
    let what = arguments.next().unwrap_or_default();
    let times = arguments.next().and_then(|times| times.parse().ok()).unwrap_or(0);
    match block_on(work(&what, times)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("failed to work: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn work(what: &str, times: u32) -> Result<(), KeepError<Infallible>> {
    let habits = Habits {
        address: [0xC0, 1, 2, 3, 4, 5],
        key: Some([0x42; 16]),
        channels: ROOM.channels,
        settings: ROOM.settings,
    };
    let mut brain = Brain::start((Forgetful, 0..8192), (Forgetful, 0..128 * 1024), &habits).await?;
    brain.sampled(0, &room(0)).await?;
    for turn in 0..times {
        let now_ms = u64::from(turn) * 60_000;
        match what {
            "sample" => _ = brain.sampled(now_ms, &room(turn)).await?,
            // Each heartbeat.
            "advert" => _ = black_box(brain.advert(now_ms * 5).await?),
            "seal15" => _ = black_box(seal(&[7; 16], &Nonce::Thirteen([1; 13]), &[], black_box(&mut [5; 15]))),
            "seal31" => _ = black_box(seal(&[7; 16], &Nonce::Thirteen([1; 13]), &[], black_box(&mut [5; 31]))),
            "keep" => {
                brain.sampled(now_ms, &room(turn)).await?;
                brain.log().keep().await?;
            }
            _ => {}
        }
    }
    Ok(())
}

fn room(turn: u32) -> [Measure; 3] {
    let noise = i64::from(turn * 37 % 150);
    [
        Measure::new(Quantity::Temperature, 20_000 + noise),
        Measure::new(Quantity::Humidity, 450_000 + 10 * noise),
        Measure::new(Quantity::Voltage, 2900 + noise / 20),
    ]
}
