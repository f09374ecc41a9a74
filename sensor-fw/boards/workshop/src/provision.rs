//! Makes a sensor somebody: keys of its own from the computer's luck, the page of flash that holds them, and its label.
//!
//! ```text
//! cargo xtask fw-provision --board nrf52840-dk --out kitchen
//! ```
//!
//! writes `kitchen.hex`, which is flashed once beside bootloader and program (`probe-rs download --binary-format hex
//! kitchen.hex`, before the debug port is closed), and `kitchen.svg`, which is printed and stuck on; the code is shown in
//! the terminal too. The `.hex` holds the private key: it is readable by its owner only, and is to be deleted when the
//! sensor has it. The private key is shown nowhere.
//!
//! Does not know: the hub, a certificate authority, how a chip is flashed.

mod hex;
mod label;

use std::path::PathBuf;

use clap::Parser;
use fw_logic::provision::Provision;
use getrandom::SysRng;
use map::Board;
use rand_core::UnwrapErr;
use wire::setup_code::Product;
use zeroize::Zeroizing;

use crate::{Failure, board, file::write_new};

/// Makes a sensor's identity and its label.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask fw-provision", no_binary_name = true)]
pub(crate) struct Arguments {
    /// The board: nrf52840-dk, nrf52832-module or nrf54l15-dk
    #[arg(long, value_parser = board)]
    board: Board,
    /// What kind of sensor it is
    #[arg(long, default_value_t = 1)]
    product: u16,
    /// Where to: writes OUT.hex and OUT.svg; files that exist are left alone
    #[arg(long)]
    out: PathBuf,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let provision = Provision::generate(Product(arguments.product), &mut UnwrapErr(SysRng));
    let code = provision.setup_code().label().to_string();
    let picture = label::qr(&code)?;
    let page = hex::write(arguments.board.map().identity.start, &*provision.to_bytes());
    let (hex, svg) = (beside(&arguments.out, "hex"), beside(&arguments.out, "svg"));
    write_new(&hex, page.as_bytes(), 0o600)?;
    // The label tells the secret of whoever may claim the sensor, as the one on its case does.
    write_new(&svg, label::svg(&picture, &provision.uid.to_string()).as_bytes(), 0o600)?;
    println!("{}\n{code}\nuid {}\n", label::terminal(&picture), provision.uid);
    println!("flash {} beside bootloader and program, then delete it: it holds the private key", hex.display());
    println!("print {} and stick it on", svg.display());
    Ok(())
}

/// A name with this behind it, whatever dots are in it.
fn beside(out: &std::path::Path, extension: &str) -> PathBuf {
    let mut name = out.as_os_str().to_owned();
    name.push(".");
    name.push(extension);
    name.into()
}

/// Text that holds secrets.
type Secret = Zeroizing<String>;

#[cfg(test)]
mod tests;
