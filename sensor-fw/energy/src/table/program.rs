//! Cycles of our own program on a Cortex-M.

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

/// Our program.
pub const PROGRAM: Program = Program {
    cycles_per_wake: Figure::unverified(3000.0, "50 µs at 64 MHz: interrupt, executor, timer queue"),
    cycles_per_sample: Figure::unverified(10_000.0, "generous; see what the profiles say of its weight"),
    cycles_per_payload: Figure::unverified(10_000.0, "generous; see what the profiles say of its weight"),
    cycles_per_key: Figure::unverified(2000.0, "fixsliced AES-128 on 32 bits: as much as a block"),
    cycles_per_block: Figure::unverified(
        2000.0,
        "fixsliced AES-128 on 32 bits: about 2000 cycles a block on a Cortex-M4",
    ),
    cycles_per_flash_byte: Figure::unverified(100.0, "CRC-32 without a table: eight steps a byte, and copying"),
    cycles_per_notification: Figure::unverified(
        40_000.0,
        "ChaCha20-Poly1305 of up to 244 bytes at about 100 cycles a byte, and the host",
    ),
    cycles_per_exchange: Figure::unverified(
        5_000_000.0,
        "portable X25519 on a Cortex-M4; assembler does it in 0.9 million",
    ),
};
