use hub_model::{DeviceId, Expiring, Quantity, Retention, UnixMillis};

use crate::{
    block,
    error::StoreError,
    expire::Keeping,
    history::History,
    rollup::{Chunk, HOURS},
    rows::ColumnKey,
    store::{self, BLOCKS},
};

impl History {
    /// What [`expire`](Self::expire) would let go of, of one device, as far as it is sealed.
    pub(crate) fn would_expire(
        &self,
        now: UnixMillis,
        device: DeviceId,
        policy: &dyn Fn(Option<Quantity>) -> Retention,
    ) -> Result<Expiring, StoreError> {
        let device = device.as_u64();
        let keys: Vec<ColumnKey> =
            self.live().devices.get(&device).map(|of| of.known.series.keys().copied().collect()).unwrap_or_default();
        let keeping = Keeping { now, policy };
        let until = keeping.latest(keys.into_iter());
        let transaction = self.store.read()?;
        let mut expiring = Expiring::default();
        if let (Some(blocks), Some(until)) = (store::readable(&transaction, BLOCKS)?, until.readings) {
            for entry in blocks.range((0, device, i64::MIN)..(0, device, until))? {
                let (_, bytes) = entry?;
                let Some(rows) = block::decode(bytes.value()) else { continue };
                let points = rows.points();
                let gone = points - keeping.kept(rows).points();
                expiring.readings += gone;
                expiring.bytes += bytes.value().len() as u64 * gone / points.max(1);
            }
        }
        if let (Some(hours), Some(until)) = (store::readable(&transaction, store::HOURS)?, until.rollups) {
            for entry in hours.range((device, i64::MIN)..=(device, HOURS.record(until)))? {
                let (key, bytes) = entry?;
                let Some(mut chunk) = Chunk::decode(bytes.value(), HOURS, key.value().1) else { continue };
                let slots: usize = chunk.series.values().map(|slots| slots.len()).sum();
                let gone = keeping.let_go(HOURS, &mut chunk) as u64;
                expiring.hours += gone;
                expiring.bytes += bytes.value().len() as u64 * gone / slots.max(1) as u64;
            }
        }
        Ok(expiring)
    }
}
