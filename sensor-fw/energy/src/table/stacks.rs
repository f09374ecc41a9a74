//! Link layers: what the specification leaves to them.

use crate::charge::Span;

use super::{Figure, figures};

/// A link layer.
#[derive(Debug, Clone, Copy)]
pub struct Stack {
    /// What it is called.
    pub name: &'static str,
    /// Its times.
    pub figures: StackFigures,
}

figures! {
    /// What a link layer does around the air.
    StackFigures {
        /// The crystal is started so long before the first bit.
        crystal_lead: Span,
        /// The processor is awake so long for an advert on three channels.
        awake_per_advert: Span,
        /// The processor is awake so long for a connection event.
        awake_per_connection_event: Span,
        /// The radio starts so long before each packet.
        ramp: Span,
        /// Between the end of one advert packet and the start of the radio for the next.
        channel_change: Span,
        /// After an advert that invites an answer the radio listens so long, after the inter frame space.
        listening: Span,
        /// Random delay that is added to each advert interval, in the mean.
        advert_delay: Span,
        /// How much two clocks may differ, in parts of a million: so much earlier a sensor listens for its hub.
        clock_ppm: f64,
    }
}

const LISTENING: Figure<Span> = Figure::derived(
    Span::micros(60.0),
    "Core 5.4, volume 6, part B, 2.1: preamble and access address take 40 µs; and 20 µs until the radio gives up",
);
const ADVERT_DELAY: Figure<Span> = Figure::measured(
    Span::millis(5.0),
    "Core 5.4, volume 6, part B, 4.4.2.2: 0 to 10 ms, random; in b-parasite's trace 63 adverts at 30 ms are 35.08 ms apart",
);
const FAST_RAMP: Figure<Span> = Figure::quoted(
    Span::micros(40.0),
    "nRF52 PS, radio, tTXEN,FAST 40 µs; Zephyr turns it on by default (CONFIG_BT_CTLR_RADIO_ENABLE_FAST)",
);
const CHANNEL_CHANGE: Figure<Span> = Figure::unverified(
    Span::micros(250.0),
    "as sniffers show them, 150 to 400 µs; S140 needs more than 170 µs (its specification, tnISR(0))",
);

/// Nordic's link layer on its multiprotocol library: what our sensors run (crates nrf-sdc, nrf-mpsl), and its older
/// brother, the SoftDevice S132 of the RuuviTag.
pub const NORDIC: Stack = Stack {
    name: "nordic",
    figures: StackFigures {
        crystal_lead: Figure::read(
            Span::micros(854.0),
            "mpsl_clock.h of nrfxlib: MPSL_CLOCK_HF_LATENCY_TYPICAL (396 best, 1525 worst)",
        ),
        awake_per_advert: Figure::derived(
            Span::micros(260.0),
            "S140 specification, processor usage when advertising, typical: 32 + 12 + 2×54 + 77 µs and 28 µs as in S132's, which sums to 227 µs (infocenter.nordicsemi.com)",
        ),
        awake_per_connection_event: Figure::read(
            Span::micros(250.0),
            "S132 specification, processor usage when connected, typical sum for a packet each way (infocenter.nordicsemi.com)",
        ),
        ramp: FAST_RAMP,
        channel_change: CHANNEL_CHANGE,
        listening: LISTENING,
        advert_delay: ADVERT_DELAY,
        clock_ppm: Figure::derived(70.0, "our crystal 20 ppm, the hub's 50 ppm (Core 5.4, volume 6, part B, 4.2.2)"),
    },
};

/// Zephyr's own link layer, of b-parasite.
pub const ZEPHYR: Stack = Stack {
    name: "zephyr",
    figures: StackFigures {
        crystal_lead: Figure::read(
            Span::micros(1500.0),
            "Zephyr, controller, ll_sw/nordic/lll/lll_vendor.h: EVENT_OVERHEAD_XTAL_US",
        ),
        awake_per_advert: Figure::fitted(
            Span::micros(2480.0),
            "to b-parasite's 810 µA at 30 ms; all that the other figures do not tell is in it (its trace shows 7 % more sending current than the PS)",
        ),
        awake_per_connection_event: Figure::derived(Span::micros(2480.0), "as for an advert; no anchor uses it"),
        ramp: FAST_RAMP,
        channel_change: CHANNEL_CHANGE,
        listening: LISTENING,
        advert_delay: ADVERT_DELAY,
        clock_ppm: Figure::derived(70.0, "crystal 20 ppm, the other side 50 ppm"),
    },
};

/// Telink's link layer, of the thermometer LYWSD03MMC.
pub const TELINK: Stack = Stack {
    name: "telink",
    figures: StackFigures {
        crystal_lead: Figure::derived(Span::ZERO, "within the time awake"),
        awake_per_advert: Figure::derived(
            Span::micros(1600.0),
            "3.5 ms a bare advert event (pvvx in atc1441/ATC_MiThermometer issue 134) less what the radio takes of it",
        ),
        awake_per_connection_event: Figure::derived(Span::micros(1600.0), "the same wake-up"),
        ramp: Figure::unverified(Span::micros(113.0), "TLSR825x: the radio settles in 113 µs"),
        channel_change: Figure::derived(Span::ZERO, "within the time awake"),
        listening: LISTENING,
        advert_delay: ADVERT_DELAY,
        clock_ppm: Figure::unverified(
            550.0,
            "internal RC oscillator, calibrated by the crystal, 500 ppm; the other side 50 ppm",
        ),
    },
};

/// All of them.
pub const ALL: [Stack; 3] = [NORDIC, ZEPHYR, TELINK];
