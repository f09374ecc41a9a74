//! Tells the linker where the bootloader goes.

use std::{env, fs, io, path::PathBuf};

use map::{Board, Image};

fn main() -> io::Result<()> {
    let feature = |board: &&Board| {
        let name = board.name().to_uppercase().replace('-', "_");
        env::var_os(format!("CARGO_FEATURE_{name}")).is_some()
    };
    let board = Board::ALL.iter().find(feature).ok_or_else(|| io::Error::other("choose a board by its feature"))?;
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or(io::ErrorKind::NotFound)?);
    fs::write(out.join("memory.x"), Image::Bootloader.memory_x(&board.map()).to_string())?;
    println!("cargo:rustc-link-search={}", out.display());
    for argument in ["--nmagic", "-Tlink.x"] {
        println!("cargo:rustc-link-arg-bins={argument}");
    }
    println!("cargo:rerun-if-changed=build.rs");
    Ok(())
}
