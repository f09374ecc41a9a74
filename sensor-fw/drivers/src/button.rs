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
    state: State,
}

#[derive(Debug, Clone, Copy)]
enum State {
    /// Nobody touches it.
    Up,
    /// It was down at so many ticks, and then up at so many.
    Down { down: u32, up: u8 },
    /// It was held to the end, and then up at so many ticks.
    Held { up: u8 },
}

impl<P: InputPin + Wait, D: DelayNs> Button<P, D> {
    /// The button on this pin.
    pub const fn new(pin: P, delay: D, is_active_high: bool) -> Self {
        Self { pin, delay, is_active_high, state: State::Up }
    }

    /// Waits for the next press: a short one is told when the button is let go, a hold as soon as it is long enough, and
    /// once. The future may be dropped at any time, to wait for something else too: the next goes on where it was.
    ///
    /// # Errors
    /// The pin's; a pin of a chip itself has none.
    pub async fn pressed(&mut self) -> Result<Press, P::Error> {
        loop {
            match self.state {
                State::Up => {
                    level(&mut self.pin, self.is_active_high).await?;
                    self.state = State::Down { down: 0, up: 0 };
                }
                State::Down { down, up } => {
                    let is_down = self.is_down_after_a_tick().await?;
                    let (down, up) = if is_down { (down + 1, 0) } else { (down, up + 1) };
                    self.state = State::Down { down, up };
                    if down == HOLD_MS / TICK_MS {
                        self.state = State::Held { up: 0 };
                        return Ok(Press::Hold);
                    }
                    if up == UP_TICKS {
                        self.state = State::Up;
                        // Less than a tick is no finger.
                        if down > 0 {
                            return Ok(Press::Short);
                        }
                    }
                }
                State::Held { up } => {
                    level(&mut self.pin, !self.is_active_high).await?;
                    let up = if self.is_down_after_a_tick().await? { 0 } else { up + 1 };
                    self.state = if up == UP_TICKS { State::Up } else { State::Held { up } };
                }
            }
        }
    }

    async fn is_down_after_a_tick(&mut self) -> Result<bool, P::Error> {
        self.delay.delay_ms(TICK_MS).await;
        self.pin.is_high().map(|is_high| is_high == self.is_active_high)
    }
}

#[cfg(test)]
mod tests;
