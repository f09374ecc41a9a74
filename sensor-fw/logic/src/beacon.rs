use units::{Measure, Quantity};
use wire::{
    bthome::{Fact, Payload},
    log::SampleId,
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
/// more, those that moved come first, then those that were silent longest.
#[derive(Debug, Clone)]
pub struct Beacon {
    states: [State; MAX_CHANNELS],
    heartbeat_s: u32,
    told_s: Option<u32>,
}

#[derive(Debug, Clone, Copy)]
struct State {
    channel: Option<Channel>,
    value: Option<i64>,
    told: Option<i64>,
    told_s: u32,
}

impl State {
    const EMPTY: Self = Self { channel: None, value: None, told: None, told_s: 0 };

    fn has_moved(&self) -> bool {
        let (Some(channel), Some(value)) = (self.channel, self.value) else { return false };
        self.told.is_none_or(|told| value.abs_diff(told) >= u64::from(channel.band.max(1)))
    }
}

impl Beacon {
    /// A beacon of these channels, of which those behind the eighth are left out; at the latest after `heartbeat_s`
    /// it tells anew, changed or not.
    pub fn new(channels: &[Channel], heartbeat_s: u32) -> Self {
        let mut states = [State::EMPTY; MAX_CHANNELS];
        states.iter_mut().zip(channels).for_each(|(state, channel)| state.channel = Some(*channel));
        Self { states, heartbeat_s, told_s: None }
    }

    /// Takes what was measured, and tells which channel it is of; what is of none is nobody's business.
    pub fn measured(&mut self, measure: Measure) -> Option<usize> {
        let is_own = |state: &State| state.channel.is_some_and(|channel| channel.quantity == measure.quantity);
        let at = self.states.iter().position(is_own)?;
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
        let mut order: [usize; MAX_CHANNELS] = core::array::from_fn(|at| at);
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
