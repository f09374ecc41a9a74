use crate::kernel::Scan;

/// How much of the time an adapter listens.
///
/// Sensors repeat themselves, but an event is told in a second: who listens all the time misses least. On boards whose
/// Bluetooth and 2.4 GHz Wi-Fi share an aerial (every Raspberry Pi) that costs Wi-Fi throughput; there a share of 50 % is
/// what the kernel takes by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listening {
    percent: u8,
}

impl Listening {
    /// All the time.
    pub const ALWAYS: Self = Self { percent: 100 };
    /// The least share, %: below it a sensor in bursts is missed more often than heard.
    pub const LEAST: u8 = 10;

    /// So much of the time, 10 to 100 %; `None` for what is less or more.
    pub const fn new(percent: u8) -> Option<Self> {
        if percent < Self::LEAST || percent > 100 { None } else { Some(Self { percent }) }
    }

    /// 100 ms, of which so much is the window, in steps of 0.625 ms.
    pub(crate) fn scan(self) -> Scan {
        const INTERVAL: u16 = 160;
        Scan { interval: INTERVAL, window: INTERVAL * u16::from(self.percent) / 100 }
    }
}

impl Default for Listening {
    fn default() -> Self {
        Self::ALWAYS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_a_part_of_every_tenth_of_a_second() {
        assert_eq!(Listening::ALWAYS.scan(), Scan { interval: 160, window: 160 });
        assert_eq!(Listening::new(50).unwrap().scan(), Scan { interval: 160, window: 80 });
        assert_eq!(Listening::new(10).unwrap().scan(), Scan { interval: 160, window: 16 });
        assert_eq!((Listening::new(9), Listening::new(101)), (None, None));
    }
}
