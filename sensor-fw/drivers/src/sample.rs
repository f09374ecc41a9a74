use units::Measure;

/// Most quantities of one sample: as many as a sensor tells.
pub const MAX_MEASURES: usize = 8;

/// What was measured at once: at most one value of each quantity, in the order in which they came.
///
/// ```
/// use fw_drivers::Sample;
/// use units::{Measure, MilliCelsius, Quantity};
///
/// let mut sample = Sample::new();
/// sample.add(MilliCelsius(21_500).into());
/// sample.add(MilliCelsius(24_000).into());
/// assert_eq!(sample.measures(), [Measure::new(Quantity::Temperature, 21_500)], "the first stays");
/// ```
#[derive(Debug, Clone)]
pub struct Sample {
    measures: [Measure; MAX_MEASURES],
    count: usize,
}

impl Sample {
    /// A sample of nothing yet.
    pub const fn new() -> Self {
        // Places behind `count` are never shown.
        Self { measures: [Measure::new(units::Quantity::Count, 0); MAX_MEASURES], count: 0 }
    }

    /// Takes a measure. Of two of one quantity the first stays, so a board samples its most exact chip first; what is
    /// more than [`MAX_MEASURES`] quantities is left out, as nobody could be told.
    pub fn add(&mut self, measure: Measure) {
        let is_known = self.measures().iter().any(|known| known.quantity == measure.quantity);
        if let (false, Some(place)) = (is_known, self.measures.get_mut(self.count)) {
            *place = measure;
            self.count += 1;
        }
    }

    /// What was measured.
    pub fn measures(&self) -> &[Measure] {
        self.measures.get(..self.count).unwrap_or_default()
    }
}

impl Default for Sample {
    fn default() -> Self {
        Self::new()
    }
}
