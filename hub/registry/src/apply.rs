//! What a command does to the household: pure, before anything is written.

use std::sync::Arc;

use hub_model::{
    Address, BindKey, Command, CommandError, Device, DeviceId, Format, Household, Kind, Name, Quantity, Retention,
    RetentionError, Room, RoomId, UnixMillis,
};

use crate::record::EventRecord;

/// The most devices that a house adopts.
pub const MAX_DEVICES: usize = 1_000;

/// The most rooms of a house.
pub const MAX_ROOMS: usize = 200;

/// The most calibration offsets of one device.
pub const MAX_OFFSETS: usize = 64;

/// The longest retention in days: a hundred years.
pub const MAX_RETENTION_DAYS: u32 = Retention::MAX_DAYS;

/// The household after a command, and what of it is new.
#[derive(Debug)]
pub(crate) struct Applied {
    pub(crate) household: Household,
    /// The devices to write, or to remove where the household has them no more.
    pub(crate) devices: Vec<DeviceId>,
    /// The room to write, or to remove.
    pub(crate) room: Option<RoomId>,
    pub(crate) events: Vec<EventRecord>,
}

/// Applies `command`; a room that it makes gets the number `next_room`.
pub(crate) fn apply(
    household: &Household,
    command: &Command,
    next_room: RoomId,
    now: UnixMillis,
) -> Result<Applied, CommandError> {
    let mut change = Applied { household: household.clone(), devices: Vec::new(), room: None, events: Vec::new() };
    match command {
        Command::AdoptDevice { device, name, room, key, replay } => {
            change.room_exists(*room)?;
            check_key(key.as_ref(), None)?;
            let address = address_of(*device)?;
            change.adopt(Device {
                id: *device,
                address,
                name: name.clone().map_or_else(|| usual_name(*device, address), Ok)?,
                room: *room,
                format: None,
                key: *key,
                replay: *replay,
                calibration: [].into(),
                retention: None,
                retention_of: [].into(),
                adopted_at: now,
            })?;
        }
        Command::NameDevice { device, name } => change.device(*device, |device| {
            device.name = name.clone();
            Ok(())
        })?,
        Command::PlaceDevice { device, room } => {
            change.device_exists(*device)?;
            change.room_exists(*room)?;
            change.device(*device, |device| {
                device.room = *room;
                Ok(())
            })?;
        }
        Command::SecureDevice { device, key, replay } => change.device(*device, |device| {
            check_key(key.as_ref(), device.format)?;
            device.key = key.or(device.key);
            device.replay = *replay;
            Ok(())
        })?,
        Command::CalibrateDevice { device, quantity, instance, offset } => {
            change.device(*device, |device| calibrate(device, *quantity, *instance, *offset))?;
        }
        Command::RetainDevice { device, quantity, retention } => {
            change.device(*device, |device| retain(device, *quantity, *retention))?;
        }
        Command::RemoveDevice { device, keeps_history: _ } => change.remove_device(*device)?,
        Command::CreateRoom { name } => {
            if change.household.rooms.len() >= MAX_ROOMS {
                return Err(CommandError::TooMany { what: "rooms", limit: MAX_ROOMS });
            }
            change.put_room(next_room, name)?;
        }
        Command::NameRoom { room, name } => {
            change.room_exists(Some(*room))?;
            change.put_room(*room, name)?;
        }
        Command::RemoveRoom { room } => {
            change.room_exists(Some(*room))?;
            change.remove_room(*room)?;
        }
    }
    Ok(change)
}

impl Applied {
    fn device_exists(&self, device: DeviceId) -> Result<&Arc<Device>, CommandError> {
        self.household.devices.get(&device).ok_or(CommandError::DeviceNotFound { device })
    }

    fn room_exists(&self, room: Option<RoomId>) -> Result<(), CommandError> {
        match room {
            Some(room) if !self.household.rooms.contains_key(&room) => Err(CommandError::RoomNotFound { room }),
            _ => Ok(()),
        }
    }

    fn adopt(&mut self, device: Device) -> Result<(), CommandError> {
        let id = device.id;
        if self.household.devices.contains_key(&id) {
            return Err(CommandError::AlreadyAdopted { device: id });
        }
        if self.household.devices.len() >= MAX_DEVICES {
            return Err(CommandError::TooMany { what: "devices", limit: MAX_DEVICES });
        }
        self.household.devices.insert(id, Arc::new(device));
        self.devices.push(id);
        self.events.push(EventRecord::DeviceAdopted(id.as_u64()));
        Ok(())
    }

    /// Changes one device.
    fn device(
        &mut self,
        id: DeviceId,
        change: impl FnOnce(&mut Device) -> Result<(), CommandError>,
    ) -> Result<(), CommandError> {
        let mut device = Device::clone(self.device_exists(id)?);
        change(&mut device)?;
        self.household.devices.insert(id, Arc::new(device));
        self.devices.push(id);
        self.events.push(EventRecord::DeviceChanged(id.as_u64()));
        Ok(())
    }

    fn remove_device(&mut self, id: DeviceId) -> Result<(), CommandError> {
        self.device_exists(id)?;
        self.household.devices.remove(&id);
        self.devices.push(id);
        self.events.push(EventRecord::DeviceRemoved(id.as_u64()));
        Ok(())
    }

    fn put_room(&mut self, id: RoomId, name: &Name) -> Result<(), CommandError> {
        let lower = name.as_str().to_lowercase();
        if self.household.rooms.values().any(|room| room.id != id && room.name.as_str().to_lowercase() == lower) {
            return Err(CommandError::RoomNameTaken { name: name.to_string() });
        }
        self.household.rooms.insert(id, Arc::new(Room { id, name: name.clone() }));
        self.room = Some(id);
        self.events.push(EventRecord::RoomChanged(id.0));
        Ok(())
    }

    fn remove_room(&mut self, id: RoomId) -> Result<(), CommandError> {
        let inside: Vec<DeviceId> =
            self.household.devices.values().filter(|device| device.room == Some(id)).map(|device| device.id).collect();
        for device in inside {
            self.device(device, |device| {
                device.room = None;
                Ok(())
            })?;
        }
        self.household.rooms.remove(&id);
        self.room = Some(id);
        self.events.push(EventRecord::RoomChanged(id.0));
        Ok(())
    }
}

/// The address of a device that is known by its address; our own sensors come in by pairing.
fn address_of(device: DeviceId) -> Result<Address, CommandError> {
    match device.as_u64().to_be_bytes() {
        [0, 0, a, b, c, d, e, f] if device.as_u64() != 0 => Ok(Address::new([a, b, c, d, e, f])),
        _ => Err(CommandError::DeviceNotFound { device }),
    }
}

/// What to call a device that the owner gave no name: by the end of its address, as it is often printed on it.
fn usual_name(device: DeviceId, address: Address) -> Result<Name, CommandError> {
    let [.., e, f] = address.bytes();
    Name::parse(&format!("Sensor {e:02X}{f:02X}")).map_err(|_| CommandError::DeviceNotFound { device })
}

/// A key is no blank memory, and no key goes to a format that never encrypts. Never says the key.
fn check_key(key: Option<&BindKey>, format: Option<Format>) -> Result<(), CommandError> {
    let refuse = |value: String, expected: &str| {
        Err(CommandError::OutOfRange { field: "key", value, expected: expected.to_owned() })
    };
    let Some(key) = key else { return Ok(()) };
    match format {
        Some(
            format @ (Format::Ruuvi3
            | Format::Ruuvi5
            | Format::Ruuvi6
            | Format::Govee
            | Format::SwitchBot
            | Format::SensorPush
            | Format::Inkbird
            | Format::ThermoPro
            | Format::Qingping
            | Format::Aranet
            | Format::Mopeka),
        ) => {
            return refuse(
                format!("given for a device that sends {format}"),
                "none, because that format is never encrypted",
            );
        }
        Some(Format::BthomeV1 | Format::BthomeV2 | Format::Atc1441 | Format::Pvvx | Format::MiBeacon) | None => {}
    }
    let [first, rest @ ..] = key.bytes();
    if matches!(first, 0x00 | 0xFF) && rest.iter().all(|byte| byte == first) {
        return refuse(format!("{first:02x} sixteen times"), "16 random bytes; this is blank memory");
    }
    Ok(())
}

fn calibrate(device: &mut Device, quantity: Quantity, instance: u8, offset: i64) -> Result<(), CommandError> {
    if quantity.kind() == Kind::Binary {
        let field = "quantity";
        let expected = "a quantity that is measured; one that is 0 or 1 has no offset".to_owned();
        return Err(CommandError::OutOfRange { field, value: quantity.name().to_owned(), expected });
    }
    let width = quantity.plausible().end().abs_diff(*quantity.plausible().start());
    if offset.unsigned_abs() > width {
        let width = i64::try_from(width).unwrap_or(i64::MAX);
        let show = |steps| quantity.display(steps);
        let expected = format!("{} to {} {}", show(-width), show(width), quantity.unit());
        return Err(out_of_range("offset", show(offset).to_string(), expected.trim_end()));
    }
    if offset == 0 {
        device.calibration.remove(&(quantity, instance));
        return Ok(());
    }
    device.calibration.insert((quantity, instance), offset);
    if device.calibration.len() > MAX_OFFSETS {
        return Err(CommandError::TooMany { what: "offsets for this device", limit: MAX_OFFSETS });
    }
    Ok(())
}

fn retain(device: &mut Device, quantity: Option<Quantity>, retention: Option<Retention>) -> Result<(), CommandError> {
    retention.map_or(Ok(()), Retention::check).map_err(|wrong| {
        let RetentionError { field, days, expected } = wrong;
        CommandError::OutOfRange { field, value: days.to_string(), expected }
    })?;
    match (quantity, retention) {
        (None, retention) => device.retention = retention,
        (Some(quantity), Some(retention)) => {
            device.retention_of.insert(quantity, retention);
        }
        (Some(quantity), None) => {
            device.retention_of.remove(&quantity);
        }
    }
    Ok(())
}

fn out_of_range(field: &'static str, value: String, expected: &str) -> CommandError {
    CommandError::OutOfRange { field, value, expected: expected.to_owned() }
}

#[cfg(test)]
mod tests;
