//! Where everything is in the flash of a board, and what the linker is told about it.
//!
//! A [`Map`] is laid from the first byte of the flash to the last, part by part, so that no two overlap:
//!
//! | part | what |
//! |---|---|
//! | boot | the bootloader |
//! | active | the program that runs, its manifest in the last page |
//! | other | the one that is to run next, or ran before; a page longer |
//! | state | two pages of the bootloader's: how the images stand |
//! | facts | two pages: boots, counter, owner |
//! | log | what was measured: whatever is left, 128 KiB at most |
//! | identity | one page, written once when the sensor is made |
//!
//! and memory likewise, as far as it stays on ([`Board::kept`]):
//!
//! | part | what |
//! |---|---|
//! | stack | at the bottom: one that overflows leaves memory, faults, and ends in a reset instead of in somebody's data |
//! | ram | all that bootloader or program call their own |
//! | retained | what must survive a reset |
//!
//! The same maps make the linker's `memory.x` in build scripts, are compiled into bootloader and program, and tell whoever
//! makes an identity where it goes.
//!
//! ```
//! let map = map::Board::Nrf52840Dk.map();
//! assert_eq!(map.log.length, 128 * 1024);
//! assert_eq!(map.identity.start + map.identity.length, 1024 * 1024);
//! assert!(map::Image::Program.memory_x(&map).to_string().contains("ORIGIN = 0x00008000"));
//! ```
//!
//! Does not know: chips' registers but for the bits of [`sections`](Board::unused_memory), pins, what is in the parts.
#![no_std]

mod mark;
mod memory;

use core::fmt;

pub use mark::Mark;
pub use memory::RETAINED;

/// Flash is erased by so many bytes, on all of these chips (the nRF54L emulates it).
pub const PAGE: u32 = 4096;
const KIB: u32 = 1024;
/// The longest log: three weeks of a reading a minute.
const LONGEST_LOG: u32 = 128 * KIB;
const STATE: u32 = 2 * PAGE;
const FACTS: u32 = 2 * PAGE;
const IDENTITY: u32 = PAGE;
/// Of the bootloader's part it is linked into so much: an nRF54L locks no more in one go (RRAMC, REGION.CONFIG.SIZE).
pub const LOCKABLE: u32 = 31 * KIB;

/// A board that there is firmware for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Board {
    /// Nordic's development kit with an nRF52840: the reference.
    Nrf52840Dk,
    /// A module with an nRF52832 and little else, wired as Nordic's nRF52 DK.
    Nrf52832Module,
    /// Nordic's development kit with an nRF54L15.
    Nrf54l15Dk,
}

/// A range of memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// The first byte.
    pub start: u32,
    /// How many bytes.
    pub length: u32,
}

/// A board's memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Map {
    /// The bootloader.
    pub boot: Part,
    /// The program that runs.
    pub active: Part,
    /// The other program.
    pub other: Part,
    /// How the images stand.
    pub state: Part,
    /// The small durable facts.
    pub facts: Part,
    /// What was measured.
    pub log: Part,
    /// Who the sensor is.
    pub identity: Part,
    /// The stack of bootloader and program.
    pub stack: Part,
    /// What bootloader or program call their own.
    pub ram: Part,
    /// What survives a reset.
    pub retained: Part,
}

/// What is built for a board.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Image {
    /// What starts first.
    Bootloader,
    /// The sensor.
    Program,
}

impl Board {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Nrf52840Dk, Self::Nrf52832Module, Self::Nrf54l15Dk];

    /// What its package is called.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Nrf52840Dk => "nrf52840-dk",
            Self::Nrf52832Module => "nrf52832-module",
            Self::Nrf54l15Dk => "nrf54l15-dk",
        }
    }

    /// Its number in hardware masks of updates; 0 is the firmware on a computer.
    pub const fn revision(self) -> u8 {
        match self {
            Self::Nrf52840Dk => 1,
            Self::Nrf52832Module => 2,
            Self::Nrf54l15Dk => 3,
        }
    }

    /// Where everything is.
    ///
    /// The chips' flash: nRF52840 1 MiB, nRF52832-QFAA 512 KiB, nRF54L15 1524 KiB.
    pub const fn map(self) -> Map {
        match self {
            Self::Nrf52840Dk => Map::lay(1024 * KIB, 32 * KIB, 360 * KIB, self.kept()),
            Self::Nrf52832Module => Map::lay(512 * KIB, 32 * KIB, 212 * KIB, self.kept()),
            Self::Nrf54l15Dk => Map::lay(1524 * KIB, 32 * KIB, 600 * KIB, self.kept()),
        }
    }
}

impl Map {
    const fn lay(flash: u32, boot: u32, active: u32, kept: u32) -> Self {
        let boot = Part { start: 0, length: boot };
        let active = boot.then(active);
        let other = active.then(active.length + PAGE);
        let state = other.then(STATE);
        let facts = state.then(FACTS);
        // The identity is the last page, for whoever looks for it by hand.
        let identity = Part { start: flash - IDENTITY, length: IDENTITY };
        let left = identity.start - facts.end();
        let log = facts.then(if left < LONGEST_LOG { left } else { LONGEST_LOG });
        let stack = Part { start: memory::START, length: kept - memory::OWNED };
        let ram = stack.then(memory::OWNED - RETAINED);
        Self { boot, active, other, state, facts, log, identity, stack, ram, retained: ram.then(RETAINED) }
    }

    /// The parts of the flash, in order.
    pub const fn flash(&self) -> [Part; 7] {
        [self.boot, self.active, self.other, self.state, self.facts, self.log, self.identity]
    }

    /// Do the parts follow one another, on whole pages, and is each as long as its user needs?
    const fn is_sound(&self, flash: u32) -> bool {
        let (parts, mut end, mut nth) = (self.flash(), 0, 0);
        while nth < parts.len() {
            #[expect(clippy::indexing_slicing, reason = "below the length; iterators do not run at compile time")]
            let part = parts[nth];
            if part.start < end || part.length == 0 || part.start % PAGE != 0 || part.length % PAGE != 0 {
                return false;
            }
            (end, nth) = (part.end(), nth + 1);
        }
        end == flash
            && self.boot.length >= LOCKABLE
            && self.other.length == self.active.length + PAGE
            && self.log.length >= 2 * PAGE
    }
}

impl Part {
    const fn then(self, length: u32) -> Self {
        Self { start: self.end(), length }
    }

    /// The first byte behind it.
    pub const fn end(self) -> u32 {
        self.start + self.length
    }
}

// No map of ours is built with parts that overlap or leave the flash.
const _: () = {
    assert!(Board::Nrf52840Dk.map().is_sound(1024 * KIB));
    assert!(Board::Nrf52832Module.map().is_sound(512 * KIB));
    assert!(Board::Nrf54l15Dk.map().is_sound(1524 * KIB));
};

impl Image {
    /// What the linker is told: `memory.x` of `cortex-m-rt`, by [`fmt::Display`].
    pub const fn memory_x(self, map: &Map) -> MemoryX {
        let flash = match self {
            Self::Bootloader => Part { length: LOCKABLE, ..map.boot },
            // The last page is the manifest's.
            Self::Program => Part { start: map.active.start, length: map.active.length - PAGE },
        };
        MemoryX { flash, stack: map.stack, ram: map.ram }
    }
}

/// What the linker is told.
#[derive(Debug, Clone, Copy)]
pub struct MemoryX {
    flash: Part,
    stack: Part,
    ram: Part,
}

impl fmt::Display for MemoryX {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MEMORY\n{\n")?;
        for (name, Part { start, length }) in [("FLASH", self.flash), ("RAM", self.ram)] {
            writeln!(f, "  {name} : ORIGIN = 0x{start:08X}, LENGTH = 0x{length:08X}")?;
        }
        f.write_str("}\n")?;
        writeln!(f, "_stack_start = 0x{:08X};\n_stack_end = 0x{:08X};", self.stack.end(), self.stack.start)
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use std::{format, string::ToString as _};

    use super::*;

    #[test]
    fn parts_that_overlap_or_leave_the_flash_are_not_sound() {
        for board in Board::ALL {
            let map = board.map();
            let flash = map.identity.end();
            assert!(map.is_sound(flash), "{board:?}");
            assert!(!map.is_sound(flash - PAGE), "{board:?}");
            let log = Part { length: map.log.length + PAGE, ..map.log };
            let overlaps = Map { log, ..map };
            assert!(!overlaps.is_sound(flash) || map.log.end() < map.identity.start, "{board:?}");
            assert!(!Map { facts: map.state, ..map }.is_sound(flash), "{board:?}");
            assert!(
                !Map { other: Part { length: map.active.length, ..map.other }, ..map }.is_sound(flash),
                "{board:?}"
            );
        }
    }

    #[test]
    fn bootloader_and_program_share_memory_but_for_what_is_retained() {
        for board in Board::ALL {
            let map = board.map();
            let [boot, program] = [Image::Bootloader, Image::Program].map(|image| image.memory_x(&map).to_string());
            let stack = 0x2000_0000 + board.kept() - 0x8000;
            let ram = format!(
                "RAM : ORIGIN = 0x{stack:08X}, LENGTH = 0x00007FE0\n}}\n_stack_start = 0x{stack:08X};\n_stack_end = 0x20000000;\n"
            );
            assert!(boot.ends_with(&ram) && program.ends_with(&ram), "{boot}{program}");
            assert!(boot.contains("FLASH : ORIGIN = 0x00000000, LENGTH = 0x00007C00"), "{boot}");
            assert_eq!(map.ram.end(), map.retained.start);
            assert_eq!(map.retained.end(), 0x2000_0000 + board.kept());
        }
    }
}
