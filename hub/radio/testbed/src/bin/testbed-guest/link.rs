//! The hub's own connection to a sensor.

use std::time::Duration;

use anyhow::{Context as _, Result};
use hub_model::{Address, Link as _, Links as _, Peer, ReceiverId};
use hub_radio::{AdapterLink, AdapterLinks, AdapterName, Listening, Plan, Service, Way};
use tokio::time::timeout;

use crate::home;

/// A connection, and how long it took to make it.
pub(crate) struct Linked {
    link: AdapterLink,
    pub(crate) took_ms: u64,
}

impl Linked {
    /// Connects to somebody by the first adapter.
    pub(crate) async fn open(address: [u8; 6], is_random: bool, uuids: [[u8; 16]; 3]) -> Result<Self> {
        let [service, to_sensor, to_hub] = uuids.map(u128::from_be_bytes);
        let plan =
            Plan { adapter: AdapterName::First, receiver: ReceiverId(1), listening: Listening::ALWAYS, way: Way::Best };
        let links = AdapterLinks::new(Service { service, to_sensor, to_hub }, &[plan]);
        let peer = Peer { address: Address::new(address), is_random, receiver: ReceiverId(1) };
        let begin = home::up_us();
        let opened = links.connect(peer).await;
        let took_ms = since_ms(begin);
        let link = opened.with_context(|| format!("gave up after {took_ms} ms"))?;
        Ok(Self { link, took_ms })
    }

    pub(crate) fn mtu(&self) -> u16 {
        self.link.mtu()
    }

    /// Writes, then reads what is notified up to a value whose first byte has the bit `last`.
    pub(crate) async fn talk(&mut self, values: &[Vec<u8>], last: u8) -> Result<Vec<Vec<u8>>> {
        for value in values {
            self.link.write(value).await.context("failed to write")?;
        }
        let mut answers = Vec::new();
        loop {
            let value = self.link.notified().await.context("failed to hear an answer")?;
            let is_last = value.first().is_some_and(|head| head & last != 0);
            answers.push(value);
            if is_last {
                return Ok(answers);
            }
        }
    }

    /// Waits until it is lost, and says how long that took.
    pub(crate) async fn lost(&mut self, within_ms: u64) -> Result<u64> {
        let begin = home::up_us();
        let lost = async { while self.link.notified().await.is_ok() {} };
        timeout(Duration::from_millis(within_ms), lost).await.context("it is not lost")?;
        Ok(since_ms(begin))
    }

    /// Ends the connection, and says how long that took.
    pub(crate) async fn close(self) -> u64 {
        let begin = home::up_us();
        self.link.hang_up().await;
        since_ms(begin)
    }
}

fn since_ms(begin_us: u64) -> u64 {
    home::up_us().saturating_sub(begin_us) / 1000
}
