//! Who is being paired, and how far that is.

use hub_link::Label;
use hub_model::{EventBody, Pairing, PairingFailure, PairingId, PairingStep, RawAdvert, Wishes};

use super::Sensors;

/// How long a sensor is looked for that is not heard, ms of looking.
pub(crate) const LOOK_MS: u64 = 60_000;
/// Pairings that may be under way at once.
pub(super) const MOST_UNDERWAY: usize = 50;
/// Ended pairings that are remembered.
const MOST_ENDED: usize = 100;

/// All pairings since the hub started but the longest ended.
#[derive(Default)]
pub(super) struct Pairings {
    pub(super) all: Vec<Underway>,
    last: u32,
}

pub(super) struct Underway {
    pub(super) pairing: Pairing,
    label: Label,
    wishes: Wishes,
    asked_ms: u64,
    /// Since when nobody else was paired, so that the hub could look for it.
    looked_from_ms: u64,
    is_cancelled: bool,
}

impl Underway {
    const fn has_ended(&self) -> bool {
        self.pairing.step.is_last()
    }
}

/// A pairing whose sensor was just heard.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) id: PairingId,
    pub(crate) label: Label,
    pub(crate) wishes: Wishes,
}

impl Pairings {
    pub(super) fn begin(&mut self, label: Label, wishes: Wishes, now_ms: u64) -> Pairing {
        self.last += 1;
        let pairing = Pairing { id: PairingId(self.last), uid: label.uid(), step: PairingStep::Looking, took_ms: 0 };
        self.all.push(Underway {
            pairing: pairing.clone(),
            label,
            wishes,
            asked_ms: now_ms,
            looked_from_ms: now_ms,
            is_cancelled: false,
        });
        let ended = self.all.iter().filter(|each| each.has_ended()).count();
        if ended > MOST_ENDED
            && let Some(oldest) = self.all.iter().position(Underway::has_ended)
        {
            self.all.remove(oldest);
        }
        pairing
    }

    pub(super) fn underway(&self) -> impl Iterator<Item = &Underway> {
        self.all.iter().filter(|each| !each.has_ended())
    }

    /// The pairing as it stands now.
    pub(super) fn shown(each: &Underway, now_ms: u64) -> Pairing {
        match each.has_ended() {
            true => each.pairing.clone(),
            false => Pairing { took_ms: now_ms.saturating_sub(each.asked_ms), ..each.pairing.clone() },
        }
    }

    pub(super) fn cancel(&mut self, id: PairingId, now_ms: u64) -> Option<Pairing> {
        let each = self.all.iter_mut().find(|each| each.pairing.id == id)?;
        each.is_cancelled = true;
        Some(Self::shown(each, now_ms))
    }
}

impl Sensors {
    /// Which of the sensors that are looked for sent this advert.
    pub(crate) fn found(&self, advert: &RawAdvert) -> Option<Found> {
        let state = self.state();
        let looked_for = state.pairings.underway().find(|each| each.label.is_of(advert))?;
        let (label, wishes) = (looked_for.label.clone(), looked_for.wishes.clone());
        Some(Found { id: looked_for.pairing.id, label, wishes })
    }

    /// Is somebody looked for?
    pub(crate) fn is_looking(&self) -> bool {
        self.state().pairings.underway().next().is_some()
    }

    /// The pairings that were called off, or looked for in vain for too long.
    pub(crate) fn given_up(&self) -> Vec<(PairingId, PairingFailure)> {
        let now_ms = self.clock.now().stamp.ms;
        let state = self.state();
        let given_up = state.pairings.underway().filter_map(|each| {
            let is_over = now_ms.saturating_sub(each.looked_from_ms) >= LOOK_MS;
            match each.is_cancelled {
                true => Some((each.pairing.id, PairingFailure::Cancelled)),
                false => is_over.then_some((each.pairing.id, PairingFailure::NotFound)),
            }
        });
        given_up.collect()
    }

    /// Was this pairing called off?
    pub(crate) fn is_cancelled(&self, id: PairingId) -> bool {
        self.state().pairings.underway().any(|each| each.pairing.id == id && each.is_cancelled)
    }

    /// The hub looks again for all that it has not found, after it was busy with another.
    pub(crate) fn look_again(&self) {
        let now_ms = self.clock.now().stamp.ms;
        self.state().pairings.all.iter_mut().for_each(|each| each.looked_from_ms = now_ms);
    }

    /// A pairing has come a step further: remembered and told.
    pub(crate) fn step(&self, id: PairingId, step: PairingStep) {
        let now_ms = self.clock.now().stamp.ms;
        {
            let mut state = self.state();
            let Some(each) = state.pairings.all.iter_mut().find(|each| each.pairing.id == id) else { return };
            if each.pairing.step == step || each.has_ended() {
                return;
            }
            each.pairing.step = step;
            each.pairing.took_ms = now_ms.saturating_sub(each.asked_ms);
        }
        tracing::info!(pairing = id.0, ?step, "a pairing");
        self.tell(EventBody::PairingProgressed { pairing: id, step });
    }
}
