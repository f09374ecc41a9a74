use hub_model::ReplayRule;

use super::*;

const NOW: UnixMillis = UnixMillis(1_000);
const BATH: DeviceId = DeviceId::from_u64(0xA4C1_3800_1122);

fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

fn adopt(device: DeviceId, room: Option<RoomId>, key: Option<[u8; 16]>) -> Command {
    Command::AdoptDevice { device, name: None, room, key: key.map(BindKey::new), replay: ReplayRule::Strict }
}

/// The house after these commands, none of which may be refused.
fn house(commands: &[Command]) -> Household {
    commands.iter().fold(Household::default(), |house, command| {
        let next_room = RoomId(u32::try_from(house.rooms.len()).unwrap() + 1);
        apply(&house, command, next_room, NOW).unwrap().household
    })
}

/// What `command` is refused with after `before`.
fn refused(before: &[Command], command: &Command) -> String {
    apply(&house(before), command, RoomId(9), NOW).unwrap_err().to_string()
}

#[test]
fn a_device_is_adopted_with_its_address_and_a_usual_name() {
    let applied = apply(&Household::default(), &adopt(BATH, None, None), RoomId(1), NOW).unwrap();
    let device = &applied.household.devices[&BATH];
    assert_eq!((device.address.to_string().as_str(), device.name.as_str()), ("A4:C1:38:00:11:22", "Sensor 1122"));
    assert_eq!((device.adopted_at, device.room, device.format), (NOW, None, None));
    assert_eq!(applied.events, [EventRecord::DeviceAdopted(BATH.as_u64())]);
}

#[test]
fn what_is_not_there_or_there_already_is_said() {
    let own = DeviceId::from_u64(0x0123_4567_89AB_CDEF);
    let twice = [adopt(BATH, None, None)];
    assert_eq!(refused(&twice, &adopt(BATH, None, None)), "device a4c138001122 is adopted already");
    assert_eq!(refused(&[], &adopt(own, None, None)), "device 0123456789abcdef is not known");
    assert_eq!(refused(&[], &adopt(DeviceId::from_u64(0), None, None)), "device 000000000000 is not known");
    assert_eq!(refused(&[], &adopt(BATH, Some(RoomId(3)), None)), "room 3 does not exist");
    for command in [
        Command::NameDevice { device: BATH, name: name("x") },
        Command::PlaceDevice { device: BATH, room: None },
        Command::SecureDevice { device: BATH, key: None, replay: ReplayRule::Compat },
        Command::CalibrateDevice { device: BATH, quantity: Quantity::Temperature, instance: 0, offset: 1 },
        Command::RetainDevice { device: BATH, quantity: None, retention: None },
        Command::RemoveDevice { device: BATH, keeps_history: true },
    ] {
        assert_eq!(refused(&[], &command), "device a4c138001122 is not known", "{command:?}");
    }
    assert_eq!(refused(&[], &Command::NameRoom { room: RoomId(3), name: name("x") }), "room 3 does not exist");
    assert_eq!(refused(&[], &Command::RemoveRoom { room: RoomId(3) }), "room 3 does not exist");
    assert_eq!(refused(&twice, &Command::PlaceDevice { device: BATH, room: Some(RoomId(3)) }), "room 3 does not exist");
}

#[test]
fn two_rooms_have_not_the_same_name_in_any_case() {
    let create = |text| Command::CreateRoom { name: name(text) };
    let rooms = [create("Küche"), create("Bath")];
    assert_eq!(refused(&rooms, &create("KÜCHE")), "another room is called \"KÜCHE\"");
    let rename = |text| Command::NameRoom { room: RoomId(2), name: name(text) };
    assert_eq!(refused(&rooms, &rename("küche")), "another room is called \"küche\"");
    let renamed = apply(&house(&rooms), &rename("BATH"), RoomId(3), NOW).unwrap();
    assert_eq!(renamed.household.rooms[&RoomId(2)].name.as_str(), "BATH");
}

#[test]
fn a_removed_room_leaves_its_devices_in_none() {
    let other = DeviceId::from_u64(1);
    let house = house(&[
        Command::CreateRoom { name: name("Bath") },
        adopt(BATH, Some(RoomId(1)), None),
        adopt(other, None, None),
    ]);
    let applied = apply(&house, &Command::RemoveRoom { room: RoomId(1) }, RoomId(2), NOW).unwrap();
    assert_eq!(applied.events, [EventRecord::DeviceChanged(BATH.as_u64()), EventRecord::RoomChanged(1)]);
    assert_eq!((applied.household.rooms.len(), applied.household.devices[&BATH].room), (0, None));
}

#[test]
fn a_house_has_limits() {
    let devices: Vec<Command> = (1..=1_000).map(|id| adopt(DeviceId::from_u64(id), None, None)).collect();
    assert_eq!(refused(&devices, &adopt(BATH, None, None)), "the house has 1000 devices already, which is the limit");
    let rooms: Vec<Command> = (0..200).map(|i| Command::CreateRoom { name: name(&format!("Room {i}")) }).collect();
    let one_more = Command::CreateRoom { name: name("Attic") };
    assert_eq!(refused(&rooms, &one_more), "the house has 200 rooms already, which is the limit");
}

#[test]
fn an_offset_is_at_most_as_wide_as_what_is_plausible() {
    let calibrate = |quantity, offset| Command::CalibrateDevice { device: BATH, quantity, instance: 0, offset };
    let before = [adopt(BATH, None, None)];
    let width = 450_000;
    for offset in [-width, width] {
        let house =
            apply(&house(&before), &calibrate(Quantity::Temperature, offset), RoomId(1), NOW).unwrap().household;
        assert_eq!(house.devices[&BATH].calibration[&(Quantity::Temperature, 0)], offset);
        let house = apply(&house, &calibrate(Quantity::Temperature, 0), RoomId(1), NOW).unwrap().household;
        assert!(house.devices[&BATH].calibration.is_empty());
    }
    for (offset, shown) in [(width + 1, "450.001"), (i64::MIN, "-9223372036854775.808")] {
        let text = refused(&before, &calibrate(Quantity::Temperature, offset));
        assert_eq!(text, format!("offset is {shown}; expected -450 to 450 °C"));
    }
    let binary = Quantity::ALL.iter().find(|quantity| quantity.kind() == Kind::Binary).unwrap();
    assert!(refused(&before, &calibrate(*binary, 1)).contains("expected a quantity that is measured"));
}

#[test]
fn one_device_has_at_most_64_offsets() {
    let calibrate =
        |instance| Command::CalibrateDevice { device: BATH, quantity: Quantity::Temperature, instance, offset: 1 };
    let mut before = vec![adopt(BATH, None, None)];
    before.extend((0..64).map(calibrate));
    assert_eq!(
        refused(&before, &calibrate(64)),
        "the house has 64 offsets for this device already, which is the limit"
    );
    assert!(apply(&house(&before), &calibrate(63), RoomId(1), NOW).is_ok());
}

#[test]
fn figures_outlive_the_readings_that_they_sum_up() {
    let before = [adopt(BATH, None, None)];
    for quantity in [None, Some(Quantity::Power)] {
        let retain = |raw_days, rollup_days| Command::RetainDevice {
            device: BATH,
            quantity,
            retention: Some(Retention { raw_days, rollup_days }),
        };
        for (raw, rollup) in [(Some(1), Some(1)), (Some(36_500), None), (None, None), (Some(1), Some(36_500))] {
            let house = apply(&house(&before), &retain(raw, rollup), RoomId(1), NOW).unwrap().household;
            let kept = house.devices[&BATH].retention(quantity, Retention::default());
            assert_eq!(kept, Retention { raw_days: raw, rollup_days: rollup });
        }
        for (raw, rollup, text) in [
            (Some(0), None, "rawDays is 0; expected 1 to 36500 days, or none for ever"),
            (Some(36_501), None, "rawDays is 36501; expected 1 to 36500 days, or none for ever"),
            (Some(1), Some(0), "rollupDays is 0; expected 1 to 36500 days, or none for ever"),
            (Some(9), Some(8), "rollupDays is 8; expected at least rawDays, 9"),
            (None, Some(8), "rollupDays is 8; expected none, as readings are kept for ever"),
        ] {
            assert_eq!(refused(&before, &retain(raw, rollup)), text);
        }
    }
}

#[test]
fn a_quantity_is_retained_apart_from_its_device_until_it_no_longer_is() {
    let days = |raw_days| Some(Retention { raw_days: Some(raw_days), rollup_days: None });
    let retain = |quantity, retention| Command::RetainDevice { device: BATH, quantity, retention };
    let power = Some(Quantity::Power);
    let mut done = vec![adopt(BATH, None, None), retain(power, days(7)), retain(None, days(90))];
    let bath = |done: &[Command]| Device::clone(&house(done).devices[&BATH]);
    assert_eq!(bath(&done).retention, days(90));
    assert_eq!(bath(&done).retention_of, [(Quantity::Power, days(7).unwrap())].into());
    // What the device gives up, the quantity keeps.
    done.push(retain(None, None));
    assert_eq!((bath(&done).retention, bath(&done).retention_of.len()), (None, 1));
    done.push(retain(power, None));
    assert_eq!(bath(&done), bath(&done[..1]));
}

#[test]
fn blank_memory_is_no_key_and_no_refusal_tells_one() {
    for byte in [0, 0xFF] {
        let text = refused(&[], &adopt(BATH, None, Some([byte; 16])));
        assert!(text.contains("sixteen times; expected 16 random bytes"), "{text}");
    }
    let mut ruuvi = house(&[adopt(BATH, None, None)]);
    let device = Device { format: Some(Format::Ruuvi5), ..Device::clone(&ruuvi.devices[&BATH]) };
    ruuvi.devices.insert(BATH, Arc::new(device));
    let key = Some(BindKey::new([0xAB; 16]));
    let secure = Command::SecureDevice { device: BATH, key, replay: ReplayRule::Strict };
    let text = apply(&ruuvi, &secure, RoomId(1), NOW).unwrap_err().to_string();
    assert_eq!(
        text,
        "key is given for a device that sends ruuvi-5; expected none, because that format is never encrypted"
    );
}

#[test]
fn a_replay_rule_alone_leaves_the_key() {
    let secure = Command::SecureDevice { device: BATH, key: None, replay: ReplayRule::Compat };
    let house = house(&[adopt(BATH, None, Some([7; 16])), secure]);
    let device = &house.devices[&BATH];
    assert_eq!((device.key, device.replay), (Some(BindKey::new([7; 16])), ReplayRule::Compat));
}
