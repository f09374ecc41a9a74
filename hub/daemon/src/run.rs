//! `hubd run`: check, open, bind, listen, serve, stop.

use std::{path::Path, process::ExitCode, sync::Arc};

use hub_assembly::{ADVERT_QUEUE, Config};
use hub_radio::{Listener, Plan};
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::mpsc,
    task::JoinSet,
};

use crate::{
    exit::Failure,
    logging,
    radio::{self, Told},
    receivers, store, systemd,
};

/// Runs the hub until it is asked to stop.
pub(crate) fn run(file: &Path) -> Result<ExitCode, Failure> {
    let config = Config::load(file)?;
    let plans = radio::plans(&config)?;
    logging::begin(config.log);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|source| Failure::Machine { what: "start threads", source })?;
    runtime.block_on(serve(config, plans))?;
    Ok(ExitCode::SUCCESS)
}

async fn serve(config: Config, plans: Vec<Plan>) -> Result<(), Failure> {
    let stop = stop_signal().map_err(|source| Failure::Machine { what: "listen for signals", source })?;
    // Opening blocks on the disk; nothing else runs yet.
    let hub = Arc::new(store::open_live(config)?);
    let bound = hub.bind().await?;
    let (adverts, heard) = mpsc::channel(ADVERT_QUEUE);
    for plan in &plans {
        plan.check().await?;
    }
    tracing::info!(api = %format!("http://{}/", bound.address()), receivers = plans.len(), "the hub runs");
    let running = hub.run(heard, bound, radio::links(&plans))?;
    let mut tasks = JoinSet::new();
    for plan in plans {
        let told = Told { hub: Arc::clone(&hub), receiver: plan.receiver };
        let listener = Listener::new(plan, hub.clock(), adverts.clone(), Arc::new(told));
        tasks.spawn(listener.listen(running.stopping()));
    }
    receivers::listen(&hub, adverts, &mut tasks).await?;
    tasks.spawn(systemd::watch(running.progress(), running.stopping()));
    systemd::ready();
    let stopped = running.until(stop).await;
    systemd::stopping();
    tasks.shutdown().await;
    Ok(stopped?)
}

/// Completes at SIGTERM or SIGINT.
pub(crate) fn stop_signal() -> std::io::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
