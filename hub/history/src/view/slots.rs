use std::ops::ControlFlow;

use redb::ReadOnlyTable;

use crate::{
    device::Known,
    error::StoreError,
    rollup::{self, DAYS, HOURS, Rollup, Span},
    store::{self, DEVICES, RollupKey},
    view::{Extent, View},
};

impl View<'_> {
    /// Shows the readings in `[from, to)` by slots, in order, until `show` breaks: whole slots from the roll-ups, and what
    /// is cut off at the edges from finer ones, in the end from the readings themselves.
    pub(crate) fn each_slot(
        &self,
        span: Span,
        from: i64,
        to: i64,
        show: &mut dyn FnMut(&Rollup) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>, StoreError> {
        let inner_from = span.slot(from.saturating_add(span.slot_ms - 1));
        let inner_to = span.slot(to);
        if inner_from > inner_to {
            return self.edge(span, from, to, show);
        }
        if self.edge(span, from, inner_from, show)?.is_break() {
            return Ok(ControlFlow::Break(()));
        }
        let flow = if self.beside(inner_from, inner_to).is_empty() {
            self.each_stored_slot(span, inner_from, inner_to, |_, rollup| show(rollup))?
        } else {
            self.slots(span, inner_from, inner_to)?.iter().try_for_each(|(_, rollup)| show(rollup))
        };
        if flow.is_break() { Ok(flow) } else { self.edge(span, inner_to, to, show) }
    }

    /// Shows the readings in a part of one slot.
    fn edge(
        &self,
        span: Span,
        from: i64,
        to: i64,
        show: &mut dyn FnMut(&Rollup) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>, StoreError> {
        if from >= to {
            return Ok(ControlFlow::Continue(()));
        }
        if span == DAYS {
            return self.each_slot(HOURS, from, to, show);
        }
        let slot = span.slot(from);
        let mut inside: Option<Rollup> = None;
        let mut add = |rollup: &Rollup| match &mut inside {
            Some(sum) => sum.merge(rollup),
            None => inside = Some(*rollup),
        };
        let mut readings = 0;
        let _ = self.each_stored(slot, slot + span.slot_ms, |t, values| {
            readings += t.len() as u64;
            let inside = t.partition_point(|t| *t < from)..t.partition_point(|t| *t < to);
            let inside =
                t.get(inside.clone()).zip(values.get(inside)).and_then(|(t, values)| Rollup::of_all(t, values));
            inside.iter().for_each(&mut add);
            ControlFlow::Continue(())
        })?;
        let stored = self.stored_slots(span, slot, slot + 1)?;
        if let Some((_, whole)) = stored.first().filter(|(_, whole)| whole.count > readings) {
            // The readings are expired: the roll-up of the whole slot is the best that there is.
            inside = Some(*whole);
        }
        let mut add = |rollup: &Rollup| match &mut inside {
            Some(sum) => sum.merge(rollup),
            None => inside = Some(*rollup),
        };
        for point in self.beside(from, to) {
            add(&Rollup::of(point.t, point.value));
        }
        Ok(inside.iter().try_for_each(show))
    }

    pub(super) fn rollups(&self, span: Span) -> Result<Option<ReadOnlyTable<RollupKey, &'static [u8]>>, StoreError> {
        store::readable(&self.transaction, if span == HOURS { store::HOURS } else { store::DAYS })
    }

    /// The roll-ups of what is sealed of the slots that begin in `[from, to)`, in order.
    pub(crate) fn stored_slots(&self, span: Span, from: i64, to: i64) -> Result<Vec<(i64, Rollup)>, StoreError> {
        let mut slots = Vec::new();
        let _ = self.each_stored_slot(span, from, to, |slot, rollup| {
            slots.push((slot, *rollup));
            ControlFlow::Continue(())
        })?;
        Ok(slots)
    }

    /// The same, with what is not sealed or not settled.
    pub(crate) fn slots(&self, span: Span, from: i64, to: i64) -> Result<Vec<(i64, Rollup)>, StoreError> {
        let mut slots = self.stored_slots(span, from, to)?;
        let beside = self.beside(from, to);
        if !beside.is_empty() {
            slots.extend(beside.iter().map(|point| (span.slot(point.t), Rollup::of(point.t, point.value))));
            slots.sort_by_key(|(slot, _)| *slot);
            slots.dedup_by(|(slot, rollup), (kept_slot, kept)| {
                let is_same = slot == kept_slot;
                if is_same {
                    kept.merge(rollup);
                }
                is_same
            });
        }
        Ok(slots)
    }

    /// Are readings of the series expired in `[from, to)`, so that only roll-ups tell of all of it?
    pub(crate) fn is_expired(&self, extent: Extent, from: i64, to: i64) -> Result<bool, StoreError> {
        let readings_from = HOURS.slot(extent.readings_from.unwrap_or(i64::MAX));
        if from >= readings_from {
            return Ok(false);
        }
        let first =
            self.each_stored_slot(HOURS, HOURS.slot(from), to.min(readings_from), |_, _| ControlFlow::Break(()))?;
        Ok(first.is_break())
    }

    /// Shows what is sealed of the slots that begin in `[from, to)`, in order, until `show` breaks: the stored roll-ups
    /// of days that are over, and those of the days since, worked out from the readings.
    pub(crate) fn each_stored_slot(
        &self,
        span: Span,
        from: i64,
        to: i64,
        mut show: impl FnMut(i64, &Rollup) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>, StoreError> {
        let rolled_to = self.rolled_to()?;
        if self.each_rolled_slot(span, from, to.min(rolled_to), &mut show)?.is_break() {
            return Ok(ControlFlow::Break(()));
        }
        let up = |t: i64| span.slot(t.saturating_add(span.slot_ms - 1));
        let mut open: Option<(i64, Rollup)> = None;
        let flow = self.each_stored(up(from.max(rolled_to)), up(to), |t, values| {
            Rollup::each(t, values, span.slot_ms, |slot, _, rollup| match &mut open {
                Some((same, sum)) if *same == slot => {
                    sum.merge(&rollup);
                    ControlFlow::Continue(())
                }
                _ => match open.replace((slot, rollup)) {
                    Some((slot, rollup)) => show(slot, &rollup),
                    None => ControlFlow::Continue(()),
                },
            })
        })?;
        match open {
            Some((slot, rollup)) if flow.is_continue() => Ok(show(slot, &rollup)),
            _ => Ok(flow),
        }
    }

    /// Up to where the readings of the device are rolled up.
    fn rolled_to(&self) -> Result<i64, StoreError> {
        let Some(devices) = store::readable(&self.transaction, DEVICES)? else { return Ok(i64::MIN) };
        let known = devices.get(self.device)?.and_then(|bytes| Known::decode(bytes.value()));
        Ok(known.and_then(|known| known.rolled_to).unwrap_or(i64::MIN))
    }

    fn each_rolled_slot(
        &self,
        span: Span,
        from: i64,
        to: i64,
        mut show: impl FnMut(i64, &Rollup) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>, StoreError> {
        let mut flow = ControlFlow::Continue(());
        let Some(table) = self.rollups(span)? else { return Ok(flow) };
        if from >= to {
            return Ok(flow);
        }
        let mut columns = Vec::new();
        let records = (self.device, span.record(from))..=(self.device, span.record(to - 1));
        for entry in table.range(records)? {
            let (key, bytes) = entry?;
            let record = key.value().1;
            let read = rollup::read_series(bytes.value(), self.key, span, record, &mut columns, |slot, rollup| {
                if flow.is_continue() && (from..to).contains(&slot) {
                    flow = show(slot, &rollup);
                }
            });
            if read.is_none() {
                self.damage.found(format!("roll-ups of device {:x}, record {record}", self.device));
            }
            if flow.is_break() {
                break;
            }
        }
        Ok(flow)
    }
}
