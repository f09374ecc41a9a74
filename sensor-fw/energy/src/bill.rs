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

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::{
        flash::Tally,
        profile::{DOOR, ROOM},
        radio::Air,
        table::{chips, stacks},
    };

    const RADIO: Radio<'_> = Radio { chip: &chips::NRF52840, stack: &stacks::NORDIC, dbm: 0 };

    fn check(charge: Charge, microcoulombs: f64) {
        let charge = charge.as_microcoulombs();
        assert!((charge - microcoulombs).abs() < 1e-6 * microcoulombs.abs().max(1.0), "{charge}, not {microcoulombs}");
    }

    #[test]
    fn nothing_but_sleep_costs_nothing_but_sleep() {
        let bill = Bill::new(&Counts { seconds: 1000, ..Counts::default() }, &ROOM, RADIO);
        // 1.30 µA, 64 KiB at 5.4 nA, and a probe that idles at 80 nA.
        check(bill.asleep, 1645.6);
        check(bill.sensors, 80.0);
        assert!((bill.average().as_microamps() - 1.7256).abs() < 1e-9);
    }

    #[test]
    fn each_event_has_its_price() {
        let beacon = Air { data_bytes: 31, is_connectable: false };
        let open = Air { data_bytes: 20, is_connectable: true };
        let counts = Counts {
            seconds: 1,
            adverts: BTreeMap::from([(beacon, 10), (open, 3)]),
            wakes: 4,
            samples: 5,
            readings: 6,
            supply_readings: 7,
            frames: 2,
            aes_blocks: 8,
            closed_ms: 0,
            links: 0,
            flash: Tally { read_bytes: 100, words: 11, written_bytes: 44, erasures: 1 },
        };
        let bill = Bill::new(&counts, &ROOM, RADIO);
        check(bill.adverts, 10.0 * RADIO.advert(beacon).as_microcoulombs());
        check(bill.windows, 3.0 * RADIO.advert(open).as_microcoulombs());
        let cycles = 4.0 * 3000.0 + 5.0 * 1600.0 + 2.0 * (10_300.0 + 9650.0) + 8.0 * 6300.0 + 144.0 * 110.0;
        check(bill.processor, cycles / 64.0 * 3.3e-3);
        // 81 bits of 2.5 µs at 1.3 mA.
        check(bill.sensors, 0.08 + 6.0 * (2.66 + 81.0 * 2.5e-3 * 1.3) + 7.0 * 0.2);
        check(bill.flash, 6.6 * (11.0 * 0.041 + 85.0));
        let sum: Charge = bill.parts().into_iter().map(|(_, charge)| charge).sum();
        check(sum, bill.average().as_microamps());
    }

    #[test]
    fn a_closed_contact_costs_through_its_resistor_and_a_link_what_is_said_in_it() {
        let counts = Counts { seconds: 100, closed_ms: 50_000, ..Counts::default() };
        check(Bill::new(&counts, &DOOR, RADIO).sensors, 0.64 * 50.0);
        let bill = Bill::new(&Counts { links: 1, ..counts }, &DOOR, RADIO);
        let silent = RADIO.meeting(Meeting::silent(Span::millis(30.0))).as_microcoulombs();
        // 251 bytes more in twenty of sixty.
        check(bill.windows, 60.0 * silent + 20.0 * 251.0 * 0.008 * 6.40);
        check(bill.processor, (2.0 * 5e6 + 20.0 * 40_000.0) / 64.0 * 3.3e-3);
    }
}
