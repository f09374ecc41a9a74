use std::{net::SocketAddr, sync::Arc};

use async_graphql::Executor;
use hub_model::HealthReader;
use tokio::net::TcpListener;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    BindError, Config, connections,
    graphql::Engine,
    routes::{Api, router},
};

/// Writes the counters of the hub as Prometheus reads them.
pub type Metrics = Arc<dyn Fn() -> String + Send + Sync>;

/// The hub's face to the network.
#[derive(Debug)]
pub struct Server;

/// A server that has its port, and answers nobody yet.
#[derive(Debug)]
pub struct Bound {
    listener: TcpListener,
    address: SocketAddr,
    config: Config,
}

/// What the server serves.
pub struct Parts<E> {
    /// The schema, such as `api_graphql::HubSchema`.
    pub schema: E,
    /// For `/healthz`.
    pub health: Arc<dyn HealthReader>,
    /// For `/metrics`.
    pub metrics: Metrics,
}

impl Server {
    /// Takes the port. There are no accounts yet: where others than this machine can reach the port, the log says so.
    ///
    /// # Errors
    /// When the port is taken, reserved, or not of this machine.
    pub async fn bind(config: Config) -> Result<Bound, BindError> {
        let asked = config.listen();
        let listener = TcpListener::bind(asked).await.map_err(|error| BindError::new(asked, error))?;
        let address = listener.local_addr().map_err(|error| BindError::new(asked, error))?;
        let bound = Bound { listener, address, config };
        if bound.is_exposed() {
            tracing::warn!(
                %address,
                "there are no accounts yet: everyone who reaches this address can read and change everything; set \
                 server.listen to 127.0.0.1 unless you trust the whole network"
            );
        }
        Ok(bound)
    }
}

impl Bound {
    /// Where it listens, with the port that it got.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Can others than this machine reach it?
    pub const fn is_exposed(&self) -> bool {
        !self.address.ip().to_canonical().is_loopback()
    }

    /// Answers until `stop` is cancelled. Then nobody new is let in, websockets are closed with 1001, streams end, and
    /// requests under way are finished, all within the limit of a stop.
    pub async fn serve<E: Executor>(self, parts: Parts<E>, stop: CancellationToken) {
        let Self { listener, address, config } = self;
        let sockets = TaskTracker::new();
        let limits = config.limits().clone();
        let api = Api {
            engine: Engine::new(parts.schema, limits.clone()),
            health: parts.health,
            metrics: parts.metrics,
            sockets: sockets.clone(),
            stop: stop.clone(),
        };
        tracing::info!(%address, "serving");
        connections::serve(listener, router(api, &config), &limits, sockets, stop).await;
        tracing::info!(%address, "stopped serving");
    }
}
