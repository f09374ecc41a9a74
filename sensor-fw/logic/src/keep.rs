use core::fmt;

/// Why flash could not keep or give something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeepError<E> {
    /// The flash itself failed.
    Flash(E),
    /// There is no room for all that is to be kept.
    Full,
    /// It is longer than any place for it.
    TooLong,
    /// The range is not made of two whole pages or more, or the flash is written in words of more than 16 bytes.
    NoSuchPlace,
}

impl<E: fmt::Debug> fmt::Display for KeepError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flash(error) => write!(f, "the flash failed: {error:?}"),
            Self::Full => f.write_str("the flash has no room"),
            Self::TooLong => f.write_str("too long to be kept in flash"),
            Self::NoSuchPlace => f.write_str("the range is not made of two whole pages or more"),
        }
    }
}

impl<E: fmt::Debug> core::error::Error for KeepError<E> {}
