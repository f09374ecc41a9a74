//! What is on the air, and when.

use fw_logic::Phase;

/// How long a sensor that waits for its hub's word sends adverts of one kind, ms.
const TURN_MS: u64 = 1000;
/// Between pairing adverts: somebody stands there with a phone.
pub(crate) const PAIRING_INTERVAL_MS: u32 = 100;

/// What is to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Air {
    /// Nothing.
    Silence,
    /// The pairing advert, connectable.
    Pairing,
    /// What the sensor tells its owner.
    Beacon {
        /// May a hub connect?
        is_connectable: bool,
    },
}

/// What decides about it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reasons {
    /// There is an advert for an owner.
    pub(crate) has_advert: bool,
    /// Whoever has the label may claim the sensor.
    pub(crate) is_window_open: bool,
    /// Somebody is connected, and one at a time is enough.
    pub(crate) is_connected: bool,
    /// How the radio is used, and until when.
    pub(crate) phase: (Phase, u64),
}

impl Air {
    /// What is to be sent now, and until when that is so.
    ///
    /// A sensor that was claimed, but does not know whether its hub knows, is heard by both: by its hub, and by whoever
    /// pairs it again.
    pub(crate) fn choose(reasons: &Reasons, now_ms: u64) -> (Self, u64) {
        let Reasons { has_advert, is_window_open, is_connected, phase: (phase, until_ms) } = *reasons;
        let is_connectable = !is_connected && phase == Phase::Window;
        let beacon = Self::Beacon { is_connectable };
        match (has_advert, is_window_open && !is_connected) {
            (false, false) => (Self::Silence, u64::MAX),
            (false, true) => (Self::Pairing, u64::MAX),
            (true, false) => (beacon, until_ms),
            (true, true) => {
                let turn = now_ms / TURN_MS;
                let air = if turn.is_multiple_of(2) { beacon } else { Self::Pairing };
                (air, until_ms.min((turn + 1) * TURN_MS))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUIET: Reasons =
        Reasons { has_advert: false, is_window_open: false, is_connected: false, phase: (Phase::Window, 30_000) };

    fn check(reasons: Reasons, now_ms: u64, expected: (Air, u64)) {
        assert_eq!(Air::choose(&reasons, now_ms), expected, "{reasons:?} at {now_ms}");
    }

    #[test]
    fn a_sensor_without_an_owner_is_heard_in_its_window_only() {
        check(QUIET, 0, (Air::Silence, u64::MAX));
        let open = Reasons { is_window_open: true, ..QUIET };
        check(open, 0, (Air::Pairing, u64::MAX));
        check(Reasons { is_connected: true, ..open }, 0, (Air::Silence, u64::MAX));
    }

    #[test]
    fn a_hub_can_connect_in_windows_and_one_at_a_time() {
        let owned = Reasons { has_advert: true, ..QUIET };
        let (open, closed) = (Air::Beacon { is_connectable: true }, Air::Beacon { is_connectable: false });
        check(owned, 0, (open, 30_000));
        check(Reasons { is_connected: true, ..owned }, 0, (closed, 30_000));
        check(Reasons { phase: (Phase::Beacon, 600_000), ..owned }, 0, (closed, 600_000));
        check(Reasons { phase: (Phase::Burst, 500), ..owned }, 0, (closed, 500));
    }

    #[test]
    fn a_pending_sensor_is_heard_by_its_hub_and_by_whoever_pairs_it_again() {
        let pending = Reasons { has_advert: true, is_window_open: true, ..QUIET };
        check(pending, 200, (Air::Beacon { is_connectable: true }, 1000));
        check(pending, 1200, (Air::Pairing, 2000));
        check(pending, 29_500, (Air::Pairing, 30_000));
        check(Reasons { is_connected: true, ..pending }, 1200, (Air::Beacon { is_connectable: false }, 30_000));
    }
}
