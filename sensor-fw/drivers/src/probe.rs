use core::{error::Error, fmt, future::Future};

use crate::Sample;

/// Something that measures when it is asked.
///
/// It sleeps between two samples as deeply as it can, and finds its chip again by itself after the chip lost its power,
/// was disturbed or did not answer: whoever asks just asks again at the next turn. A future that is dropped half-way
/// leaves nothing but a chip that may still be measuring; the next sample copes with it or fails once.
pub trait Probe {
    /// Why nothing was measured.
    type Error: Error;

    /// Measures, and adds what was measured to `into`.
    ///
    /// # Errors
    /// The probe's own. Then `into` is as it was, but for what other probes of a pair measured.
    fn sample(&mut self, into: &mut Sample) -> impl Future<Output = Result<(), Self::Error>>;
}

/// Why one or both probes of a pair measured nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PairError<A, B> {
    /// The first failed, the second did not.
    First(A),
    /// The second failed, the first did not.
    Second(B),
    /// Both failed.
    Both(A, B),
}

impl<A: fmt::Display, B: fmt::Display> fmt::Display for PairError<A, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::First(error) => error.fmt(f),
            Self::Second(error) => error.fmt(f),
            Self::Both(first, second) => write!(f, "{first}; {second}"),
        }
    }
}

impl<A: Error, B: Error> Error for PairError<A, B> {}

/// One after the other; that one fails does not keep the other from being asked.
impl<A: Probe, B: Probe> Probe for (A, B) {
    type Error = PairError<A::Error, B::Error>;

    async fn sample(&mut self, into: &mut Sample) -> Result<(), Self::Error> {
        let (first, second) = (self.0.sample(into).await, self.1.sample(into).await);
        match (first, second) {
            (Ok(()), Ok(())) => Ok(()),
            (Err(first), Ok(())) => Err(PairError::First(first)),
            (Ok(()), Err(second)) => Err(PairError::Second(second)),
            (Err(first), Err(second)) => Err(PairError::Both(first, second)),
        }
    }
}
