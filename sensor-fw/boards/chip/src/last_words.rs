//! What a failure leaves to the next start, in memory that a reset spares.
#![expect(unsafe_code, reason = "memory at a fixed place, which no linker knows")]

use core::{panic::PanicInfo, ptr};

use cortex_m::{interrupt, peripheral::SCB};
use cortex_m_rt::{ExceptionFrame, exception};

use crate::MAP;

/// Says that the words after it mean something; whatever a battery change leaves there does not.
const MAGIC: u32 = 0x1963_7E57;

/// What the last start left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LastWords {
    /// How many starts, one after another, ended in failure.
    pub failed: u8,
    /// The last one ended itself because something was wrong that cannot be.
    pub has_failed: bool,
}

impl LastWords {
    /// What is there; nothing after power was off.
    pub fn read() -> Self {
        // SAFETY: three words of memory that neither linker script hands out, see `map`; any bits are a value of them.
        let [magic, word, complement] = [0, 1, 2].map(|nth| unsafe { place().add(nth).read_volatile() });
        let [failed, has_failed, _, _] = word.to_le_bytes();
        match magic == MAGIC && word == !complement {
            true => Self { failed, has_failed: has_failed != 0 },
            false => Self::default(),
        }
    }

    /// Leaves this.
    pub fn write(self) {
        let word = u32::from_le_bytes([self.failed, u8::from(self.has_failed), 0, 0]);
        for (nth, value) in [MAGIC, word, !word].into_iter().enumerate() {
            // SAFETY: as above.
            unsafe { place().add(nth).write_volatile(value) };
        }
    }
}

fn place() -> *mut u32 {
    ptr::with_exposed_provenance_mut(MAP.retained.start as usize)
}

/// Ends this start as a failure.
pub fn fail() -> ! {
    interrupt::disable();
    LastWords { has_failed: true, ..LastWords::read() }.write();
    SCB::sys_reset()
}

#[panic_handler]
fn panicked(_info: &PanicInfo<'_>) -> ! {
    fail()
}

#[exception]
unsafe fn HardFault(_frame: &ExceptionFrame) -> ! {
    fail()
}
