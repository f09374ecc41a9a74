use crate::UnixMillis;

/// Samples of one boot are nearer to each other than this, ms: the longest that a sensor rests between two.
const NEAR_MS: i64 = 3_600_000;
/// As many spans are remembered of a device; there is hardly one a year.
const MOST: usize = 256;

/// A span of a device's past in which times are estimated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EstimatedSpan {
    /// The first such reading.
    pub from: UnixMillis,
    /// The last one.
    pub to: UnixMillis,
}

/// Where in a device's past times are estimated: its readings were fetched from one of our own sensors, and nobody knows when
/// the sensor's boot in which they were taken began.
///
/// ```
/// use hub_model::{EstimatedSpan, Estimates, UnixMillis};
///
/// let mut estimates = Estimates::default();
/// for minute in [0, 1, 3, 2, 600] {
///     estimates.add(UnixMillis(minute * 60_000));
/// }
/// let spans = [(0, 180_000), (36_000_000, 36_000_000)];
/// let spans = spans.map(|(from, to)| EstimatedSpan { from: UnixMillis(from), to: UnixMillis(to) });
/// assert_eq!(estimates.spans(), spans);
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Estimates(Vec<EstimatedSpan>);

impl Estimates {
    /// A reading is of about this time. Told again it changes nothing.
    pub fn add(&mut self, at: UnixMillis) {
        self.take(EstimatedSpan { from: at, to: at });
    }

    /// A whole span more.
    pub fn take(&mut self, new: EstimatedSpan) {
        let is_near = |old: &&mut EstimatedSpan| new.from <= old.to + NEAR_MS && old.from <= new.to + NEAR_MS;
        if let Some(old) = self.0.iter_mut().find(is_near) {
            *old = EstimatedSpan { from: old.from.min(new.from), to: old.to.max(new.to) };
            return;
        }
        if self.0.len() >= MOST {
            self.0.remove(0);
        }
        self.0.push(new);
    }

    /// The spans, each with all that is near to it, in the order in which they were found.
    pub fn spans(&self) -> &[EstimatedSpan] {
        &self.0
    }
}

impl FromIterator<EstimatedSpan> for Estimates {
    fn from_iter<I: IntoIterator<Item = EstimatedSpan>>(spans: I) -> Self {
        let mut estimates = Self::default();
        spans.into_iter().for_each(|span| estimates.take(span));
        estimates
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_too_many_spans_the_first_is_forgotten() {
        let at = |nth: usize| UnixMillis(nth as i64 * (NEAR_MS + 1));
        let span = |nth| EstimatedSpan { from: at(nth), to: at(nth) };
        let estimates: Estimates = (0..=MOST).map(span).collect();
        assert_eq!(estimates.spans().len(), MOST);
        assert_eq!(estimates.spans().first(), Some(&span(1)));
    }

    #[test]
    fn spans_that_touch_are_one() {
        let span = |from, to| EstimatedSpan { from: UnixMillis(from), to: UnixMillis(to) };
        let estimates: Estimates = [span(10 * NEAR_MS, 20 * NEAR_MS), span(0, 9 * NEAR_MS)].into_iter().collect();
        assert_eq!(estimates.spans(), [span(0, 20 * NEAR_MS)]);
    }
}
