//! When an unclaimed sensor may be claimed: for 10 minutes after somebody touched it, and not in a pause.

use wire::pairing_advert::PairingAdvert;

use super::{Fault, Output, limit::pause_ms};

/// How long a window is open, ms.
const OPEN_MS: u64 = 600_000;

#[derive(Debug)]
pub(super) struct Window {
    open: Option<Open>,
    /// The pause after failed handshakes ends here.
    deaf_until_ms: u64,
    /// Is the advert being sent?
    is_shown: bool,
    /// Should it be?
    is_wanted: bool,
}

#[derive(Debug)]
struct Open {
    advert: PairingAdvert,
    /// It has not been shown yet.
    is_new: bool,
    until_ms: u64,
}

impl Window {
    /// Closed; a pause of the life before begins anew, so that pulling the battery does not end it.
    pub(super) fn new(failures: u8, now_ms: u64) -> Self {
        Self { open: None, deaf_until_ms: now_ms + pause_ms(failures), is_shown: false, is_wanted: false }
    }

    /// Opens it for 10 minutes, from the end of a pause on if there is one.
    pub(super) fn open(&mut self, advert: PairingAdvert, now_ms: u64) {
        self.open = Some(Open { advert, is_new: true, until_ms: now_ms.max(self.deaf_until_ms) + OPEN_MS });
    }

    /// Begins the pause that so many failed handshakes ask for.
    pub(super) fn pause(&mut self, failures: u8, now_ms: u64) {
        self.deaf_until_ms = self.deaf_until_ms.max(now_ms + pause_ms(failures));
    }

    /// Why a pairing is not answered now.
    pub(super) fn refusal(&self, now_ms: u64) -> Option<Fault> {
        match &self.open {
            Some(open) if now_ms < open.until_ms => (now_ms < self.deaf_until_ms).then_some(Fault::Paused),
            _ => Some(Fault::WindowClosed),
        }
    }

    /// Time has passed, or the claim has changed.
    pub(super) fn pass(&mut self, now_ms: u64, is_claimable: bool) {
        if !is_claimable || self.open.as_ref().is_some_and(|open| now_ms >= open.until_ms) {
            self.open = None;
        }
        self.is_wanted = self.open.is_some() && now_ms >= self.deaf_until_ms;
    }

    /// When it opens or closes by itself.
    pub(super) fn deadline_ms(&self) -> Option<u64> {
        let Open { until_ms, .. } = self.open.as_ref()?;
        Some(if self.is_wanted { *until_ms } else { self.deaf_until_ms })
    }

    pub(super) fn poll(&mut self) -> Option<Output<'static>> {
        if !self.is_wanted {
            return core::mem::take(&mut self.is_shown).then_some(Output::CloseWindow);
        }
        let open = self.open.as_mut().filter(|open| open.is_new || !self.is_shown)?;
        open.is_new = false;
        self.is_shown = true;
        Some(Output::OpenWindow(open.advert))
    }
}
