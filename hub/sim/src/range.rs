use std::{cell::RefCell, fmt, rc::Rc, sync::Arc, time::Duration};

use fw_host::{AdvertisingPdu, World};
use hub_assembly::Pipeline;
use hub_model::{
    Address, AdvertisingData, Clock, Link, LinkError, Links, Peer, RawAdvert, ReceiverId, Stamp, UnixMillis,
};

use crate::{Air, SimClock};

/// How long a hub waits for a connectable advert of a sensor, µs.
const CONNECT_US: u64 = 6_000_000;
/// How long it waits for an answer, µs.
const ANSWER_US: u64 = 10_000_000;
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
        let inner = Inner { world, air, clock, zero, pipeline: None, cuts: Vec::new() };
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

/// What a receiver makes of an advert.
pub(crate) fn heard(pdu: &AdvertisingPdu, at: Stamp) -> RawAdvert {
    let AdvertisingData { name, service_data, long_service_data, manufacturer_data } =
        AdvertisingData::parse(pdu.data());
    RawAdvert {
        receiver: ReceiverId::NONE,
        received_us: at.ms.saturating_mul(1000),
        name,
        service_data,
        long_service_data,
        manufacturer_data,
        is_random: true,
        is_connectable: pdu.is_connectable,
        ..RawAdvert::new(Address::new(pdu.from), at)
    }
}

impl Links for Range {
    type Link = RangeLink;

    async fn connect(&self, peer: Peer) -> Result<RangeLink, LinkError> {
        let mut inner = self.inner.borrow_mut();
        let connected = inner.world.connect(peer.address.bytes(), CONNECT_US);
        inner.catch_up();
        let link = connected.map_err(|error| refused(error, peer.address))?;
        if let Some(after) = inner.cuts.pop() {
            inner.world.lose_after(&link, after);
        }
        Ok(RangeLink { range: self.clone(), link: Some(link), address: peer.address })
    }

    async fn pass(&self, at_most: Duration) {
        let ms = u64::try_from(at_most.as_millis()).unwrap_or(u64::MAX).clamp(1, STRIDE_MS);
        let end = self.inner.borrow().clock.at() + i64::try_from(ms).unwrap_or(1);
        self.live_until(end);
    }
}

/// A connection with a simulated sensor.
pub struct RangeLink {
    range: Range,
    link: Option<fw_host::Link>,
    address: Address,
}

impl fmt::Debug for RangeLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RangeLink").field("address", &self.address).finish_non_exhaustive()
    }
}

impl RangeLink {
    fn act<T>(
        &mut self,
        act: impl FnOnce(&mut World, &mut fw_host::Link) -> Result<T, fw_host::LinkError>,
    ) -> Result<T, LinkError> {
        let link = self.link.as_mut().ok_or(LinkError::Lost)?;
        let mut inner = self.range.inner.borrow_mut();
        let done = act(&mut inner.world, link);
        inner.catch_up();
        done.map_err(|error| refused(error, self.address))
    }

    fn end(&mut self) {
        if let Some(link) = self.link.take() {
            let mut inner = self.range.inner.borrow_mut();
            inner.world.disconnect(link);
            inner.catch_up();
        }
    }
}

impl Link for RangeLink {
    fn mtu(&self) -> u16 {
        let size = self.link.as_ref().map_or(20, |link| link.piece_size().bytes());
        u16::try_from(size + 3).unwrap_or(23)
    }

    async fn write(&mut self, piece: &[u8]) -> Result<(), LinkError> {
        self.act(|world, link| world.write(link, piece))
    }

    async fn notified(&mut self) -> Result<Vec<u8>, LinkError> {
        self.act(|world, link| world.notification(link, ANSWER_US))
    }

    async fn hang_up(mut self) {
        self.end();
    }
}

impl Drop for RangeLink {
    fn drop(&mut self) {
        self.end();
    }
}

fn refused(error: fw_host::LinkError, address: Address) -> LinkError {
    match error {
        fw_host::LinkError::Unheard => LinkError::Unreachable { address },
        fw_host::LinkError::Gone => LinkError::Lost,
        fw_host::LinkError::Silent => LinkError::Silent { patience: Duration::from_micros(ANSWER_US) },
        fw_host::LinkError::Refused { .. } | fw_host::LinkError::Table => {
            LinkError::Foreign { address, problem: error.to_string() }
        }
    }
}
