//! Cycles of our own program on a Cortex-M.
//!
//! Most are counted where it runs on a computer (`examples/work.rs`): instructions, at 1.3 cycles each. A Cortex-M needs
//! more of them for numbers of 64 bits and fewer for AES in pairs of blocks; all together they are two per cent of what a
//! room sensor takes, so that twice as many would not matter.

use super::{Figure, figures};

figures! {
    /// What the program does, in cycles.
    Program {
        /// Waking for anything, and going to sleep again.
        cycles_per_wake: f64,
        /// Taking a sample: compensating, dead-bands, the open block of the log.
        cycles_per_sample: f64,
        /// A payload: what to tell, in order.
        cycles_per_payload: f64,
        /// Expanding a key.
        cycles_per_key: f64,
        /// A block of AES-128 in software.
        cycles_per_block: f64,
        /// A byte that is checked and brought to flash or from it.
        cycles_per_flash_byte: f64,
        /// A notification that is sealed and handed to the link layer.
        cycles_per_notification: f64,
        /// A multiplication on Curve25519.
        cycles_per_exchange: f64,
    }
}

const COUNTED: &str = "callgrind, examples/work.rs, x86-64, opt-level s, AES in software; × 1.3 cycles an instruction";

/// Our program.
pub const PROGRAM: Program = Program {
    cycles_per_wake: Figure::unverified(3000.0, "50 µs at 64 MHz: interrupt, executor, timer queue"),
    // 1228 instructions.
    cycles_per_sample: Figure::measured(1600.0, COUNTED),
    // 34 738 with the sealing of 15 bytes, 26 837 for that alone.
    cycles_per_payload: Figure::measured(10_300.0, COUNTED),
    // 26 837 for 15 bytes, which are four blocks.
    cycles_per_key: Figure::measured(9650.0, COUNTED),
    // 36 543 for 31 bytes, which are two more.
    cycles_per_block: Figure::measured(6300.0, COUNTED),
    // 3626 for a record of 44 bytes.
    cycles_per_flash_byte: Figure::measured(110.0, COUNTED),
    cycles_per_notification: Figure::unverified(
        40_000.0,
        "ChaCha20-Poly1305 of up to 244 bytes at about 100 cycles a byte, and the host",
    ),
    cycles_per_exchange: Figure::unverified(
        5_000_000.0,
        "portable X25519 on a Cortex-M4; assembler does it in 0.9 million",
    ),
};
