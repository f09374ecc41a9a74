use units::{Measure, Quantity};
use wire::{
    bthome::{Fact, Payload},
    log::SampleId,
    settings::Settings,
};

/// Most quantities that a sensor tells.
pub const MAX_CHANNELS: usize = 8;
/// What a sealed legacy advert has room for: 31 bytes less flags (3), service data head (4), device info (1), counter
/// and check (8).
const ROOM: usize = 15;

/// A quantity that a sensor tells, and how far it may move before it is told anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Channel {
    /// What.
    pub quantity: Quantity,
    /// The dead-band: a value this many steps away from the last told, or more, is told. At least 1.
    pub band: u32,
}

/// What the adverts of a sensor tell, and when it is time to tell something else.
///
/// An advert is repeated as it is until a value leaves its dead-band or the heartbeat is due: receivers drop repetitions
/// for nothing, and every change costs a number of the counter. A frame has room for four or five values; where there are
/// more, those that moved come first, then those that were silent longest. The revision of the settings is one of them,
/// so that a hub sees whether the sensor does what it is told.
#[derive(Debug, Clone)]
pub struct Beacon {
    /// The channels, then the revision of the settings.
    states: [State; MAX_CHANNELS + 1],
    heartbeat_s: u32,
    told_s: Option<u32>,
}

#[derive(Debug, Clone, Copy)]
struct State {
    channel: Option<Channel>,
    /// The dead-band: the owner's, or that of the product.
    band: u32,
    value: Option<i64>,
    told: Option<i64>,
    told_s: u32,
}

impl State {
    const EMPTY: Self = Self { channel: None, band: 1, value: None, told: None, told_s: 0 };

    fn has_moved(&self) -> bool {
        let Some(value) = self.value else { return false };
        self.told.is_none_or(|told| value.abs_diff(told) >= u64::from(self.band.max(1)))
    }
}

impl Beacon {
    /// A beacon of these channels, of which those behind the eighth are left out; at the latest after the heartbeat of
    /// the settings it tells anew, changed or not.
    pub fn new(channels: &[Channel], settings: &Settings) -> Self {
        let mut states = [State::EMPTY; MAX_CHANNELS + 1];
        let revision = Channel { quantity: Quantity::SettingsRevision, band: 1 };
        let own = channels.iter().take(MAX_CHANNELS).chain([&revision]);
        states.iter_mut().zip(own).for_each(|(state, channel)| state.channel = Some(*channel));
        let mut beacon = Self { states, heartbeat_s: 0, told_s: None };
        beacon.adopt(settings);
        beacon
    }

    /// Takes over other dead-bands and another heartbeat, and is due at once with all that it knows.
    pub fn adopt(&mut self, settings: &Settings) {
        for state in &mut self.states {
            let Some(channel) = state.channel else { continue };
            state.band = settings.band(channel.quantity.code()).unwrap_or(channel.band);
            (state.told, state.told_s) = (None, 0);
            if channel.quantity == Quantity::SettingsRevision {
                state.value = Some(settings.revision.into());
            }
        }
        (self.heartbeat_s, self.told_s) = (settings.heartbeat_s.into(), None);
    }

    /// Takes what was measured, and tells which channel it is of; what is of none is nobody's business.
    pub fn measured(&mut self, measure: Measure) -> Option<usize> {
        let is_own = |state: &State| state.channel.is_some_and(|channel| channel.quantity == measure.quantity);
        let at = self.states.iter().take(MAX_CHANNELS).position(is_own)?;
        self.states.get_mut(at)?.value = Some(measure.value);
        Some(at)
    }

    /// Is it time for a new payload?
    pub fn is_due(&self, uptime_s: u32) -> bool {
        let is_silent = self.told_s.is_none_or(|told_s| uptime_s.saturating_sub(told_s) >= self.heartbeat_s);
        is_silent || self.states.iter().any(State::has_moved)
    }

    /// The next payload: a [hint](SampleId::hint) at the newest sample and as many values as fit into a sealed legacy
    /// advert. A value that BTHome cannot say is left out until it changes.
    pub fn payload(&mut self, uptime_s: u32, newest: SampleId) -> Payload {
        let mut payload = Payload::new();
        // An empty payload has room for two bytes.
        let _ = payload.push_fact(Fact::Raw(&newest.hint()));
        let mut order: [usize; MAX_CHANNELS + 1] = core::array::from_fn(|at| at);
        order.sort_unstable_by_key(|at| {
            self.states.get(*at).map(|state| (!state.has_moved(), state.told.is_some(), state.told_s, *at))
        });
        for at in order {
            let Some(state) = self.states.get_mut(at) else { continue };
            let (Some(channel), Some(value)) = (state.channel, state.value) else { continue };
            let mut longer = payload.clone();
            let is_said = longer.push(Measure::new(channel.quantity, value)).is_ok();
            if is_said && longer.objects().len() > ROOM {
                continue;
            }
            (state.told, state.told_s) = (Some(value), uptime_s);
            if is_said {
                payload = longer;
            }
        }
        self.told_s = Some(uptime_s);
        payload
    }
}

#[cfg(test)]
mod tests;
