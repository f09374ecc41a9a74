//! The radio's station: listens, and when an adapter fails tries again until it is back.

use std::{sync::Arc, time::Duration};

use hub_assembly::{Config, Hub, chain};
use hub_model::{RawAdvert, ReceiverId};
use hub_radio::{AdapterName, Listener, Radio, RadioError};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::exit::Failure;

/// The first pause before an adapter is tried again; it doubles up to [`MAX_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// The longest pause before an adapter is tried again.
const MAX_PAUSE: Duration = Duration::from_secs(30);

/// The adapters that the configuration asks for: none when the radio is off, the first when none is named.
pub(crate) fn adapters(config: &Config) -> Result<Vec<AdapterName>, Failure> {
    if !config.radio_enabled {
        return Ok(Vec::new());
    }
    if config.adapters.is_empty() {
        return Ok(vec![AdapterName::First]);
    }
    let parse = |text: &String| text.parse().map_err(Failure::Adapter);
    config.adapters.iter().map(parse).collect()
}

/// Listens with one adapter until the hub stops.
pub(crate) async fn keep_listening(
    hub: Arc<Hub>,
    name: AdapterName,
    receiver: ReceiverId,
    first: Listener,
    adverts: mpsc::Sender<RawAdvert>,
    stop: CancellationToken,
) {
    let shown = first.name().to_owned();
    let mut listener = Some(first);
    let mut pause = FIRST_PAUSE;
    while !stop.is_cancelled() {
        let listening = match listener.take() {
            Some(listener) => Ok(listener),
            None => connect(&hub, &name, receiver, &adverts).await,
        };
        let failed = match listening {
            Ok(listener) => {
                pause = FIRST_PAUSE;
                hub.receiver_begun(receiver, &shown);
                match listener.listen(stop.clone()).await {
                    Ok(()) => return,
                    Err(error) => error,
                }
            }
            Err(error) => error,
        };
        hub.receiver_failed(receiver, &shown, &chain(&failed));
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(pause) => pause = pause.saturating_mul(2).min(MAX_PAUSE),
        }
    }
}

async fn connect(
    hub: &Hub,
    name: &AdapterName,
    receiver: ReceiverId,
    adverts: &mpsc::Sender<RawAdvert>,
) -> Result<Listener, RadioError> {
    Radio::connect().await?.listener(name, receiver, hub.clock(), adverts.clone()).await
}
