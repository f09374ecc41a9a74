//! How much memory stays on, and which bits switch off the rest.

use crate::Board;

const KIB: u32 = 1024;
/// Memory begins here on every Cortex-M.
pub(crate) const START: u32 = 0x2000_0000;

/// Memory for what bootloader or program call their own and what is [`RETAINED`], bytes: the largest program takes 30 KB of
/// it (`sizes.toml`). All other memory that is [kept](Board::kept) is the stack.
pub(crate) const OWNED: u32 = 32 * KIB;
/// No board keeps more memory on, bytes: all of an nRF52832. The deepest path of calls that is to be seen in the programs, at
/// their start, takes 24.7 KB of stack, and interrupts of the radio come on top: 32 KiB, and what is owned.
const MOST_KEPT: u32 = 64 * KIB;
/// Memory that neither bootloader nor program calls its own, behind all other, bytes: what must survive a reset.
pub const RETAINED: u32 = 32;

/// Sections of memory, one after another, that one register switches: the lowest bit the first.
#[derive(Debug, Clone, Copy)]
struct Block {
    sections: u32,
    /// How long each of them is, bytes.
    length: u32,
}

/// nRF52832 Product Specification, Memory, and POWER, RAM[n].POWER: 8 blocks of two sections of 4 KiB.
const NRF52832: [Block; 8] = [Block { sections: 2, length: 4 * KIB }; 8];
/// nRF52840 Product Specification, Memory, and POWER, RAM[n].POWER: as the nRF52832, and a block of six sections of 32 KiB.
const NRF52840: [Block; 9] = {
    let [a, b, c, d, e, f, g, h] = NRF52832;
    [a, b, c, d, e, f, g, h, Block { sections: 6, length: 32 * KIB }]
};
/// nRF54L15 Datasheet, MEMCONF, table 1: RAM00 and RAM01, each four sections (of 32 KiB), are the bits 0 to 7 of
/// POWER[0].CONTROL.
const NRF54L15: [Block; 1] = [Block { sections: 8, length: 32 * KIB }];

impl Board {
    /// Memory that stays on, awake and asleep, bytes: from its beginning whole sections of it, or all that the chip has.
    pub const fn kept(self) -> u32 {
        let (mut all, mut blocks) = (0, self.blocks());
        while let [block, rest @ ..] = blocks {
            (all, blocks) = (all + block.sections * block.length, rest);
        }
        if all < MOST_KEPT { all } else { MOST_KEPT }
    }

    /// What is to be switched off: for each register, in their order, the bits of the sections behind what is kept.
    ///
    /// The registers are RAM[n].POWERCLR of an nRF52, and POWER[0].CONTROL of an nRF54L, where the bits are to be cleared.
    pub fn unused_memory(self) -> impl Iterator<Item = u32> {
        unused(self.blocks(), self.kept())
    }

    const fn blocks(self) -> &'static [Block] {
        match self {
            Self::Nrf52840Dk => &NRF52840,
            Self::Nrf52832Module => &NRF52832,
            Self::Nrf54l15Dk => &NRF54L15,
        }
    }
}

fn unused(blocks: &'static [Block], kept: u32) -> impl Iterator<Item = u32> {
    let starts = blocks.iter().scan(0, |end, block| {
        let start = *end;
        *end += block.sections * block.length;
        Some(start)
    });
    blocks.iter().zip(starts).map(move |(block, start)| {
        let used = kept.saturating_sub(start).div_ceil(block.length).min(block.sections);
        (1 << block.sections) - (1 << used)
    })
}

#[cfg(test)]
mod tests {
    extern crate std;

    use std::{vec, vec::Vec};

    use super::*;

    #[test]
    fn what_no_program_has_is_switched_off_on_each_chip() {
        let off = |board: Board| board.unused_memory().collect::<Vec<_>>();
        assert_eq!(off(Board::Nrf52832Module), [0; 8]);
        assert_eq!(off(Board::Nrf52840Dk), [0, 0, 0, 0, 0, 0, 0, 0, 0b11_1111]);
        assert_eq!(off(Board::Nrf54l15Dk), [0b1111_1100]);
    }

    #[test]
    fn the_chips_have_the_memory_that_their_makers_sell() {
        let all = |board: Board| board.blocks().iter().map(|block| block.sections * block.length).sum::<u32>();
        assert_eq!(Board::ALL.map(all), [256 * KIB, 64 * KIB, 256 * KIB]);
    }

    #[test]
    fn whatever_is_kept_is_on_and_less_than_a_section_more() {
        for board in Board::ALL {
            let all: u32 = board.blocks().iter().map(|block| block.sections * block.length).sum();
            for kept in (0..=all).step_by(KIB as usize) {
                let (mut on, mut start, mut is_over) = (vec![], 0, false);
                for (block, off) in board.blocks().iter().zip(unused(board.blocks(), kept)) {
                    assert_eq!(off >> block.sections, 0, "{board:?}, {kept}");
                    for nth in 0..block.sections {
                        let is_on = off & 1 << nth == 0;
                        assert!(!(is_on && is_over), "{board:?}, {kept}: on behind one that is off");
                        is_over |= !is_on;
                        on.extend(is_on.then_some((start, block.length)));
                        start += block.length;
                    }
                }
                let end = on.last().map_or(0, |(start, length)| start + length);
                assert!(end >= kept, "{board:?}, {kept}");
                assert!(on.last().is_none_or(|(start, _)| *start < kept), "{board:?}, {kept}");
            }
        }
    }
}
