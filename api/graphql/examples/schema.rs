//! Prints the contract: `cargo run -p api-graphql --example schema > api/schema.graphql`.

use std::io::{self, Write};

fn main() -> io::Result<()> {
    io::stdout().write_all(api_graphql::sdl().as_bytes())
}
