use crate::{
    charge::{Charge, Current, Span},
    table::{chips::Chip, stacks::Stack},
};

/// At 1 Mb/s a byte takes so long.
const BYTE: Span = Span::micros(8.0);
/// Inter frame space (Core 5.4, volume 6, part B, 4.1.1).
const SPACE: Span = Span::micros(150.0);
/// Preamble 1, access address 4, header 2, check sum 3 (Core 5.4, volume 6, part B, 2.1).
const FRAME_BYTES: u32 = 1 + 4 + 2 + 3;
/// An advert begins with the address of who sends it (the same, 2.3.1).
const ADDRESS_BYTES: u32 = 6;
const CHANNELS: f64 = 3.0;

/// What an advert is to the radio.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Air {
    /// Bytes of advertising data, 0 to 31.
    pub data_bytes: u8,
    /// Does the radio listen for an answer?
    pub is_connectable: bool,
}

/// What a connection event is to the radio.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Meeting {
    /// Since both have last set their clocks by each other.
    pub since: Span,
    /// Packets that the sensor sends; an empty one says nothing but that it is there.
    pub packets: u32,
    /// Bytes of payload in each, L2CAP and check with them.
    pub payload_bytes: u32,
}

impl Meeting {
    /// One at which nobody has anything to say.
    pub const fn silent(since: Span) -> Self {
        Self { since, packets: 1, payload_bytes: 0 }
    }
}

/// A chip with a link layer that sends at some power.
#[derive(Debug, Clone, Copy)]
pub struct Radio<'a> {
    /// The chip.
    pub chip: &'a Chip,
    /// The link layer.
    pub stack: &'a Stack,
    /// The power in dBm.
    pub dbm: i8,
}

impl Radio<'_> {
    /// Time on the air of a packet with so many bytes of payload.
    pub fn air(payload_bytes: u32) -> Span {
        BYTE * f64::from(FRAME_BYTES + payload_bytes)
    }

    /// An advert on all three channels, with the processor time of the link layer.
    pub fn advert(&self, air: Air) -> Charge {
        let stack = &self.stack.figures;
        let sent = Self::air(ADDRESS_BYTES + u32::from(air.data_bytes));
        let listened = if air.is_connectable { SPACE + stack.listening.value } else { Span::ZERO };
        let channel = self.ramp() + self.chip.sending(self.dbm) * sent + self.receiving() * listened;
        let standing_by = self.chip.figures.standing_by.value * (stack.channel_change.value * (CHANNELS - 1.0));
        self.around(stack.awake_per_advert.value) + channel * CHANNELS + standing_by
    }

    /// A connection event of a sensor, with the processor time of the link layer: it listens early enough to hear its
    /// hub, and answers each of its packets.
    pub fn meeting(&self, meeting: Meeting) -> Charge {
        let stack = &self.stack.figures;
        let early = meeting.since * (stack.clock_ppm.value / 1e6);
        let heard = self.receiving() * (Self::air(0) + SPACE);
        let answered = self.chip.sending(self.dbm) * Self::air(meeting.payload_bytes);
        let between = self.receiving() * (SPACE * f64::from(meeting.packets.saturating_sub(1)));
        self.around(stack.awake_per_connection_event.value)
            + self.ramp()
            + self.receiving() * early
            + (heard + answered) * f64::from(meeting.packets)
            + between
    }

    /// The crystal starts, and the processor is awake.
    fn around(&self, awake: Span) -> Charge {
        let figures = &self.chip.figures;
        figures.crystal_starting.value * self.stack.figures.crystal_lead.value + figures.awake.value * awake
    }

    /// The radio starts: its oscillator runs, its amplifier not yet, as when it receives.
    fn ramp(&self) -> Charge {
        self.receiving() * self.stack.figures.ramp.value
    }

    const fn receiving(&self) -> Current {
        self.chip.figures.receiving.value
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::{chips, stacks};

    #[test]
    fn a_full_legacy_advert_is_376_microseconds_on_the_air() {
        assert!((Radio::air(6 + 31).as_micros() - 376.0).abs() < 1e-9);
        assert!((Radio::air(0).as_micros() - 80.0).abs() < 1e-9);
    }

    #[test]
    fn an_advert_is_the_sum_of_what_happens_in_it() {
        let radio = Radio { chip: &chips::NRF52840, stack: &stacks::NORDIC, dbm: 0 };
        let air = Air { data_bytes: 31, is_connectable: false };
        // Three packets; three ramps; two changes of channel; the crystal; the processor.
        let expected = 3.0 * 0.376 * 6.40 + 3.0 * 0.040 * 6.26 + 2.0 * 0.250 * 0.67 + 0.854 * 0.58 + 0.26 * 3.3;
        assert!((radio.advert(air).as_microcoulombs() - expected).abs() < 1e-9);
        let open = radio.advert(Air { is_connectable: true, ..air });
        assert!((open.as_microcoulombs() - expected - 3.0 * 0.210 * 6.26).abs() < 1e-9);
    }

    #[test]
    fn who_is_called_less_often_listens_longer() {
        let radio = Radio { chip: &chips::NRF52840, stack: &stacks::NORDIC, dbm: 0 };
        let [often, seldom] =
            [Span::millis(30.0), Span::seconds(2.0)].map(|since| radio.meeting(Meeting::silent(since)));
        // 140 µs more.
        assert!((seldom.as_microcoulombs() - often.as_microcoulombs() - 0.1379 * 6.26).abs() < 1e-6);
    }
}
