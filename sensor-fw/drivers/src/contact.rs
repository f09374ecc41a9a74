use embassy_futures::select::{Either, select};
use embedded_hal::digital::InputPin;
use embedded_hal_async::{delay::DelayNs, digital::Wait};
use units::{Measure, Quantity};

use crate::{Probe, Sample};

/// So often a contact may be let go of before it has settled; then it counts as active.
const FLUTTERS: u8 = 100;
/// What is waited for is remembered in slices of so many milliseconds: a future that is dropped loses one at the most.
const SLICE_MS: u32 = 1000;

/// What is wired to a pin, and how long it must be still to be believed.
///
/// Mind the battery: a contact that is closed for years to ground draws 0.2 mA through a pull-up of the nRF52 itself
/// (13 kΩ); boards give it one of megaohms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wiring {
    /// What is 1 while it is active.
    pub quantity: Quantity,
    /// Is the pin high while it is active?
    pub is_active_high: bool,
    /// Milliseconds for which it must be active to count as that.
    pub begins_ms: u32,
    /// Milliseconds for which it must be inactive to count as that.
    pub ends_ms: u32,
}

impl Wiring {
    /// A reed contact to ground whose magnet is at the door: closed and low while the door is. Reeds bounce for less than 5 ms.
    pub const DOOR: Self = Self { quantity: Quantity::Door, is_active_high: true, begins_ms: 20, ends_ms: 20 };
    /// A motion sensor that is high while it sees somebody. That somebody is there is told at once, that nobody is after
    /// half a minute without a sign, so that one walk through a room is one event.
    pub const MOTION: Self = Self { quantity: Quantity::Motion, is_active_high: true, begins_ms: 2, ends_ms: 30_000 };
    /// Two bare wires on the floor, which water joins to ground. It laps: slow to believe, slower to call dry.
    pub const LEAK: Self =
        Self { quantity: Quantity::MoistureDetected, is_active_high: false, begins_ms: 200, ends_ms: 5000 };
}

/// A contact, a motion sensor or a leak probe on a pin.
#[derive(Debug)]
pub struct Contact<P, D> {
    pin: P,
    delay: D,
    wiring: Wiring,
    /// What was told last.
    told: Option<bool>,
    /// What was seen last, and for how long in milliseconds it has been so, up to what it takes to be believed.
    seen: Option<bool>,
    still_ms: u32,
    /// How often it was let go of since it was settled.
    flutters: u8,
}

impl<P: InputPin + Wait, D: DelayNs> Contact<P, D> {
    /// What is wired to this pin.
    pub const fn new(pin: P, delay: D, wiring: Wiring) -> Self {
        Self { pin, delay, wiring, told: None, seen: None, still_ms: 0, flutters: 0 }
    }

    /// Waits until it is settled in another state than it told last, and tells it; the first time, in any state.
    ///
    /// What flutters without end is told as active: a wet or a broken contact is what somebody waits to hear of. The future
    /// may be dropped at any time, to wait for something else too: the next goes on where it was.
    ///
    /// # Errors
    /// The pin's; a pin of a chip itself has none.
    pub async fn changed(&mut self) -> Result<Measure, P::Error> {
        loop {
            let is_active = self.is_active()?;
            if self.seen != Some(is_active) {
                (self.seen, self.still_ms) = (Some(is_active), 0);
            }
            let settles_ms = if is_active { self.wiring.begins_ms } else { self.wiring.ends_ms };
            let other = level(&mut self.pin, is_active != self.wiring.is_active_high);
            let left_ms = settles_ms.saturating_sub(self.still_ms);
            if left_ms == 0 {
                self.flutters = 0;
                if self.told != Some(is_active) {
                    drop(other);
                    return Ok(self.tell(is_active));
                }
                other.await?;
                continue;
            }
            let slice_ms = left_ms.min(SLICE_MS);
            match select(other, self.delay.delay_ms(slice_ms)).await {
                Either::First(other) => other?,
                Either::Second(()) => {
                    self.still_ms += slice_ms;
                    continue;
                }
            }
            self.flutters = self.flutters.saturating_add(u8::from(is_active));
            if self.flutters >= FLUTTERS && self.told != Some(true) {
                return Ok(self.tell(true));
            }
        }
    }

    fn tell(&mut self, is_active: bool) -> Measure {
        self.told = Some(is_active);
        Measure::new(self.wiring.quantity, i64::from(is_active))
    }

    fn is_active(&mut self) -> Result<bool, P::Error> {
        self.pin.is_high().map(|is_high| is_high == self.wiring.is_active_high)
    }
}

/// Waits for a level and not for an edge: none is missed between two waits, and the nRF senses levels asleep.
pub(crate) async fn level<P: Wait>(pin: &mut P, is_high: bool) -> Result<(), P::Error> {
    if is_high { pin.wait_for_high().await } else { pin.wait_for_low().await }
}

/// As it was told last, or, where nothing was told yet, as the pin is now: what is repeated for those who missed it.
impl<P: InputPin + Wait, D: DelayNs> Probe for Contact<P, D>
where
    P::Error: core::error::Error,
{
    type Error = P::Error;

    async fn sample(&mut self, into: &mut Sample) -> Result<(), Self::Error> {
        let is_active = match self.told {
            Some(told) => told,
            None => self.is_active()?,
        };
        into.add(Measure::new(self.wiring.quantity, i64::from(is_active)));
        Ok(())
    }
}

#[cfg(test)]
mod tests;
