use core::fmt;

use units::Measure;

/// The chips that there are drivers for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chip {
    /// Sensirion SHT40, SHT41, SHT45: temperature and humidity.
    Sht4x,
    /// Sensirion SCD41, SCD43: carbon dioxide.
    Scd4x,
    /// Bosch BMP390: pressure.
    Bmp390,
    /// Bosch BME280: temperature, humidity and pressure.
    Bme280,
}

impl fmt::Display for Chip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sht4x => "SHT4x",
            Self::Scd4x => "SCD4x",
            Self::Bmp390 => "BMP390",
            Self::Bme280 => "BME280",
        })
    }
}

/// Why a chip on the bus measured nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault<E> {
    /// The bus failed, or the chip did not acknowledge: absent, without power, or busy.
    Bus {
        /// Which chip was spoken to.
        chip: Chip,
        /// What the bus says.
        error: E,
    },
    /// What was read is not what was sent: a checksum is wrong, or two readings of the same differ.
    Corrupt {
        /// Which chip was read.
        chip: Chip,
    },
    /// Another chip answers at this address.
    WrongChip {
        /// Which chip should be there.
        chip: Chip,
        /// The identity that was read.
        identity: u8,
    },
    /// The chip holds no calibration that it could have left the factory with.
    Uncalibrated {
        /// Which chip.
        chip: Chip,
    },
    /// The chip reports an error of its own.
    Refused {
        /// Which chip.
        chip: Chip,
        /// Its error register.
        bits: u8,
    },
    /// The chip has not finished in more than its longest time.
    Late {
        /// Which chip.
        chip: Chip,
        /// How long it was waited for, in microseconds.
        waited_us: u32,
    },
    /// The chip told what it cannot have measured.
    OutOfRange {
        /// Which chip.
        chip: Chip,
        /// What it told.
        measure: Measure,
    },
}

impl<E: fmt::Debug> fmt::Display for Fault<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bus { chip, error } => write!(f, "{chip}: bus: {error:?}"),
            Self::Corrupt { chip } => write!(f, "{chip}: was read with an error"),
            Self::WrongChip { chip, identity } => write!(f, "{chip}: a chip of identity {identity:#04x} is there"),
            Self::Uncalibrated { chip } => write!(f, "{chip}: holds no calibration"),
            Self::Refused { chip, bits } => write!(f, "{chip}: reports an error, {bits:#04x}"),
            Self::Late { chip, waited_us } => write!(f, "{chip}: has not finished after {waited_us} µs"),
            Self::OutOfRange { chip, measure } => write!(f, "{chip}: cannot have measured {measure}"),
        }
    }
}

impl<E: fmt::Debug> core::error::Error for Fault<E> {}

#[cfg(test)]
mod tests {
    use super::*;
    use units::Quantity;

    #[test]
    fn a_fault_names_the_chip_and_what_is_wrong() {
        let chip = Chip::Bme280;
        let said = |fault: Fault<&str>| fault.to_string();
        assert_eq!(said(Fault::Corrupt { chip }), "BME280: was read with an error");
        assert_eq!(said(Fault::WrongChip { chip, identity: 0x58 }), "BME280: a chip of identity 0x58 is there");
        assert_eq!(said(Fault::Late { chip, waited_us: 15_000 }), "BME280: has not finished after 15000 µs");
        let measure = Measure::new(Quantity::Pressure, 20_000);
        assert_eq!(said(Fault::OutOfRange { chip, measure }), "BME280: cannot have measured 200 hPa");
    }
}
