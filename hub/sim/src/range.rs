use std::{cell::RefCell, fmt, rc::Rc, sync::Arc, time::Duration};

use fw_host::{AdvertisingPdu, World};
use hub_assembly::Pipeline;
use hub_model::{Clock, LinkError, Links, Peer, Stamp, UnixMillis};

use crate::{Air, Reach, SimClock, SimLink, air::heard};

/// How long a hub waits for a connectable advert of a sensor, µs.
const CONNECT_US: u64 = 6_000_000;
/// How far time is let pass at once, ms: what is heard is heard so late at most.
const STRIDE_MS: u64 = 100;

/// The sensors in range of one hub: it hears them through air that loses frames, and connects to them.
///
/// Clones are handles to the same range. Time passes only when somebody waits, and the hub's clock follows.
#[derive(Clone)]
pub struct Range {
    inner: Rc<RefCell<Inner>>,
}

struct Inner {
    world: World,
    air: Air,
    clock: Arc<SimClock>,
    /// The world's zero.
    zero: UnixMillis,
    pipeline: Option<Pipeline>,
    /// Links are lost after so many packets, in this order.
    cuts: Vec<u32>,
    /// Links that were made.
    links: usize,
}

impl fmt::Debug for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Range").finish_non_exhaustive()
    }
}

impl Range {
    /// The sensors of a world, whose beginning was then.
    pub fn new(world: World, air: Air, clock: Arc<SimClock>) -> Self {
        let zero = clock.at() + -i64::try_from(world.now_us() / 1000).unwrap_or(0);
        let inner = Inner { world, air, clock, zero, pipeline: None, cuts: Vec::new(), links: 0 };
        Self { inner: Rc::new(RefCell::new(inner)) }
    }

    /// From now on this pipeline hears what the air carries, or nobody does.
    pub fn heard_by(&self, pipeline: Option<Pipeline>) {
        self.inner.borrow_mut().pipeline = pipeline;
    }

    /// From now on so much of it is lost.
    pub fn lose(&self, loss: f64) {
        self.inner.borrow_mut().air.set_loss(loss);
    }

    /// How many links were made, by whoever.
    pub fn links(&self) -> usize {
        self.inner.borrow().links
    }

    /// The next links are lost after so many packets each.
    pub fn cut_links(&self, mut after: Vec<u32>) {
        after.reverse();
        self.inner.borrow_mut().cuts = after;
    }

    /// Does something to the sensors.
    pub fn with<T>(&self, act: impl FnOnce(&mut World) -> T) -> T {
        act(&mut self.inner.borrow_mut().world)
    }

    /// Lets time pass until then.
    pub fn live_until(&self, end: UnixMillis) {
        let mut inner = self.inner.borrow_mut();
        while inner.clock.at() < end {
            let stride = i64::try_from(STRIDE_MS).unwrap_or(i64::MAX);
            // Nobody is interested in when what nobody hears is sent.
            let next = if inner.pipeline.is_some() { end.min(inner.clock.at() + stride) } else { end };
            inner.pass(next);
        }
    }
}

impl Inner {
    fn pass(&mut self, until: UnixMillis) {
        let us = u64::try_from(until - self.zero).unwrap_or(0).saturating_mul(1000);
        let sent = self.world.run_until(us);
        self.follow();
        self.carry(&sent);
    }

    /// The clock shows what time it is in the world.
    fn follow(&self) {
        let ms = i64::try_from(self.world.now_us() / 1000).unwrap_or(i64::MAX);
        self.clock.set(self.zero + ms);
    }

    fn carry(&mut self, sent: &[AdvertisingPdu]) {
        let now = self.clock.now();
        for pdu in sent {
            let at = self.zero + i64::try_from(pdu.at_us / 1000).unwrap_or(i64::MAX);
            let age_ms = u64::try_from(now.wall.at - at).unwrap_or(0);
            let stamp = Stamp { ms: now.stamp.ms.saturating_sub(age_ms), ..now.stamp };
            let advert = heard(pdu, stamp);
            let Some(pipeline) = &mut self.pipeline else { continue };
            for advert in self.air.carry(&advert) {
                if let Err(error) = pipeline.hear(&advert) {
                    tracing::error!(%error, "an advert is lost");
                }
            }
        }
    }

    /// After something was done on a link: time has passed.
    fn catch_up(&mut self) {
        self.follow();
        let sent = self.world.run_until(self.world.now_us());
        self.carry(&sent);
    }
}

impl Reach for Range {
    fn act<T>(&mut self, act: impl FnOnce(&mut World) -> T) -> T {
        let mut inner = self.inner.borrow_mut();
        let done = act(&mut inner.world);
        inner.catch_up();
        done
    }
}

impl Links for Range {
    type Link = SimLink<Self>;

    async fn connect(&self, peer: Peer) -> Result<SimLink<Self>, LinkError> {
        let mut link = SimLink::connect(self.clone(), peer.address, CONNECT_US)?;
        let cut = {
            let mut inner = self.inner.borrow_mut();
            inner.links += 1;
            inner.cuts.pop()
        };
        if let Some(after) = cut {
            link.lose_after(after);
        }
        Ok(link)
    }

    async fn pass(&self, at_most: Duration) {
        let ms = u64::try_from(at_most.as_millis()).unwrap_or(u64::MAX).clamp(1, STRIDE_MS);
        let end = self.inner.borrow().clock.at() + i64::try_from(ms).unwrap_or(1);
        self.live_until(end);
    }
}
