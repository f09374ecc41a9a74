use std::fmt;

use crate::{
    charge::{Charge, Current, Span},
    profile::Profile,
    radio::{Meeting, Radio},
    table::{
        parts::{BOARD, REED},
        program::PROGRAM,
    },
    week::Counts,
};

/// Once a day the hub asks how it is and fetches what it missed: connection events of such a link, 30 ms apart.
const LINK_MEETINGS: f64 = 60.0;
const LINK_INTERVAL: Span = Span::millis(30.0);
/// Packets of the longest payload (Core 5.4, volume 6, part B, 2.4) that the sensor sends in them.
const LINK_PACKETS: f64 = 20.0;
const LINK_PAYLOAD_BYTES: u32 = 251;
/// Multiplications on the curve for the handshake: a key of its own, and the secret.
const LINK_EXCHANGES: f64 = 2.0;

/// Where the charge went.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bill {
    /// How long it was.
    pub span: Span,
    /// The chip asleep: clock and memory.
    pub asleep: Charge,
    /// Adverts, and the processor time of the link layer for them.
    pub adverts: Charge,
    /// Adverts that a hub may connect to, and links.
    pub windows: Charge,
    /// The processor, for our program.
    pub processor: Charge,
    /// What measures, and the bus to it.
    pub sensors: Charge,
    /// Writing and erasing flash.
    pub flash: Charge,
}

impl Bill {
    /// The bill for what was counted.
    pub fn new(counts: &Counts, profile: &Profile, radio: Radio<'_>) -> Self {
        let span = counts.span();
        let adverts = |is_connectable| -> Charge {
            let own = counts.adverts.iter().filter(|(air, _)| air.is_connectable == is_connectable);
            own.map(|(air, count)| radio.advert(*air) * *count as f64).sum()
        };
        let link = radio.meeting(Meeting::silent(LINK_INTERVAL)) * (LINK_MEETINGS - LINK_PACKETS)
            + radio.meeting(Meeting { since: LINK_INTERVAL, packets: 1, payload_bytes: LINK_PAYLOAD_BYTES })
                * LINK_PACKETS;
        Self {
            span,
            asleep: radio.chip.asleep(profile.ram_kib) * span,
            adverts: adverts(false),
            windows: adverts(true) + link * counts.links as f64,
            processor: processor(counts, radio),
            sensors: sensors(counts, profile, radio),
            flash: flash(counts, radio),
        }
    }

    /// Its parts with their names.
    pub const fn parts(&self) -> [(&'static str, Charge); 6] {
        [
            ("asleep", self.asleep),
            ("adverts", self.adverts),
            ("windows", self.windows),
            ("processor", self.processor),
            ("sensors", self.sensors),
            ("flash", self.flash),
        ]
    }

    /// What it takes on average.
    pub fn average(&self) -> Current {
        self.parts().into_iter().map(|(_, charge)| charge).sum::<Charge>().per(self.span)
    }
}

impl fmt::Display for Bill {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:6.2} µA =", self.average().as_microamps())?;
        for (nth, (name, charge)) in self.parts().into_iter().enumerate() {
            let plus = if nth == 0 { "" } else { " +" };
            write!(f, "{plus} {name} {:.3}", charge.per(self.span).as_microamps())?;
        }
        Ok(())
    }
}

fn processor(counts: &Counts, radio: Radio<'_>) -> Charge {
    let (program, flash) = (&PROGRAM, &counts.flash);
    let frame = program.cycles_per_payload.value + program.cycles_per_key.value;
    let link =
        LINK_EXCHANGES * program.cycles_per_exchange.value + LINK_PACKETS * program.cycles_per_notification.value;
    let cycles = counts.wakes as f64 * program.cycles_per_wake.value
        + counts.samples as f64 * program.cycles_per_sample.value
        + counts.frames as f64 * frame
        + counts.aes_blocks as f64 * program.cycles_per_block.value
        + (flash.read_bytes + flash.written_bytes) as f64 * program.cycles_per_flash_byte.value
        + counts.links as f64 * link;
    radio.chip.figures.awake.value * radio.chip.cycles(cycles)
}

fn sensors(counts: &Counts, profile: &Profile, radio: Radio<'_>) -> Charge {
    let probe = profile.probe.map_or(Charge::ZERO, |probe| {
        let bus = BOARD.bus_pull_up.value + radio.chip.figures.bus_master.value;
        let reading = probe.reading.value + bus * (BOARD.bus_bit.value * probe.bus_bits.value);
        probe.idle.value * counts.span() + reading * counts.readings as f64
    });
    let closed = REED.closed.value * Span::millis(counts.closed_ms as f64);
    probe + closed + BOARD.supply_reading.value * counts.supply_readings as f64
}

fn flash(counts: &Counts, radio: Radio<'_>) -> Charge {
    let figures = &radio.chip.figures;
    let busy =
        figures.word_write.value * counts.flash.words as f64 + figures.page_erase.value * counts.flash.erasures as f64;
    figures.flash_at_work.value * busy
}
