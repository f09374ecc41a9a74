use hub_model::{Course, Interpolation, Kind, Quantity};

/// How a value goes between readings, in the making: the parts of segments that lie in one bucket.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CourseSum {
    rules: Rules,
    covered_ms: i64,
    /// Twice the integral over whole segments, exactly.
    doubled: i128,
    /// The integral over parts of segments.
    parts: f64,
    above_ms: f64,
    below_ms: f64,
    on_ms: i64,
}

/// What is asked of the course of a quantity.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rules {
    interpolation: Interpolation,
    is_binary: bool,
    has_mean: bool,
    above: Option<f64>,
    below: Option<f64>,
}

impl Rules {
    pub(crate) fn new(quantity: Quantity, above: Option<f64>, below: Option<f64>) -> Self {
        Self {
            interpolation: Interpolation::of(quantity),
            is_binary: quantity.kind() == Kind::Binary,
            has_mean: quantity.kind() != Kind::Total && has_mean(quantity),
            above,
            below,
        }
    }

    pub(crate) const fn interpolation(&self) -> Interpolation {
        self.interpolation
    }
}

/// Is the mean of several values a value that means something? That of 359° and 1° is 180°.
pub(crate) const fn has_mean(quantity: Quantity) -> bool {
    !matches!(quantity, Quantity::Direction)
}

/// Two readings, one after the other, and no gap between them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Segment {
    pub(crate) from: (i64, i64),
    pub(crate) to: (i64, i64),
}

impl CourseSum {
    pub(crate) const fn new(rules: Rules) -> Self {
        Self { rules, covered_ms: 0, doubled: 0, parts: 0.0, above_ms: 0.0, below_ms: 0.0, on_ms: 0 }
    }

    /// Adds what of a segment lies in `[from, to)`, which is within it.
    #[expect(clippy::cast_precision_loss, reason = "milliseconds and steps are far below 2^53")]
    pub(crate) fn add(&mut self, segment: &Segment, from: i64, to: i64) {
        let ms = to - from;
        if ms <= 0 {
            return;
        }
        self.covered_ms += ms;
        let (first, second) = match self.rules.interpolation {
            Interpolation::Step => {
                let value = segment.from.1;
                self.doubled += 2 * i128::from(value) * i128::from(ms);
                if self.rules.is_binary && value != 0 {
                    self.on_ms += ms;
                }
                (value as f64, value as f64)
            }
            Interpolation::Linear if (from, to) == (segment.from.0, segment.to.0) => {
                self.doubled += (i128::from(segment.from.1) + i128::from(segment.to.1)) * i128::from(ms);
                (segment.from.1 as f64, segment.to.1 as f64)
            }
            Interpolation::Linear => {
                let ends = (segment.at(from), segment.at(to));
                self.parts += f64::midpoint(ends.0, ends.1) * ms as f64;
                ends
            }
        };
        if let Some(above) = self.rules.above {
            self.above_ms += share_above(first, second, above) * ms as f64;
        }
        if let Some(below) = self.rules.below {
            self.below_ms += share_above(-first, -second, -below) * ms as f64;
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "the integral is told as a float")]
    pub(crate) fn finish(&self) -> Course {
        let integral = self.doubled as f64 / 2.0 + self.parts;
        let is_covered = self.rules.has_mean && self.covered_ms > 0;
        Course {
            covered_ms: self.covered_ms,
            mean: is_covered.then(|| integral / self.covered_ms as f64),
            integral: self.rules.has_mean.then_some(integral),
            above_ms: self.rules.above.map(|_| self.above_ms.round() as i64),
            below_ms: self.rules.below.map(|_| self.below_ms.round() as i64),
            on_ms: self.rules.is_binary.then_some(self.on_ms),
        }
    }
}

impl Segment {
    /// The value on the line at a time within.
    #[expect(clippy::cast_precision_loss, reason = "milliseconds and steps are far below 2^53")]
    fn at(&self, t: i64) -> f64 {
        let share = (t - self.from.0) as f64 / (self.to.0 - self.from.0) as f64;
        let (first, second) = (self.from.1 as f64, self.to.1 as f64);
        (second - first).mul_add(share, first)
    }
}

/// The share of a straight line that is above a threshold.
fn share_above(first: f64, second: f64, threshold: f64) -> f64 {
    let (low, high) = (first.min(second), first.max(second));
    if low > threshold {
        1.0
    } else if high <= threshold {
        0.0
    } else {
        (high - threshold) / (high - low)
    }
}
