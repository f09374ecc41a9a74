use embedded_hal::digital::InputPin;
use embedded_hal_async::{delay::DelayNs, digital::Wait};

use crate::contact::level;

/// How often a pressed button is looked at. Switches bounce for less than 10 ms.
const TICK_MS: u32 = 20;
/// So long a button is held to reset the sensor: nobody leans on it for that long by mistake.
const HOLD_MS: u32 = 10_000;
/// So many ticks in a row it is up when it was let go: less is a finger that trembles.
const UP_TICKS: u8 = 2;

/// What was done to the button.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Press {
    /// Pressed and let go.
    Short,
    /// Held for 10 seconds, and perhaps still held.
    Hold,
}

/// A button that is pressed, or held for a factory reset.
#[derive(Debug)]
pub struct Button<P, D> {
    pin: P,
    delay: D,
    is_active_high: bool,
    /// It was held to the end, and not seen up since.
    is_held: bool,
}

impl<P: InputPin + Wait, D: DelayNs> Button<P, D> {
    /// The button on this pin.
    pub const fn new(pin: P, delay: D, is_active_high: bool) -> Self {
        Self { pin, delay, is_active_high, is_held: false }
    }

    /// Waits for the next press: a short one is told when the button is let go, a hold as soon as it is long enough, and
    /// once. A future that is dropped forgets the press that it was watching.
    ///
    /// # Errors
    /// The pin's; a pin of a chip itself has none.
    pub async fn pressed(&mut self) -> Result<Press, P::Error> {
        if self.is_held {
            level(&mut self.pin, !self.is_active_high).await?;
            while self.watched().await?.is_some_and(|ticks| ticks > 0) {
                // Let go of, and caught again before it was up for good.
            }
            self.is_held = false;
        }
        loop {
            level(&mut self.pin, self.is_active_high).await?;
            match self.watched().await? {
                // Too short to be a finger.
                Some(0) => {}
                Some(_) => return Ok(Press::Short),
                None => {
                    self.is_held = true;
                    return Ok(Press::Hold);
                }
            }
        }
    }

    /// Watches the button until it is up: for how many ticks it was down, or none where it was held to the end.
    async fn watched(&mut self) -> Result<Option<u32>, P::Error> {
        let (mut down, mut up) = (0, 0);
        while up < UP_TICKS {
            self.delay.delay_ms(TICK_MS).await;
            if self.pin.is_high()? == self.is_active_high {
                (down, up) = (down + 1, 0);
                if down == HOLD_MS / TICK_MS {
                    return Ok(None);
                }
            } else {
                up += 1;
            }
        }
        Ok(Some(down))
    }
}

#[cfg(test)]
mod tests;
