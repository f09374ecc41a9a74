//! The hub's own connection to a sensor, on a thread of its own that has the hub's rights.

use std::{thread, time::Duration};

use anyhow::{Context as _, Result};
use hub_model::{Address, Link as _, Links as _, Peer, ReceiverId};
use hub_radio::{AdapterLink, AdapterLinks, AdapterName, Asking, Listening, Plan, Service, Way};
use tokio::{
    sync::{mpsc, oneshot},
    time::timeout,
};

use crate::home;

/// Whom to connect to.
pub(crate) struct Wanted {
    /// By which adapter.
    pub(crate) adapter: String,
    pub(crate) address: [u8; 6],
    pub(crate) is_random: bool,
    /// The service, where to write, what notifies.
    pub(crate) uuids: [[u8; 16]; 3],
}

/// A connection, and how it came about. It ends when this is dropped.
pub(crate) struct Linked {
    orders: mpsc::Sender<Order>,
    pub(crate) mtu: u16,
    pub(crate) took_ms: u64,
}

type Reply<T> = oneshot::Sender<Result<T>>;

enum Order {
    Write(Vec<u8>, Reply<()>),
    Notified(Reply<Vec<u8>>),
    AwaitLost(u64, Reply<u64>),
    Close(Reply<u64>),
}

impl Linked {
    /// Connects.
    pub(crate) async fn open(wanted: Wanted) -> Result<Self> {
        let (orders, taken) = mpsc::channel(1);
        let (made, is_made) = oneshot::channel();
        let work = move || {
            let begun = home::be_the_hub().and_then(|()| {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
                runtime.context("failed to start tokio")
            });
            match begun {
                Ok(runtime) => runtime.block_on(hold(wanted, made, taken)),
                // Who does not wait any more does not need to know.
                Err(error) => drop(made.send(Err(error))),
            }
        };
        thread::Builder::new().name("link".to_owned()).spawn(work).context("failed to start a thread")?;
        let (mtu, took_ms) = is_made.await.context("the link's thread has ended")??;
        Ok(Self { orders, mtu, took_ms })
    }

    /// Writes a value.
    pub(crate) async fn write(&self, value: Vec<u8>) -> Result<()> {
        self.order(|reply| Order::Write(value, reply)).await
    }

    /// The next value that is notified.
    pub(crate) async fn notified(&self) -> Result<Vec<u8>> {
        self.order(Order::Notified).await
    }

    /// Waits until it is lost, and says how long that took.
    pub(crate) async fn lost(&self, within_ms: u64) -> Result<u64> {
        self.order(|reply| Order::AwaitLost(within_ms, reply)).await
    }

    /// Ends the connection, and says how long that took.
    pub(crate) async fn close(self) -> Result<u64> {
        self.order(Order::Close).await
    }

    async fn order<T>(&self, order: impl FnOnce(Reply<T>) -> Order) -> Result<T> {
        let (reply, answer) = oneshot::channel();
        self.orders.send(order(reply)).await.ok().context("the link's thread has ended")?;
        answer.await.context("the link's thread has ended")?
    }
}

/// Connects, and does what it is told.
async fn hold(wanted: Wanted, made: Reply<(u16, u64)>, mut orders: mpsc::Receiver<Order>) {
    let begin = home::up_us();
    let opened = connect(wanted).await;
    let took_ms = since_ms(begin);
    let mut link = match opened {
        Ok(link) => link,
        Err(error) => return drop(made.send(Err(error.context(format!("gave up after {took_ms} ms"))))),
    };
    // Nobody who asked has gone meanwhile: the guest does one thing after the other.
    let _ = made.send(Ok((link.mtu(), took_ms)));
    while let Some(order) = orders.recv().await {
        let begin = home::up_us();
        match order {
            Order::Write(value, reply) => drop(reply.send(link.write(&value).await.context("failed to write"))),
            Order::Notified(reply) => drop(reply.send(link.notified().await.context("failed to hear an answer"))),
            Order::AwaitLost(within_ms, reply) => {
                let lost = async { while link.notified().await.is_ok() {} };
                let lost = timeout(Duration::from_millis(within_ms), lost).await.context("it is not lost");
                drop(reply.send(lost.map(|()| since_ms(begin))));
            }
            Order::Close(reply) => {
                link.hang_up().await;
                return drop(reply.send(Ok(since_ms(begin))));
            }
        }
    }
}

async fn connect(wanted: Wanted) -> Result<AdapterLink> {
    let [service, to_sensor, to_hub] = wanted.uuids.map(u128::from_be_bytes);
    let receiver = ReceiverId(1);
    let adapter: AdapterName = wanted.adapter.parse().context("failed to read which adapter")?;
    let plan = Plan { adapter, receiver, listening: Listening::ALWAYS, asking: Asking::NEVER, way: Way::Best };
    let links = AdapterLinks::new(Service { service, to_sensor, to_hub }, &[plan]);
    let peer = Peer { address: Address::new(wanted.address), is_random: wanted.is_random, receiver };
    Ok(links.connect(peer).await?)
}

fn since_ms(begin_us: u64) -> u64 {
    home::up_us().saturating_sub(begin_us) / 1000
}
