/// What is true where a sensor hangs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Air {
    /// Temperature in 0.001 °C.
    pub milli_celsius: i32,
    /// Relative humidity in 0.0001 %, as the table of units counts it.
    pub humidity: u32,
    /// Pressure in pascal.
    pub pascal: u32,
    /// Carbon dioxide in ppm.
    pub co2_ppm: u16,
}

/// A room: 20 °C, 50 %, sea level, 600 ppm.
impl Default for Air {
    fn default() -> Self {
        Self { milli_celsius: 20_000, humidity: 500_000, pascal: 101_325, co2_ppm: 600 }
    }
}
