//! `hubd run`: check, open, bind, listen, serve, stop.

use std::{path::Path, process::ExitCode, sync::Arc};

use hub_assembly::{ADVERT_QUEUE, Config};
use hub_model::ReceiverId;
use hub_radio::{AdapterName, Radio};
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::mpsc,
    task::JoinSet,
};

use crate::{exit::Failure, logging, radio, store, systemd};

/// Runs the hub until it is asked to stop.
pub(crate) fn run(file: &Path) -> Result<ExitCode, Failure> {
    let config = Config::load(file)?;
    let adapters = radio::adapters(&config)?;
    logging::begin(config.log);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|source| Failure::Machine { what: "start threads", source })?;
    runtime.block_on(serve(config, adapters))?;
    Ok(ExitCode::SUCCESS)
}

async fn serve(config: Config, adapters: Vec<AdapterName>) -> Result<(), Failure> {
    let stop = stop_signal().map_err(|source| Failure::Machine { what: "listen for signals", source })?;
    // Opening blocks on the disk; nothing else runs yet.
    let hub = Arc::new(store::open_live(config)?);
    let bound = hub.bind().await?;
    let (adverts, heard) = mpsc::channel(ADVERT_QUEUE);
    let mut listeners = Vec::new();
    if !adapters.is_empty() {
        let radio = Radio::connect().await?;
        for (name, number) in adapters.iter().zip(1..) {
            let receiver = ReceiverId(number);
            let listener = radio.listener(name, receiver, hub.clock(), adverts.clone()).await?;
            listeners.push((name.clone(), receiver, listener));
        }
    }
    tracing::info!(api = %format!("http://{}/", bound.address()), receivers = listeners.len(), "the hub runs");
    let running = hub.run(heard, bound);
    let mut tasks = JoinSet::new();
    for (name, receiver, listener) in listeners {
        let keep_listening =
            radio::keep_listening(Arc::clone(&hub), name, receiver, listener, adverts.clone(), running.stopping());
        tasks.spawn(keep_listening);
    }
    drop(adverts);
    tasks.spawn(systemd::watch(running.progress(), running.stopping()));
    systemd::ready();
    let stopped = running.until(stop).await;
    systemd::stopping();
    tasks.shutdown().await;
    Ok(stopped?)
}

/// Completes at SIGTERM or SIGINT.
fn stop_signal() -> std::io::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
