use hub_model::{DeviceId, Figures, Reading};

use crate::{ArchiveError, Rejected};

/// What a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Single readings.
    Readings,
    /// Hours and days whose readings are not kept.
    Figures,
}

/// One row of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Record {
    /// A reading.
    Reading(Reading),
    /// The figures of an hour or a day.
    Figures(Figures),
}

/// What a reader has for a row: its record, or why it is none. Bad rows stop nothing.
pub type Row = Result<Record, Rejected>;

/// Where records go.
pub trait RecordWriter {
    /// Takes a record of the kind that the file is for; another kind is left out. False: a value or time that no file
    /// can hold, so far from anything that is ever measured is it.
    ///
    /// # Errors
    /// When it cannot be written.
    fn write(&mut self, record: &Record) -> Result<bool, ArchiveError>;

    /// Writes what is left and ends the file.
    ///
    /// # Errors
    /// When it cannot be written.
    fn finish(self: Box<Self>) -> Result<(), ArchiveError>;
}

/// A device as people know it: its Bluetooth address, or the number on our own.
pub(crate) fn device_text(device: DeviceId) -> String {
    let text = device.to_string();
    if text.len() != 12 {
        return text;
    }
    let mut address = String::with_capacity(17);
    for (nth, digit) in text.chars().enumerate() {
        if nth > 0 && nth % 2 == 0 {
            address.push(':');
        }
        address.push(digit.to_ascii_uppercase());
    }
    address
}
