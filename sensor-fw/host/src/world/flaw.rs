//! What a program may have wrong, and what its chip does about it.

use std::{cell::RefCell, collections::BTreeMap, rc::Rc};

use embassy_futures::select::{Either, select};
use embassy_time::Timer;
use wire::{firmware::Version, service::ResetReason};

use crate::air::Controller;

/// After so long without food the watchdog bites, µs: `WATCHDOG_S` of the boards.
const WATCHDOG_US: u64 = 5_400_000_000;

/// What is wrong with a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flaw {
    /// It panics, and the chip begins anew. Boards wait some seconds before, here nobody does.
    Panics {
        /// So long after its start, µs.
        after_us: u64,
    },
    /// It hangs, radio and all, until the watchdog bites.
    Hangs {
        /// So long after its start, µs.
        after_us: u64,
    },
}

/// Which versions have one.
pub(super) type Flaws = Rc<RefCell<BTreeMap<Version, Flaw>>>;

/// Why a program ended.
pub(super) enum Ended {
    /// The chip begins anew.
    Reset(ResetReason),
    /// It cannot go on, for this reason.
    Stopped(String),
}

impl Flaw {
    /// Lets a program live until it ends, or until this flaw shows.
    pub(super) async fn let_live(self, life: impl Future<Output = Ended>, radio: &RefCell<Controller>) -> Ended {
        let (Self::Panics { after_us } | Self::Hangs { after_us }) = self;
        if let Either::First(ended) = select(life, Timer::after_micros(after_us)).await {
            return ended;
        }
        radio.borrow_mut().power_off();
        match self {
            Self::Panics { .. } => Ended::Reset(ResetReason::Panic),
            Self::Hangs { .. } => {
                Timer::after_micros(WATCHDOG_US).await;
                Ended::Reset(ResetReason::Watchdog)
            }
        }
    }
}
