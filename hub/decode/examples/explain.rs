//! Explains adverts: one JSON object a line in, one out. `hubd decode --stdin` does the same.

use std::io::{self, BufRead, Write};

fn main() -> io::Result<()> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    for line in io::stdin().lock().lines() {
        writeln!(out, "{}", hub_decode::explain_line(&line?))?;
    }
    out.flush()
}
