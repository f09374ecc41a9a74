//! What a column holds, and how finely.

use units::Quantity;

use crate::bthome::Payload;

/// Bytes of a column in the head of a block.
pub(super) const COLUMN: usize = 3;
/// Ten to this power fits into 32 bits.
const MAX_EXPONENT: u8 = 9;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// The [code](units::Quantity::code) of the quantity; it may be one that this program does not know yet.
    pub code: u16,
    /// Which of several, 0 to 15.
    pub instance: u8,
    /// Values are kept in tens of steps to this power, 0 to 9: what is finer is noise.
    pub exponent: u8,
}

impl Column {
    /// The finest that adverts tell of this quantity, too, is what the log keeps.
    pub fn of(quantity: Quantity) -> Self {
        let exponent = Payload::resolution(quantity).map_or(0, |steps| {
            let tens = core::iter::successors(Some(steps), |steps| Some(steps / 10).filter(|_| steps % 10 == 0));
            (tens.count() as u8).saturating_sub(1).min(MAX_EXPONENT)
        });
        Self { code: quantity.code(), instance: 0, exponent }
    }

    pub(super) const fn to_bytes(self) -> [u8; COLUMN] {
        let [low, high] = self.code.to_le_bytes();
        [low, high, self.instance & 0xF | self.exponent << 4]
    }

    pub(super) const fn of_bytes([low, high, rest]: [u8; COLUMN]) -> Self {
        Self { code: u16::from_le_bytes([low, high]), instance: rest & 0xF, exponent: rest >> 4 }
    }
}

/// Ten to a power; beyond what fits, to the highest that does.
pub(super) const fn ten_to(exponent: u8) -> i32 {
    10_i32.pow(if exponent < MAX_EXPONENT { exponent } else { MAX_EXPONENT } as u32)
}

/// A value in tens, rounded half away from zero.
pub(super) fn divided(value: i32, ten: i32) -> i32 {
    let (quotient, rest) = (value / ten, value % ten);
    let is_up = ten > 1 && rest.unsigned_abs() * 2 >= ten.unsigned_abs();
    // What would not fit when it is multiplied again is cut.
    if is_up { (quotient + rest.signum()).clamp(i32::MIN / ten, i32::MAX / ten) } else { quotient }
}
