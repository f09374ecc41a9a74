use std::ops::ControlFlow;

use crate::{
    error::StoreError,
    rollup::{DAYS, HOURS, Rollup, Span},
    view::View,
};

/// Shows the readings in `[from, to)` by slots, in order, until `show` breaks: whole slots from the roll-ups, and what
/// is cut off at the edges from finer ones, in the end from the readings themselves.
pub(crate) fn each_slot(
    view: &View<'_>,
    span: Span,
    from: i64,
    to: i64,
    show: &mut dyn FnMut(&Rollup) -> ControlFlow<()>,
) -> Result<ControlFlow<()>, StoreError> {
    let inner_from = span.slot(from.saturating_add(span.slot_ms - 1));
    let inner_to = span.slot(to);
    if inner_from > inner_to {
        return edge(view, span, from, to, show);
    }
    if edge(view, span, from, inner_from, show)?.is_break() {
        return Ok(ControlFlow::Break(()));
    }
    let flow = if view.beside(inner_from, inner_to).is_empty() {
        view.each_stored_slot(span, inner_from, inner_to, |_, rollup| show(rollup))?
    } else {
        view.slots(span, inner_from, inner_to)?.iter().try_for_each(|(_, rollup)| show(rollup))
    };
    if flow.is_break() { Ok(flow) } else { edge(view, span, inner_to, to, show) }
}

/// Shows the readings in a part of one slot.
fn edge(
    view: &View<'_>,
    span: Span,
    from: i64,
    to: i64,
    show: &mut dyn FnMut(&Rollup) -> ControlFlow<()>,
) -> Result<ControlFlow<()>, StoreError> {
    if from >= to {
        return Ok(ControlFlow::Continue(()));
    }
    if span == DAYS {
        return each_slot(view, HOURS, from, to, show);
    }
    let slot = span.slot(from);
    let mut inside: Option<Rollup> = None;
    let mut add = |rollup: &Rollup| match &mut inside {
        Some(sum) => sum.merge(rollup),
        None => inside = Some(*rollup),
    };
    let mut readings = 0;
    let _ = view.each_stored(slot, slot + span.slot_ms, |t, values| {
        readings += t.len() as u64;
        let inside = t.partition_point(|t| *t < from)..t.partition_point(|t| *t < to);
        let inside = t.get(inside.clone()).zip(values.get(inside)).and_then(|(t, values)| Rollup::of_all(t, values));
        inside.iter().for_each(&mut add);
        ControlFlow::Continue(())
    })?;
    let stored = view.stored_slots(span, slot, slot + 1)?;
    if let Some((_, whole)) = stored.first().filter(|(_, whole)| whole.count > readings) {
        // The readings are expired: the roll-up of the whole slot is the best that there is.
        inside = Some(*whole);
    }
    let mut add = |rollup: &Rollup| match &mut inside {
        Some(sum) => sum.merge(rollup),
        None => inside = Some(*rollup),
    };
    for point in view.beside(from, to) {
        add(&Rollup::of(point.t, point.value));
    }
    Ok(inside.iter().try_for_each(show))
}
