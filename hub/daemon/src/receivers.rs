//! Remote receivers on the hub's side: `hubd receivers`, and the station that takes their links.

use std::{path::Path, process::ExitCode, sync::Arc, time::Duration};

use clap::{Args, Subcommand};
use hub_assembly::{Config, Hub};
use hub_model::{RawAdvert, ReceiverId};
use hub_receive::{Host, OpenError, Reports, Shelf};
use tokio::{net::TcpListener, sync::mpsc, task::JoinSet};

use crate::{command_line::ConfigArgument, exit::Failure, show, store, tell};

/// What can be done about receivers, whether the hub runs or not.
#[derive(Subcommand)]
pub(crate) enum ReceiversTask {
    /// Make a receiver known, and print the join code for it: once, for the code is kept nowhere.
    Add(NameArguments),
    /// List the receivers that are known.
    List(ConfigArgument),
    /// Remove a receiver: its link ends within seconds, and its join code is of no use any more.
    Remove(NameArguments),
}

#[derive(Args)]
pub(crate) struct NameArguments {
    #[command(flatten)]
    config: ConfigArgument,
    /// What to call it, such as attic.
    name: String,
}

impl ReceiversTask {
    /// Does it.
    pub(crate) fn run(&self) -> Result<ExitCode, Failure> {
        match self {
            Self::Add(NameArguments { config, name }) => {
                let (config, shelf) = shelf(&config.config)?;
                let code = shelf.add(name, [store::random()?, store::random()?])?;
                if config.receivers.is_none() {
                    tell(
                        "receivers.listen is not set in the configuration: set it, such as \"0.0.0.0:4910\", and start the hub again",
                    );
                }
                show(&code.to_string())
            }
            Self::List(config) => {
                let book = shelf(&config.config)?.1.book()?;
                let line = |known: &hub_receive::Known| format!("{:>4}  {}", known.number, known.name);
                let lines: Vec<String> = book.receivers().iter().map(line).collect();
                show(&if lines.is_empty() { "no receivers".to_owned() } else { lines.join("\n") })
            }
            Self::Remove(NameArguments { config, name }) => {
                shelf(&config.config)?.1.remove(name)?;
                show(&format!("removed {name}"))
            }
        }
    }
}

/// The shelf of a store that is there.
fn shelf(config: &Path) -> Result<(Config, Shelf), Failure> {
    let config = Config::load(config)?;
    if !config.store.is_dir() {
        return Err(Failure::NoStore { path: config.store });
    }
    let shelf = Shelf::of_store(&config.store);
    Ok((config, shelf))
}

/// Takes links of receivers, where the configuration says so.
pub(crate) async fn listen(
    hub: &Arc<Hub>,
    adverts: mpsc::Sender<RawAdvert>,
    tasks: &mut JoinSet<()>,
) -> Result<(), Failure> {
    let Some(address) = hub.config().receivers else { return Ok(()) };
    let refused = |source| Failure::ReceiversListen { address: address.to_string(), source };
    let listener = TcpListener::bind(address).await.map_err(refused)?;
    let told = Arc::new(Told(Arc::clone(hub)));
    let shelf = Shelf::of_store(&hub.config().store);
    let host = Host::open(shelf, store::random()?, adverts, hub.clock(), told).map_err(|error| match error {
        OpenError::Book(error) => Failure::Receivers(error),
        OpenError::Tls(error) => Failure::Tls(error),
    })?;
    let address = listener.local_addr().map_err(refused)?;
    tracing::info!(%address, "receivers may connect");
    tasks.spawn(Arc::new(host).serve(listener));
    Ok(())
}

/// Tells the hub how its receivers are doing.
struct Told(Arc<Hub>);

impl Reports for Told {
    fn begun(&self, receiver: ReceiverId, name: &str) {
        self.0.receiver_begun(receiver, name);
    }

    fn failed(&self, receiver: ReceiverId, name: &str, trouble: &str) {
        self.0.receiver_failed(receiver, name, trouble);
    }

    fn gap(&self, receiver: ReceiverId, name: &str, length: Duration) {
        self.0.receiver_gap(receiver, name, length);
    }

    fn gone(&self, receiver: ReceiverId) {
        self.0.receiver_gone(receiver);
    }
}
