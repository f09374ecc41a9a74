use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use api_server::{BindError, Bound, Parts, Server};
use hub_model::{Links, RawAdvert};
use thiserror::Error;
use tokio::{
    sync::mpsc,
    task::{JoinHandle, JoinSet},
    time::timeout,
};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::{Hub, OpenError};
use crate::{
    keeper::Keeper,
    pipeline::Pipeline,
    receivers::Receivers,
    steward::Steward,
    supervise::{GivenUp, StationResult, supervise},
};

/// Adverts that may wait for the pipeline; a full queue drops at the radio.
pub const ADVERT_QUEUE: usize = 2048;
/// All stations together may take so long to stop, before the stores are written for the last time.
const STOP_DEADLINE: Duration = Duration::from_secs(3);

/// A hub that runs.
pub struct Running {
    stations: JoinSet<Result<(), GivenUp>>,
    stop: CancellationToken,
    /// Whoever drops this ends the stations, too: the steward's thread would live on, and the process with it.
    _ends: DropGuard,
    keeper: Arc<Mutex<Keeper>>,
    progress: Progress,
}

/// Counts the beats of the stations: what a watchdog wants to see grow. Clones count together.
#[derive(Debug, Clone, Default)]
pub struct Progress {
    pipeline: Arc<AtomicU64>,
    keeper: Arc<AtomicU64>,
}

impl Progress {
    /// The beats of the pipeline and the keeper; each grows at least every ten seconds.
    pub fn beats(&self) -> [u64; 2] {
        [self.pipeline.load(Ordering::Relaxed), self.keeper.load(Ordering::Relaxed)]
    }
}

/// Why a hub ended otherwise than it was asked to.
#[derive(Debug, Error)]
pub enum StopError {
    /// A station failed too often.
    #[error(transparent)]
    GivenUp(#[from] GivenUp),
    /// The last writing failed: the readings of the last seconds may be lost.
    #[error("the stores could not be written at the end")]
    Finish(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl Hub {
    /// Takes the address that the API listens on, so that a refusal comes before anything runs.
    ///
    /// # Errors
    /// When the address is in use or not this machine's.
    pub async fn bind(&self) -> Result<Bound, BindError> {
        Server::bind(self.config.server.clone()).await
    }

    /// Starts the stations: the pipeline on `adverts`, the keeper, the steward on the links that `links` makes, the server on
    /// `bound`.
    ///
    /// # Errors
    /// When the registry cannot be read.
    pub fn run<L: Links>(
        &self,
        adverts: mpsc::Receiver<RawAdvert>,
        bound: Bound,
        links: impl Fn() -> L + Clone + Send + 'static,
    ) -> Result<Running, OpenError> {
        let stop = CancellationToken::new();
        let mut stations = JoinSet::new();
        let progress = Progress::default();

        let adverts = Arc::new(tokio::sync::Mutex::new(adverts));
        let pipeline = Arc::new(tokio::sync::Mutex::new(self.pipeline()));
        let receivers = self.receivers();
        let stopping = stop.clone();
        let beat = Arc::clone(&progress.pipeline);
        stations.spawn(supervise("pipeline", Arc::clone(&self.clock), stop.clone(), move || {
            Box::pin(hear(
                Arc::clone(&pipeline),
                Arc::clone(&adverts),
                Arc::clone(&receivers),
                Arc::clone(&beat),
                stopping.clone(),
            ))
        }));

        let keeper = Arc::new(Mutex::new(self.keeper()));
        let (kept, stopping, beat) = (Arc::clone(&keeper), stop.clone(), Arc::clone(&progress.keeper));
        stations.spawn(supervise("keeper", Arc::clone(&self.clock), stop.clone(), move || {
            Box::pin(keep(Arc::clone(&kept), Arc::clone(&beat), stopping.clone()))
        }));

        let steward = Arc::new(tokio::sync::Mutex::new(self.steward()?));
        let stopping = stop.clone();
        stations.spawn(supervise("steward", Arc::clone(&self.clock), stop.clone(), move || {
            let (steward, links, stopping) = (Arc::clone(&steward), links.clone(), stopping.clone());
            // Links are no Send: the steward has a thread of its own.
            let attend = move || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
                runtime.block_on(attend(steward, links(), stopping))
            };
            Box::pin(async move { tokio::task::spawn_blocking(attend).await? })
        }));

        let doctor = self.doctor();
        let metrics = Arc::clone(&doctor);
        let parts = Parts {
            schema: api_graphql::build(self.ports(), api_graphql::Limits::default()),
            health: doctor,
            metrics: Arc::new(move || metrics.metrics()),
        };
        let serving = bound.serve(parts, stop.clone());
        stations.spawn(async move {
            serving.await;
            Ok(())
        });
        Ok(Running { stations, _ends: stop.clone().drop_guard(), stop, keeper, progress })
    }
}

impl Running {
    /// What a watchdog wants to see grow.
    pub fn progress(&self) -> Progress {
        self.progress.clone()
    }

    /// Cancelled when the hub stops, for whoever feeds it.
    pub fn stopping(&self) -> CancellationToken {
        self.stop.clone()
    }

    /// Runs until `asked` completes or a station is given up; then stops in the order of the flow and writes all.
    ///
    /// # Errors
    /// When a station was given up, or the last writing failed.
    pub async fn until(mut self, asked: impl Future<Output = ()>) -> Result<(), StopError> {
        let given_up = tokio::select! {
            () = asked => None,
            given_up = first_failure(&mut self.stations) => Some(given_up),
        };
        tracing::info!("stopping");
        self.stop.cancel();
        if timeout(STOP_DEADLINE, async { while self.stations.join_next().await.is_some() {} }).await.is_err() {
            tracing::warn!("a station did not stop in time and is ended");
            self.stations.abort_all();
        }
        let keeper = self.keeper;
        let finish: JoinHandle<_> =
            tokio::task::spawn_blocking(move || keeper.lock().unwrap_or_else(PoisonError::into_inner).finish());
        match finish.await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return Err(StopError::Finish(error)),
            Err(error) => return Err(StopError::Finish(error.into())),
        }
        tracing::info!("stopped; everything is on disk");
        given_up.map_or(Ok(()), |given_up| Err(given_up.into()))
    }
}

/// Waits for a station that is given up; one that ended well while others run was stopped by itself.
async fn first_failure(stations: &mut JoinSet<Result<(), GivenUp>>) -> GivenUp {
    loop {
        match stations.join_next().await {
            Some(Ok(Err(given_up))) => return given_up,
            Some(Ok(Ok(()))) => {}
            Some(Err(error)) => return GivenUp { station: "supervision", reason: error.to_string() },
            None => std::future::pending().await,
        }
    }
}

/// The pipeline's station: every advert of the queue, and the rest of the queue when it is stopped.
async fn hear(
    pipeline: Arc<tokio::sync::Mutex<Pipeline>>,
    adverts: Arc<tokio::sync::Mutex<mpsc::Receiver<RawAdvert>>>,
    receivers: Arc<Receivers>,
    beat: Arc<AtomicU64>,
    stop: CancellationToken,
) -> StationResult {
    let mut pipeline = pipeline.lock().await;
    let mut adverts = adverts.lock().await;
    let mut tick = tokio::time::interval(Duration::from_secs(5));
    loop {
        let advert = tokio::select! {
            biased;
            advert = adverts.recv() => advert,
            () = stop.cancelled() => {
                adverts.close();
                while let Some(advert) = adverts.recv().await {
                    pipeline.hear(&advert)?;
                }
                return Ok(());
            }
            _ = tick.tick() => {
                beat.fetch_add(1, Ordering::Relaxed);
                pipeline.tick()?;
                continue;
            }
        };
        let Some(advert) = advert else {
            stop.cancelled().await;
            return Ok(());
        };
        receivers.heard(advert.receiver);
        if let Err(error) = pipeline.hear(&advert) {
            tracing::error!(error = hub_model::chain(&error), address = %advert.address, "an advert is lost");
        }
    }
}

/// The steward's station: until it is stopped, even in the middle of a session, which is resumed another time.
async fn attend(
    steward: Arc<tokio::sync::Mutex<Steward>>,
    links: impl Links,
    stop: CancellationToken,
) -> StationResult {
    let mut steward = steward.lock().await;
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled() => return steward.keep(),
            attended = steward.attend(&links) => attended?,
        }
    }
}

/// The keeper's station: a tick a second, on a thread that may block.
async fn keep(keeper: Arc<Mutex<Keeper>>, beat: Arc<AtomicU64>, stop: CancellationToken) -> StationResult {
    let mut tick = tokio::time::interval(Duration::from_secs(1));
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => return Ok(()),
            _ = tick.tick() => {}
        }
        let keeper = Arc::clone(&keeper);
        tokio::task::spawn_blocking(move || keeper.lock().unwrap_or_else(PoisonError::into_inner).tick()).await?;
        beat.fetch_add(1, Ordering::Relaxed);
    }
}
