//! systemd's side: ready, watchdog, stopping. Without systemd each of these does nothing.

use std::time::Duration;

use hub_assembly::Progress;
use sd_notify::NotifyState;
use tokio_util::sync::CancellationToken;

/// Says that the hub serves.
pub(crate) fn ready() {
    notify(&[NotifyState::Ready]);
}

/// Says that the hub stops.
pub(crate) fn stopping() {
    notify(&[NotifyState::Stopping]);
}

/// Feeds the watchdog as long as the stations make progress; a hub that hangs is started again by systemd.
pub(crate) async fn watch(progress: Progress, stop: CancellationToken) {
    let mut timeout_us = 0;
    if !sd_notify::watchdog_enabled(false, &mut timeout_us) {
        return;
    }
    let mut tick = tokio::time::interval(Duration::from_micros(timeout_us / 2));
    let mut seen = None;
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = tick.tick() => {}
        }
        let now = progress.beats();
        let has_moved = seen.is_none_or(|seen: [u64; 2]| seen.iter().zip(&now).all(|(before, now)| now > before));
        seen = Some(now);
        if has_moved {
            notify(&[NotifyState::Watchdog]);
        } else {
            tracing::error!(?now, "a station makes no progress; the watchdog is not fed");
        }
    }
}

fn notify(state: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(false, state) {
        tracing::debug!(%error, "systemd was not told");
    }
}
