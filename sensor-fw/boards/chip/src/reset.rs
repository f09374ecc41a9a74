//! Why the chip starts.

use embassy_nrf::pac;
use wire::service::ResetReason;

use crate::last_words::LastWords;

/// Something that this firmware has no word for: a debugger, a wake-up from the deepest sleep.
const UNKNOWN: ResetReason = ResetReason::Other(255);

/// How the chip starts.
#[derive(Debug, Clone, Copy)]
pub struct Start {
    /// Why.
    pub reason: ResetReason,
    /// How many starts before this one, one after another, ended in failure.
    pub failed: u8,
}

/// Why the chip starts, and how often it failed. Asked once, by the program: then the register is cleared, for its bits add
/// up over resets.
pub fn take_reset() -> Start {
    let words = LastWords::read();
    let reason = match take_register() {
        ResetReason::Wanted if words.has_failed => ResetReason::Panic,
        reason => reason,
    };
    let failed = match reason {
        ResetReason::Panic | ResetReason::Lockup | ResetReason::Watchdog => words.failed.saturating_add(1),
        _ => 0,
    };
    LastWords { failed, has_failed: false }.write();
    Start { reason, failed }
}

#[cfg(not(feature = "nrf54l15"))]
fn take_register() -> ResetReason {
    let register = pac::POWER.resetreas();
    let bits = register.read();
    // A bit is cleared by writing it.
    register.write_value(bits);
    reason(bits.0 == 0, [bits.dog(), bits.lockup(), bits.sreq(), bits.resetpin()])
}

#[cfg(feature = "nrf54l15")]
fn take_register() -> ResetReason {
    let register = pac::RESET.resetreas();
    let bits = register.read();
    register.write_value(bits);
    reason(bits.0 == 0, [bits.dog0() || bits.dog1(), bits.lockup(), bits.sreq(), bits.resetpin()])
}

/// What went wrong counts for more than what else happened since.
fn reason(is_clear: bool, bits: [bool; 4]) -> ResetReason {
    match bits {
        [true, ..] => ResetReason::Watchdog,
        [_, true, ..] => ResetReason::Lockup,
        [_, _, true, _] => ResetReason::Wanted,
        [.., true] => ResetReason::Pin,
        _ if is_clear => ResetReason::PowerOn,
        _ => UNKNOWN,
    }
}
