//! What a store sends to its device while a house lives, in simulated time with real commits.

use anyhow::Result;

use crate::{
    house::{House, Reading, SECOND, T0},
    peer::{Peer, Written},
};

/// The loss window that all stores are given.
const COMMIT_EVERY: i64 = 5 * SECOND;

/// What was counted.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Life {
    pub(crate) readings: u64,
    pub(crate) commits: u64,
    pub(crate) written: Written,
}

impl Life {
    pub(crate) fn bytes_per_reading(&self) -> f64 {
        self.written.bytes as f64 / self.readings as f64
    }

    pub(crate) fn writes_per_commit(&self) -> f64 {
        self.written.writes as f64 / self.commits as f64
    }

    pub(crate) fn flushes_per_commit(&self) -> f64 {
        self.written.flushes as f64 / self.commits as f64
    }
}

/// The readings of every sensor that a store has before its writes are counted: as long as it is small, many series share
/// a page, and a commit writes fewer than it will for the rest of its life.
const PAST: i64 = 720;

/// Lives for a while, committing every five seconds in which something was heard.
pub(crate) fn live(peer: &mut impl Peer, mut house: House, length: i64) -> Result<Life> {
    let mut life = Life::default();
    let mut readings: Vec<Reading> = Vec::new();
    let mut now = T0;
    while now < T0 + PAST * house.every() {
        now += house.every() * 60;
        house.until(now, &mut readings);
        peer.commit(now, &readings)?;
    }
    let (begun, end) = (peer.written(), now + length);
    while now < end {
        now += COMMIT_EVERY;
        house.until(now, &mut readings);
        if readings.is_empty() {
            continue;
        }
        peer.commit(now, &readings)?;
        life.readings += readings.len() as u64;
        life.commits += 1;
    }
    life.written = peer.written().since(begun);
    Ok(life)
}
