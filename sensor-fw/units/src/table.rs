//! The table of quantities.
//!
//! A row is `variant = code, name, label, unit, exponent, kind, plausible range in steps`. What a row means to
//! the rest of Ingle:
//!
//! - **code** stands in every file for ten years. It is never changed and never reused; a quantity that
//!   nobody sends any more keeps its row. A new quantity takes a free code: 1–63 for measurements and
//!   totals, 64–127 for binary ones (so that a variable-length integer of one byte holds them all).
//! - **name** is BTHome's property name in snake_case; a binary one whose property shares its name with
//!   a measurement says what being 1 means (`battery_low`, `gas_detected`).
//! - **exponent** is fixed by the finest format that we read, so that every format is held exactly.
//!   Two are rounded, finer than their source counts, so that the source's number can be had back:
//!   pounds (0.01 lb = 4 535.9237 mg, held to 1 mg) and Ruuvi's milli-g (980.665 steps, held to 1 step).
//! - **plausible** is what a sound device in or around a home can report; wider is wrong, not rare.

use core::ops::RangeInclusive;

use crate::Kind;

macro_rules! quantities {
    ($(
        $(#[doc = $doc:literal])+
        $variant:ident = $code:literal, $name:literal, $label:literal, $unit:literal, $exponent:literal, $kind:ident,
        $low:literal..=$high:literal;
    )+) => {
        /// Something that can be measured, with its one unit and resolution.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u16)]
        pub enum Quantity {
            $($(#[doc = $doc])+ $variant = $code,)+
        }

        impl Quantity {
            /// Every quantity, by ascending code.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The name in files, commands and the API: `pm2_5`.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// The name for people, in English: `Carbon dioxide`.
            pub const fn label(self) -> &'static str {
                match self { $(Self::$variant => $label,)+ }
            }

            /// The unit as printed, such as `°C`; empty for a number without one.
            pub const fn unit(self) -> &'static str {
                match self { $(Self::$variant => $unit,)+ }
            }

            /// The resolution: one step is `10^exponent` units (−6 to 0).
            pub const fn exponent(self) -> i8 {
                match self { $(Self::$variant => $exponent,)+ }
            }

            /// How the values behave over time.
            pub const fn kind(self) -> Kind {
                match self { $(Self::$variant => Kind::$kind,)+ }
            }

            /// What a sound device can report, in steps; the source of each range stands in the table.
            pub const fn plausible(self) -> RangeInclusive<i64> {
                match self { $(Self::$variant => $low..=$high,)+ }
            }
        }
    };
}

quantities! {
    /// Temperature. Finest: Ruuvi 5, 0.005 °C. Plausible: Antarctica's coldest air (−89 °C) to an oven probe.
    Temperature = 1, "temperature", "Temperature", "°C", -3, Measurement, -100_000..=350_000;
    /// Relative humidity. Finest: Ruuvi 5, 0.0025 %. Plausible: Sensirion's formula ends at 119 % (SHT4x, 4.6).
    Humidity = 2, "humidity", "Humidity", "%", -4, Measurement, 0..=1_190_000;
    /// Air pressure, 1 Pa. Plausible: range of common barometers (BMP390: 300–1250 hPa).
    Pressure = 3, "pressure", "Pressure", "hPa", -2, Measurement, 30_000..=125_000;
    /// Charge of the battery. Plausible: by definition.
    Battery = 4, "battery", "Battery", "%", 0, Measurement, 0..=100;
    /// Voltage, of a battery or a mains phase. Plausible: to the end of BTHome 0x4A, 0.1 V × 65 535 (solar strings).
    Voltage = 5, "voltage", "Voltage", "V", -3, Measurement, 0..=6_553_500;
    /// Electric current; negative flows back. Plausible: BTHome 0x5D and 0x43, which end at −32.8 and 65.5 A.
    Current = 6, "current", "Current", "A", -3, Measurement, -32_768..=65_535;
    /// Electric power; negative is fed in. Plausible: 10 MW, beyond any house connection (BTHome 0x0B ends at 168 kW).
    Power = 7, "power", "Power", "W", -2, Measurement, -1_000_000_000..=1_000_000_000;
    /// Energy counted by a meter. Plausible: BTHome 0x4D, 32 bits of Wh.
    Energy = 8, "energy", "Energy", "kWh", -3, Total, 0..=4_294_967_295;
    /// Illuminance. Plausible: BTHome 0x05 ends at 167 772 lx; direct sun is 130 000 lx.
    Illuminance = 9, "illuminance", "Illuminance", "lx", -2, Measurement, 0..=16_777_215;
    /// Light in three steps: 0 dark, 1 twilight, 2 bright. Plausible: BTHome 0x64 knows these three.
    LightLevel = 10, "light_level", "Light level", "", 0, Measurement, 0..=2;
    /// Ultraviolet index. Plausible: BTHome 0x46 ends at 25.5.
    UvIndex = 11, "uv_index", "UV index", "", -1, Measurement, 0..=255;
    /// Carbon dioxide in air. Plausible: range of common NDIR cells (SCD30: 40 000 ppm).
    Co2 = 12, "co2", "Carbon dioxide", "ppm", 0, Measurement, 0..=40_000;
    /// Volatile organic compounds in air. Plausible: BTHome 0x13, 16 bits.
    Tvoc = 13, "tvoc", "Volatile organic compounds", "µg/m³", 0, Measurement, 0..=65_535;
    /// Dust up to 2.5 µm. Finest: Ruuvi 6, 0.1. Plausible: BTHome 0x0D, 16 bits; optical sensors saturate earlier.
    Pm2_5 = 14, "pm2_5", "Fine dust PM2.5", "µg/m³", -1, Measurement, 0..=655_350;
    /// Dust up to 10 µm. Plausible: as PM2.5 (BTHome 0x0E).
    Pm10 = 15, "pm10", "Dust PM10", "µg/m³", -1, Measurement, 0..=655_350;
    /// Water in soil or wood. Plausible: by definition.
    Moisture = 16, "moisture", "Moisture", "%", -2, Measurement, 0..=10_000;
    /// Electric conductivity, of soil or water. Plausible: BTHome 0x56, 16 bits; sea water is 50 000.
    Conductivity = 17, "conductivity", "Conductivity", "µS/cm", 0, Measurement, 0..=65_535;
    /// Mass; pounds are converted. Plausible: BTHome 0x06 ends at 655.35 kg.
    Mass = 18, "mass", "Mass", "kg", -6, Measurement, 0..=655_350_000;
    /// A number of anything; it may fall. Plausible: BTHome 0x3E and 0x5B, 32 bits.
    Count = 19, "count", "Count", "", 0, Measurement, -2_147_483_648..=4_294_967_295;
    /// Distance or level. Finest: BTHome 0x40, 1 mm. Plausible: BTHome 0x41 ends at 6553.5 m.
    Distance = 20, "distance", "Distance", "m", -3, Measurement, 0..=6_553_500;
    /// How long something took. Plausible: BTHome 0x42, 24 bits of ms (4.6 h).
    Duration = 21, "duration", "Duration", "s", -3, Measurement, 0..=16_777_215;
    /// Speed, of wind for one; negative goes back. Finest: BTHome 0x62. Plausible: sound, ±343 m/s.
    Speed = 22, "speed", "Speed", "m/s", -6, Measurement, -343_000_000..=343_000_000;
    /// Acceleration. Finest: BTHome 0x63. Plausible: ±2147 m/s², where 0x63 ends; consumer chips end at 200 g.
    Acceleration = 23, "acceleration", "Acceleration", "m/s²", -6, Measurement, -2_147_483_648..=2_147_483_647;
    /// Acceleration along X. Plausible: Ruuvi 5 ends at ±32.767 g.
    AccelerationX = 24, "acceleration_x", "Acceleration X", "m/s²", -5, Measurement, -32_133_450..=32_133_450;
    /// Acceleration along Y. Plausible: as X.
    AccelerationY = 25, "acceleration_y", "Acceleration Y", "m/s²", -5, Measurement, -32_133_450..=32_133_450;
    /// Acceleration along Z. Plausible: as X.
    AccelerationZ = 26, "acceleration_z", "Acceleration Z", "m/s²", -5, Measurement, -32_133_450..=32_133_450;
    /// Turning rate. Plausible: BTHome 0x52 ends at 65.5 °/s.
    Gyroscope = 27, "gyroscope", "Gyroscope", "°/s", -3, Measurement, 0..=65_535;
    /// Angle turned, as of a knob; negative is counter-clockwise. Plausible: BTHome 0x3F, ±3276.8°.
    Rotation = 28, "rotation", "Rotation", "°", -1, Measurement, -32_768..=32_767;
    /// Revolutions a minute. Plausible: BTHome 0x61, 16 bits.
    RotationalSpeed = 29, "rotational_speed", "Rotational speed", "rpm", 0, Measurement, 0..=65_535;
    /// Compass direction, of wind for one. Plausible: by definition; 360 is north again.
    Direction = 30, "direction", "Direction", "°", -2, Measurement, 0..=36_000;
    /// Rain since the gauge was reset. Plausible: BTHome 0x5F ends at 6553.5 mm.
    Precipitation = 31, "precipitation", "Precipitation", "mm", -1, Total, 0..=65_535;
    /// Volume of something. Finest: BTHome 0x4E, 1 mL. Plausible: 0x4E, 32 bits of mL.
    Volume = 32, "volume", "Volume", "L", -3, Measurement, 0..=4_294_967_295;
    /// Volume held in a tank. Plausible: BTHome 0x55, 32 bits of mL.
    VolumeStorage = 33, "volume_storage", "Stored volume", "L", -3, Measurement, 0..=4_294_967_295;
    /// Flow through a pipe. Plausible: BTHome 0x49 ends at 65.5 m³/h.
    VolumeFlowRate = 34, "volume_flow_rate", "Flow rate", "m³/h", -3, Measurement, 0..=65_535;
    /// Gas counted by a meter. Plausible: BTHome 0x4C, 32 bits of L.
    Gas = 35, "gas", "Gas", "m³", -3, Total, 0..=4_294_967_295;
    /// Water counted by a meter. Plausible: BTHome 0x4F, 32 bits of mL.
    Water = 36, "water", "Water", "L", -3, Total, 0..=4_294_967_295;
    /// The channel that a remote control is set to. Plausible: BTHome 0x60, 8 bits.
    Channel = 37, "channel", "Channel", "", 0, Measurement, 0..=255;
    /// Revision of a device's settings; it changes when somebody changed them. Plausible: BTHome 0x65, 8 bits.
    SettingsRevision = 38, "settings_revision", "Settings revision", "", 0, Measurement, 0..=255;
    /// Movements noticed, wrapping after 254. Plausible: Ruuvi 5, 8 bits without the invalid 255.
    MovementCounter = 39, "movement_counter", "Movements", "", 0, Total, 0..=254;
    /// Sensirion's index of organic compounds, 100 is the usual air. Plausible: SGP41, 1–500; 0 while it warms up.
    VocIndex = 40, "voc_index", "VOC index", "", 0, Measurement, 0..=500;
    /// Sensirion's index of nitrogen oxides, 1 is the usual air. Plausible: SGP41, 1–500; 0 while it warms up.
    NoxIndex = 41, "nox_index", "NOx index", "", 0, Measurement, 0..=500;
    /// Power at which the device says it transmits. Plausible: Bluetooth Core 6, −127 to +20 dBm.
    TxPower = 42, "tx_power", "Transmit power", "dBm", 0, Measurement, -127..=20;
    /// Strength at which the hub hears the device. Plausible: Bluetooth Core 6, −127 to +20 dBm.
    Rssi = 43, "rssi", "Signal strength", "dBm", 0, Measurement, -127..=20;
    /// Temperature at which dew falls. Plausible: as temperature, and never above boiling.
    Dewpoint = 44, "dewpoint", "Dew point", "°C", -2, Measurement, -10_000..=10_000;

    /// Anything that is on or off.
    GenericBoolean = 64, "generic_boolean", "On", "", 0, Binary, 0..=1;
    /// 1: power is on.
    PowerOn = 65, "power_on", "Power", "", 0, Binary, 0..=1;
    /// 1: open.
    Opening = 66, "opening", "Opening", "", 0, Binary, 0..=1;
    /// 1: the battery is low.
    BatteryLow = 67, "battery_low", "Battery low", "", 0, Binary, 0..=1;
    /// 1: charging.
    BatteryCharging = 68, "battery_charging", "Battery charging", "", 0, Binary, 0..=1;
    /// 1: carbon monoxide was detected.
    CarbonMonoxide = 69, "carbon_monoxide", "Carbon monoxide", "", 0, Binary, 0..=1;
    /// 1: cold.
    Cold = 70, "cold", "Cold", "", 0, Binary, 0..=1;
    /// 1: connected.
    Connectivity = 71, "connectivity", "Connectivity", "", 0, Binary, 0..=1;
    /// 1: open.
    Door = 72, "door", "Door", "", 0, Binary, 0..=1;
    /// 1: open.
    GarageDoor = 73, "garage_door", "Garage door", "", 0, Binary, 0..=1;
    /// 1: gas was detected.
    GasDetected = 74, "gas_detected", "Gas detected", "", 0, Binary, 0..=1;
    /// 1: hot.
    Heat = 75, "heat", "Heat", "", 0, Binary, 0..=1;
    /// 1: there is light.
    Light = 76, "light", "Light", "", 0, Binary, 0..=1;
    /// 1: unlocked.
    Lock = 77, "lock", "Lock", "", 0, Binary, 0..=1;
    /// 1: wet.
    MoistureDetected = 78, "moisture_detected", "Moisture detected", "", 0, Binary, 0..=1;
    /// 1: something moves in front of the sensor.
    Motion = 79, "motion", "Motion", "", 0, Binary, 0..=1;
    /// 1: the sensor itself is moving.
    Moving = 80, "moving", "Moving", "", 0, Binary, 0..=1;
    /// 1: the room is occupied.
    Occupancy = 81, "occupancy", "Occupancy", "", 0, Binary, 0..=1;
    /// 1: plugged in.
    Plug = 82, "plug", "Plug", "", 0, Binary, 0..=1;
    /// 1: at home.
    Presence = 83, "presence", "Presence", "", 0, Binary, 0..=1;
    /// 1: there is a problem.
    Problem = 84, "problem", "Problem", "", 0, Binary, 0..=1;
    /// 1: running.
    Running = 85, "running", "Running", "", 0, Binary, 0..=1;
    /// 1: safe.
    Safety = 86, "safety", "Safety", "", 0, Binary, 0..=1;
    /// 1: smoke was detected.
    Smoke = 87, "smoke", "Smoke", "", 0, Binary, 0..=1;
    /// 1: sound was detected.
    Sound = 88, "sound", "Sound", "", 0, Binary, 0..=1;
    /// 1: somebody tampers with the device.
    Tamper = 89, "tamper", "Tamper", "", 0, Binary, 0..=1;
    /// 1: vibration was detected.
    Vibration = 90, "vibration", "Vibration", "", 0, Binary, 0..=1;
    /// 1: open.
    Window = 91, "window", "Window", "", 0, Binary, 0..=1;
}
