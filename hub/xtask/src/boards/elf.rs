//! What an image takes, read off its program headers: 32 bits, little-endian, as chips with Cortex-M have it.
//!
//! And whether its stack is where it has to be: below all that is in memory, so that one that overflows leaves memory and
//! faults, and does not grow into what the program knows.

use anyhow::{Context, Result, ensure};

/// Memory begins here on every Cortex-M.
const RAM: u32 = 0x2000_0000;
/// A segment that is loaded.
const LOAD: u32 = 1;

/// What an image takes, bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Size {
    /// Of flash: code, constants, and what memory begins with.
    pub(super) flash: u32,
    /// Of memory, the stack apart.
    pub(super) ram: u32,
}

impl Size {
    pub(super) fn of_elf(bytes: &[u8]) -> Result<Self> {
        ensure!(bytes.starts_with(b"\x7FELF\x01\x01"), "not an ELF file of 32 bits, little-endian");
        let headers = word(bytes, 28)? as usize;
        let (length, count) = (half(bytes, 42)?, half(bytes, 44)?);
        let mut size = Self { flash: 0, ram: 0 };
        // The lowest of flash begins with the vector table, and that with where the stack begins; it grows downwards.
        let (mut lowest, mut stack, mut owned) = (RAM, None, u32::MAX);
        for nth in 0..count {
            let header = headers + nth * length;
            if word(bytes, header)? != LOAD {
                continue;
            }
            let (address, in_file, in_memory) =
                (word(bytes, header + 8)?, word(bytes, header + 16)?, word(bytes, header + 20)?);
            size.flash += in_file;
            if address >= RAM {
                size.ram += in_memory;
                owned = owned.min(if in_memory > 0 { address } else { owned });
            } else if address < lowest && in_file > 0 {
                (lowest, stack) = (address, Some(word(bytes, word(bytes, header + 4)? as usize)?));
            }
        }
        let stack = stack.context("nothing in it is loaded")?;
        ensure!((RAM..=owned).contains(&stack), "its stack, from {stack:#010x} down, is not below all else in memory");
        Ok(size)
    }
}

fn word(bytes: &[u8], at: usize) -> Result<u32> {
    let bytes = bytes.get(at..).and_then(<[u8]>::first_chunk).context("the file is cut short")?;
    Ok(u32::from_le_bytes(*bytes))
}

fn half(bytes: &[u8], at: usize) -> Result<usize> {
    let bytes = bytes.get(at..).and_then(<[u8]>::first_chunk).context("the file is cut short")?;
    Ok(usize::from(u16::from_le_bytes(*bytes)))
}
