use std::collections::BTreeMap;

use hub_assembly::Hub;
use hub_model::{Command, CommandError, DeviceId, Name, ReplayRule, Request, RoomId};

use crate::Sensor;

/// Makes the rooms of a house and adopts its sensors, with the keys that their pairing gave them, through the same desk as an
/// app.
///
/// # Errors
/// When the hub refuses.
pub fn furnish(hub: &Hub, sensors: &[Sensor]) -> Result<(), CommandError> {
    let ask = |command| hub.desk().execute_now(&Request { principal: "simulation".to_owned(), id: None, command });
    let mut rooms: BTreeMap<&str, Option<RoomId>> = BTreeMap::new();
    for sensor in sensors {
        let room = match rooms.get(sensor.room) {
            Some(room) => *room,
            None => {
                let room = ask(Command::CreateRoom { name: name(sensor.room)? })?.room;
                rooms.insert(sensor.room, room);
                room
            }
        };
        ask(Command::AdoptDevice {
            device: DeviceId::from(sensor.address),
            name: Some(name(sensor.name)?),
            room,
            key: Some(sensor.bind_key()),
            replay: ReplayRule::Strict,
        })?;
    }
    Ok(())
}

fn name(text: &str) -> Result<Name, CommandError> {
    Name::parse(text).map_err(|error| CommandError::OutOfRange {
        field: "name",
        value: text.to_owned(),
        expected: error.to_string(),
    })
}
