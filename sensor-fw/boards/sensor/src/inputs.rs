//! Button, reed contact and light.

use embassy_futures::select::{Either, select};
use embassy_nrf::{
    Peri,
    gpio::{AnyPin, Input, Level, Output, OutputDrive, Pull},
};
use embassy_time::Delay;
use fw_app::{Happening, Inputs, Led};
use fw_drivers::{Button, Contact, Press, Wiring};

/// The pins of a board.
pub struct Pins {
    /// I²C, data. Pulled up on the board of the probe.
    pub sda: Peri<'static, AnyPin>,
    /// I²C, clock.
    pub scl: Peri<'static, AnyPin>,
    /// A button to ground, pulled up by the chip: nothing flows until it is pressed.
    pub button: Peri<'static, AnyPin>,
    /// A reed contact to ground, closed while the door is.
    pub reed: Peri<'static, AnyPin>,
    /// What pulls the reed's pin up. The chip's own 13 kΩ empty a coin cell in weeks while the door is closed.
    pub reed_pull: Pull,
    /// A light.
    pub led: Peri<'static, AnyPin>,
    /// Is it lit while its pin is low?
    pub is_led_active_low: bool,
}

/// Button and reed contact.
pub(crate) struct Touch {
    button: Button<Input<'static>, Delay>,
    reed: Contact<Input<'static>, Delay>,
}

impl Touch {
    pub(crate) fn new(button: Peri<'static, AnyPin>, reed: Peri<'static, AnyPin>, reed_pull: Pull) -> Self {
        Self {
            button: Button::new(Input::new(button, Pull::Up), Delay, false),
            reed: Contact::new(Input::new(reed, reed_pull), Delay, Wiring::DOOR),
        }
    }
}

impl Inputs for Touch {
    async fn next(&mut self) -> Happening {
        // Both can be dropped and go on where they were.
        match select(self.button.pressed(), self.reed.changed()).await {
            Either::First(Ok(Press::Short)) => Happening::Pressed,
            Either::First(Ok(Press::Hold)) => Happening::Held,
            Either::Second(Ok(measure)) => Happening::Measured(measure),
        }
    }
}

/// A light on a pin.
pub(crate) struct Light {
    pin: Output<'static>,
    is_active_low: bool,
}

impl Light {
    pub(crate) fn new(pin: Peri<'static, AnyPin>, is_active_low: bool) -> Self {
        Self { pin: Output::new(pin, Level::from(is_active_low), OutputDrive::Standard), is_active_low }
    }
}

impl Led for Light {
    fn set(&mut self, is_on: bool) {
        self.pin.set_level(Level::from(is_on != self.is_active_low));
    }
}
