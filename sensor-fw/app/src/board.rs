//! What a board gives to the program, and what it is told.

use core::ops::Range;

use embedded_storage_async::nor_flash::NorFlash;
use fw_drivers::Probe;
use fw_logic::pairing::Identity;
use rand_core::CryptoRng;
use units::Measure;
use wire::bthome::Address;

use crate::note::Note;

/// The kinds of parts that a board has.
pub trait Board {
    /// Flash that keeps facts and log; two of one kind, of which each may be a part of the same chip.
    type Flash: NorFlash;
    /// What measures. The battery's voltage is one of its measures, where it is known.
    type Probe: Probe;
    /// What something happens to: button, reed, motion.
    type Inputs: Inputs;
    /// A light that people see.
    type Led: Led;
    /// Luck for keys: from the chip's generator.
    type Luck: CryptoRng;
    /// Who wants to know what happens.
    type Notes: Notes;
}

/// The parts of one board, and what it is.
pub struct Parts<B: Board> {
    /// Who it is; how often it has started is filled in by the program.
    pub identity: Identity,
    /// Its own Bluetooth address, random and static (Core 5.4, volume 6, part B, 1.3.2.1), as people write it: the first
    /// byte is 0xC0 or more. Adverts to its owner are sent from it and sealed with it.
    pub address: Address,
    /// Somebody has just put a battery in: whoever it was may pair. Not so after a reset by watchdog or update.
    pub is_touched: bool,
    /// Flash for the facts, at least two pages of it.
    pub facts: (B::Flash, Range<u32>),
    /// Flash for the log, at least two pages of it.
    pub log: (B::Flash, Range<u32>),
    /// What measures.
    pub probe: B::Probe,
    /// What something happens to.
    pub inputs: B::Inputs,
    /// The light.
    pub led: B::Led,
    /// Luck.
    pub luck: B::Luck,
    /// Who wants to know what happens.
    pub notes: B::Notes,
}

/// Something that happens to a sensor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Happening {
    /// The button was pressed: somebody stands beside it.
    Pressed,
    /// The button was held for 10 s: it is to forget its owner.
    Held,
    /// Something that somebody waits for: a door, a motion, an alarm.
    Measured(Measure),
}

/// What something happens to.
#[expect(async_fn_in_trait, reason = "one task runs the whole program")]
pub trait Inputs {
    /// The next thing that happens, in the order in which they happen.
    async fn next(&mut self) -> Happening;
}

/// A light.
pub trait Led {
    /// Lights it up, or turns it off.
    fn set(&mut self, is_on: bool);
}

/// Who wants to know what happens: a console, a debugger, a test, nobody.
pub trait Notes {
    /// Something has happened.
    fn note(&mut self, note: &Note<'_>);
}
