//! The table of object ids (bthome.io, format page of 2026-04-30), ascending.

use units::Quantity;

/// How the number of an object becomes steps of its quantity: `steps = raw × multiply ÷ divide`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scale {
    /// Steps for one count, times [`divide`](Self::divide).
    pub multiply: i64,
    /// 1 for all but pounds.
    pub divide: i64,
}

impl Scale {
    /// The steps of a raw number, rounded half away from zero; `None` where no `i64` holds them.
    pub fn steps(self, raw: i64) -> Option<i64> {
        raw.checked_mul(self.multiply).map(|product| divide_rounded(product, self.divide))
    }

    /// The raw number nearest to these steps; `None` where no `i64` holds it.
    pub fn raw(self, steps: i64) -> Option<i64> {
        steps.checked_mul(self.divide).map(|product| divide_rounded(product, self.multiply))
    }
}

/// `a ÷ b`, half away from zero; `b` is one of the table's positive numbers.
fn divide_rounded(a: i64, b: i64) -> i64 {
    let (quotient, rest) = (a / b, a % b);
    if rest.unsigned_abs() * 2 >= b.unsigned_abs() { quotient + a.signum() } else { quotient }
}

/// What the bytes after an object id are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// A little-endian integer of 1 to 4 bytes.
    Number {
        /// What it measures.
        quantity: Quantity,
        /// Its width in bytes.
        width: u8,
        /// Is it in two's complement?
        is_signed: bool,
        /// How it becomes steps.
        scale: Scale,
    },
    /// One byte: 0 off, anything else on.
    Binary(Quantity),
    /// One byte that changes with the data.
    PacketId,
    /// One byte: the number of a button event.
    Button,
    /// Two bytes: the number of a dimmer event, and steps.
    Dimmer,
    /// A byte whose low 5 bits are the length of the argument, the command, the argument.
    Command,
    /// Four bytes: seconds since 1970.
    Timestamp,
    /// A length byte and as many bytes of UTF-8.
    Text,
    /// A length byte and as many bytes.
    Raw,
    /// Two bytes.
    DeviceType,
    /// Version parts of one byte each, least significant first.
    Firmware {
        /// How many parts: 3 or 4.
        width: u8,
    },
}

/// A row of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Object {
    /// The object id.
    pub id: u8,
    /// What follows it.
    pub layout: Layout,
}

/// The row of an object id.
pub fn object(id: u8) -> Option<Layout> {
    OBJECTS.binary_search_by_key(&id, |row| row.id).ok().and_then(|at| OBJECTS.get(at)).map(|row| row.layout)
}

const fn row(id: u8, layout: Layout) -> Object {
    Object { id, layout }
}

const fn unsigned(id: u8, quantity: Quantity, width: u8, multiply: i64) -> Object {
    row(id, Layout::Number { quantity, width, is_signed: false, scale: Scale { multiply, divide: 1 } })
}

const fn signed(id: u8, quantity: Quantity, width: u8, multiply: i64) -> Object {
    row(id, Layout::Number { quantity, width, is_signed: true, scale: Scale { multiply, divide: 1 } })
}

/// 0.01 lb is 4.535 923 7 g (international pound, 1959), and a step of mass is 1 mg.
const POUNDS: Layout = Layout::Number {
    quantity: Quantity::Mass,
    width: 2,
    is_signed: false,
    scale: Scale { multiply: 45_359_237, divide: 10_000 },
};

/// Every object of the format; the last number of a row says how many steps of the quantity one count is.
pub const OBJECTS: &[Object] = &[
    row(0x00, Layout::PacketId),
    unsigned(0x01, Quantity::Battery, 1, 1),
    signed(0x02, Quantity::Temperature, 2, 10),
    unsigned(0x03, Quantity::Humidity, 2, 100),
    unsigned(0x04, Quantity::Pressure, 3, 1),
    unsigned(0x05, Quantity::Illuminance, 3, 1),
    unsigned(0x06, Quantity::Mass, 2, 10_000),
    row(0x07, POUNDS),
    signed(0x08, Quantity::Dewpoint, 2, 1),
    unsigned(0x09, Quantity::Count, 1, 1),
    unsigned(0x0A, Quantity::Energy, 3, 1),
    unsigned(0x0B, Quantity::Power, 3, 1),
    unsigned(0x0C, Quantity::Voltage, 2, 1),
    unsigned(0x0D, Quantity::Pm2_5, 2, 10),
    unsigned(0x0E, Quantity::Pm10, 2, 10),
    row(0x0F, Layout::Binary(Quantity::GenericBoolean)),
    row(0x10, Layout::Binary(Quantity::PowerOn)),
    row(0x11, Layout::Binary(Quantity::Opening)),
    unsigned(0x12, Quantity::Co2, 2, 1),
    unsigned(0x13, Quantity::Tvoc, 2, 1),
    unsigned(0x14, Quantity::Moisture, 2, 1),
    row(0x15, Layout::Binary(Quantity::BatteryLow)),
    row(0x16, Layout::Binary(Quantity::BatteryCharging)),
    row(0x17, Layout::Binary(Quantity::CarbonMonoxide)),
    row(0x18, Layout::Binary(Quantity::Cold)),
    row(0x19, Layout::Binary(Quantity::Connectivity)),
    row(0x1A, Layout::Binary(Quantity::Door)),
    row(0x1B, Layout::Binary(Quantity::GarageDoor)),
    row(0x1C, Layout::Binary(Quantity::GasDetected)),
    row(0x1D, Layout::Binary(Quantity::Heat)),
    row(0x1E, Layout::Binary(Quantity::Light)),
    row(0x1F, Layout::Binary(Quantity::Lock)),
    row(0x20, Layout::Binary(Quantity::MoistureDetected)),
    row(0x21, Layout::Binary(Quantity::Motion)),
    row(0x22, Layout::Binary(Quantity::Moving)),
    row(0x23, Layout::Binary(Quantity::Occupancy)),
    row(0x24, Layout::Binary(Quantity::Plug)),
    row(0x25, Layout::Binary(Quantity::Presence)),
    row(0x26, Layout::Binary(Quantity::Problem)),
    row(0x27, Layout::Binary(Quantity::Running)),
    row(0x28, Layout::Binary(Quantity::Safety)),
    row(0x29, Layout::Binary(Quantity::Smoke)),
    row(0x2A, Layout::Binary(Quantity::Sound)),
    row(0x2B, Layout::Binary(Quantity::Tamper)),
    row(0x2C, Layout::Binary(Quantity::Vibration)),
    row(0x2D, Layout::Binary(Quantity::Window)),
    unsigned(0x2E, Quantity::Humidity, 1, 10_000),
    unsigned(0x2F, Quantity::Moisture, 1, 100),
    row(0x3A, Layout::Button),
    row(0x3B, Layout::Command),
    row(0x3C, Layout::Dimmer),
    unsigned(0x3D, Quantity::Count, 2, 1),
    unsigned(0x3E, Quantity::Count, 4, 1),
    signed(0x3F, Quantity::Rotation, 2, 1),
    unsigned(0x40, Quantity::Distance, 2, 1),
    unsigned(0x41, Quantity::Distance, 2, 100),
    unsigned(0x42, Quantity::Duration, 3, 1),
    unsigned(0x43, Quantity::Current, 2, 1),
    unsigned(0x44, Quantity::Speed, 2, 10_000),
    signed(0x45, Quantity::Temperature, 2, 100),
    unsigned(0x46, Quantity::UvIndex, 1, 1),
    unsigned(0x47, Quantity::Volume, 2, 100),
    unsigned(0x48, Quantity::Volume, 2, 1),
    unsigned(0x49, Quantity::VolumeFlowRate, 2, 1),
    unsigned(0x4A, Quantity::Voltage, 2, 100),
    unsigned(0x4B, Quantity::Gas, 3, 1),
    unsigned(0x4C, Quantity::Gas, 4, 1),
    unsigned(0x4D, Quantity::Energy, 4, 1),
    unsigned(0x4E, Quantity::Volume, 4, 1),
    unsigned(0x4F, Quantity::Water, 4, 1),
    row(0x50, Layout::Timestamp),
    unsigned(0x51, Quantity::Acceleration, 2, 1000),
    unsigned(0x52, Quantity::Gyroscope, 2, 1),
    row(0x53, Layout::Text),
    row(0x54, Layout::Raw),
    unsigned(0x55, Quantity::VolumeStorage, 4, 1),
    unsigned(0x56, Quantity::Conductivity, 2, 1),
    signed(0x57, Quantity::Temperature, 1, 1000),
    signed(0x58, Quantity::Temperature, 1, 350),
    signed(0x59, Quantity::Count, 1, 1),
    signed(0x5A, Quantity::Count, 2, 1),
    signed(0x5B, Quantity::Count, 4, 1),
    signed(0x5C, Quantity::Power, 4, 1),
    signed(0x5D, Quantity::Current, 2, 1),
    unsigned(0x5E, Quantity::Direction, 2, 1),
    unsigned(0x5F, Quantity::Precipitation, 2, 1),
    unsigned(0x60, Quantity::Channel, 1, 1),
    unsigned(0x61, Quantity::RotationalSpeed, 2, 1),
    signed(0x62, Quantity::Speed, 4, 1),
    signed(0x63, Quantity::Acceleration, 4, 1),
    unsigned(0x64, Quantity::LightLevel, 1, 1),
    unsigned(0x65, Quantity::SettingsRevision, 1, 1),
    row(0xF0, Layout::DeviceType),
    row(0xF1, Layout::Firmware { width: 4 }),
    row(0xF2, Layout::Firmware { width: 3 }),
];
