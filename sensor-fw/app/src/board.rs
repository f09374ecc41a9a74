//! What a board gives to the program, and what it is told.

use core::ops::Range;

use embedded_storage_async::nor_flash::NorFlash;
use fw_drivers::Probe;
use fw_logic::{boot::Layout, pairing::Identity};
use rand_core::CryptoRng;
use units::Measure;
use wire::{bthome::Address, manifest::TrustedKey, service::ResetReason};

use crate::note::Note;

/// The kinds of parts that a board has.
pub trait Board {
    /// The one flash, of which each that keeps something in it has a handle: [`fw_logic::Shared`] makes one of any.
    type Flash: NorFlash + Clone;
    /// What measures. The battery's voltage is one of its measures, where it is known.
    type Probe: Probe;
    /// What something happens to: button, reed, motion.
    type Inputs: Inputs;
    /// A light that people see.
    type Led: Led;
    /// What the chip is told besides.
    type Chip: Chip;
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
    /// Why it starts. Where a battery was put in, whoever did it may pair.
    pub reset: ResetReason,
    /// The keys that may sign its updates.
    pub trusted: [TrustedKey; 2],
    /// The security counter of this program: see [`wire::manifest`].
    pub security_counter: u32,
    /// The flash.
    pub flash: B::Flash,
    /// Where in it everything is.
    pub map: Map,
    /// What measures.
    pub probe: B::Probe,
    /// What something happens to.
    pub inputs: B::Inputs,
    /// The light.
    pub led: B::Led,
    /// The chip.
    pub chip: B::Chip,
    /// Luck.
    pub luck: B::Luck,
    /// Who wants to know what happens.
    pub notes: B::Notes,
}

/// Where everything is in the flash, in whole pages.
#[derive(Debug, Clone)]
pub struct Map {
    /// The facts: two pages.
    pub facts: Range<u32>,
    /// The log: at least two pages.
    pub log: Range<u32>,
    /// The images, and what the bootloader knows of them.
    pub images: Layout,
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

impl<I: Inputs> Inputs for &mut I {
    async fn next(&mut self) -> Happening {
        (**self).next().await
    }
}

/// A light.
pub trait Led {
    /// Lights it up, or turns it off.
    fn set(&mut self, is_on: bool);
}

/// What the chip is told, in ways that no other chip shares.
pub trait Chip {
    /// Sends with this power from now on, dBm; what the radio cannot do, with the next lower that it can.
    fn set_power(&mut self, dbm: i8);

    /// The program is alive: says so at least once an hour, and with nearly everything that it does.
    fn feed_watchdog(&mut self);
}

/// Who wants to know what happens: a console, a debugger, a test, nobody.
pub trait Notes {
    /// Something has happened.
    fn note(&mut self, note: &Note<'_>);
}
