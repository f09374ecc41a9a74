use hub_model::{BindKey, DeviceId, Kind, Name, Quantity, RoomId, SeriesKey};

use super::error::{InvalidInputError, MutationError, OutOfRangeError};
use crate::id::{device_id, room_id, sensor_key};

/// The longest retention in days: a hundred years.
const MAX_DAYS: u32 = 36_500;

/// An input that is being read: what is wrong with it is collected, so that a person sees all of it at once.
#[derive(Default)]
pub(super) struct Checked {
    pub(super) errors: Vec<MutationError>,
}

impl Checked {
    /// What was parsed, or its error noted with what would be right.
    pub(super) fn take<T, E: std::fmt::Display>(
        &mut self,
        field: &str,
        expected: &str,
        parsed: Result<T, E>,
    ) -> Option<T> {
        let refuse = |error: E| self.errors.push(InvalidInputError::at(field, error.to_string(), expected).into());
        parsed.map_err(refuse).ok()
    }

    /// `Some(None)` when nothing was given, `None` when what was given is wrong.
    pub(super) fn optional<T, U>(
        &mut self,
        given: Option<T>,
        check: impl FnOnce(&mut Self, T) -> Option<U>,
    ) -> Option<Option<U>> {
        match given {
            None => Some(None),
            Some(given) => check(self, given).map(Some),
        }
    }

    pub(super) fn device(&mut self, field: &str, id: &str) -> Option<DeviceId> {
        self.take(field, "the global id of a device, or a Bluetooth address", device_id(id))
    }

    pub(super) fn room(&mut self, field: &str, id: &str) -> Option<RoomId> {
        self.take(field, "the global id of a room", room_id(id))
    }

    pub(super) fn sensor(&mut self, field: &str, id: &str) -> Option<SeriesKey> {
        self.take(field, "the global id of a sensor", sensor_key(id))
    }

    pub(super) fn name(&mut self, field: &str, text: &str) -> Option<Name> {
        self.take(field, "1 to 64 characters without control characters", Name::parse(text))
    }

    /// A key is never repeated in a message.
    pub(super) fn key(&mut self, field: &str, text: &str) -> Option<BindKey> {
        let mut bytes = [0; 16];
        let decoded = hex::decode_to_slice(text, &mut bytes).map(|()| BindKey::new(bytes));
        self.take(field, "32 hex digits", decoded.map_err(|_| "the bind key is not 32 hex digits"))
    }

    pub(super) fn days(&mut self, field: &str, days: i32) -> Option<u32> {
        let days_in_range = u32::try_from(days).ok().filter(|days| (1..=MAX_DAYS).contains(days));
        if days_in_range.is_none() {
            let message = format!("{field} is {days}; expected 1 to {MAX_DAYS}, or null for ever");
            self.errors.push(OutOfRangeError::at(field, message, format!("1 to {MAX_DAYS}, or null")).into());
        }
        days_in_range
    }

    /// An offset in steps, of a number in the quantity's unit.
    pub(super) fn offset(&mut self, field: &str, quantity: Quantity, offset: f64) -> Option<i64> {
        if quantity.kind() == Kind::Binary {
            let message = format!("{} is either 0 or 1 and takes no offset", quantity.name());
            self.errors.push(InvalidInputError::at(field, message, "a sensor that measures a level").into());
            return None;
        }
        let plausible = quantity.plausible();
        let span = plausible.end().saturating_sub(*plausible.start());
        let steps = quantity.from_f64(offset).filter(|steps| steps.unsigned_abs() <= span.unsigned_abs());
        let Some(steps) = steps else {
            let most = quantity.display(span);
            let expected = format!("-{most} to {most} {}", quantity.unit());
            let message = format!("{field} is {offset}; expected {expected}");
            self.errors.push(OutOfRangeError::at(field, message, expected).into());
            return None;
        };
        // A client may have calculated 0.1 + 0.2: what differs in the tenth digit only is meant.
        if (quantity.to_f64(steps) - offset).abs() > 1e-9 * offset.abs().max(1e-9) {
            let expected = format!("a multiple of {} {}", quantity.display(1), quantity.unit());
            let message = format!("{field} is {offset}; expected {expected}");
            self.errors.push(InvalidInputError::at(field, message, expected.trim_end()).into());
            return None;
        }
        Some(steps)
    }
}
