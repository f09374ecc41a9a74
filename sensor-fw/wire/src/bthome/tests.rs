use proptest::prelude::*;
use units::{Measure, MilliCelsius, Quantity};

use super::{
    v2::{Frame, FrameError, Items},
    *,
};
use crate::seal::{BadMic, Key};

const KEY: Key = *b"\x23\x1d\x39\xc1\xd7\xcc\x1a\xb1\xae\xe2\x24\xcd\x09\x6d\xb9\x32";
const ADDRESS: Address = [0x54, 0x48, 0xE6, 0x8F, 0x80, 0xA5];

#[test]
fn the_table_ascends_and_every_quantity_can_be_numbered() {
    assert!(OBJECTS.is_sorted_by(|a, b| a.id < b.id));
    for quantity in Quantity::ALL {
        assert!(usize::from(quantity.code()) < super::item::Numbering::CODES, "{quantity:?}");
    }
}

#[test]
fn pounds_can_be_had_back_from_milligrams() {
    let Some(Layout::Number { scale, .. }) = object(0x07) else { panic!("0x07 is a number") };
    for raw in 0..=i64::from(u16::MAX) {
        assert_eq!(scale.steps(raw).and_then(|steps| scale.raw(steps)), Some(raw));
    }
}

#[test]
fn a_sealed_advert_is_the_one_of_the_specification() {
    let mut payload = Payload::new();
    payload.push(Measure::new(Quantity::Humidity, 505_500)).unwrap();
    payload.push(MilliCelsius(25_060)).unwrap();
    let advert = payload.sealed(false, &KEY, ADDRESS, 0x0011_2233);
    assert_eq!(hex::encode(advert.service_data()), "41e445f3c9962b332211006c7c4519");
    let (bytes, length) = advert.legacy().unwrap();
    assert_eq!(hex::encode(bytes.get(..length).unwrap()), "0201061216d2fc41e445f3c9962b332211006c7c4519");
}

#[test]
fn a_wrong_key_address_or_bit_opens_nothing() {
    let mut payload = Payload::new();
    payload.push(MilliCelsius(25_060)).unwrap();
    let advert = payload.sealed(true, &KEY, ADDRESS, 5);
    let open = |data: &[u8], key: &Key, address| {
        let mut buffer = [0; MAX_SERVICE_DATA];
        Frame::parse(data).unwrap().open(key, address, &mut buffer).map(|_| ())
    };
    assert_eq!(open(advert.service_data(), &KEY, ADDRESS), Ok(()));
    assert_eq!(open(advert.service_data(), &[0; 16], ADDRESS), Err(BadMic));
    assert_eq!(open(advert.service_data(), &KEY, [0; 6]), Err(BadMic));
    for bit in 0..advert.service_data().len() * 8 {
        let mut bytes = advert.service_data().to_vec();
        *bytes.get_mut(bit / 8).unwrap() ^= 1 << (bit % 8);
        // The first byte says how to read the rest: some of its bits make another kind of frame.
        let is_still_sealed = Frame::parse(&bytes).is_ok_and(|frame| frame.info().is_encrypted());
        if is_still_sealed {
            assert_eq!(open(&bytes, &KEY, ADDRESS), Err(BadMic), "bit {bit}");
        }
    }
}

#[test]
fn what_is_no_frame_says_why() {
    assert_eq!(Frame::parse(&[]), Err(FrameError::Truncated { length: 0, needed: 1 }));
    assert_eq!(Frame::parse(&[0x20, 1, 1]), Err(FrameError::Version { version: 1 }));
    assert_eq!(Frame::parse(&[0x41, 1, 2, 3]), Err(FrameError::Truncated { length: 4, needed: 9 }));
    assert_eq!(Frame::parse(&[0x43, 1, 2, 3, 4, 5, 6, 7]), Err(FrameError::Truncated { length: 8, needed: 15 }));
    assert_eq!(Frame::parse(&[0x42, 1, 2]), Err(FrameError::Truncated { length: 3, needed: 7 }));
    assert_eq!(Frame::parse(&[0x40; 253]), Err(FrameError::TooLong { length: 253 }));
    let sentence = FrameError::Truncated { length: 4, needed: 9 }.to_string();
    assert_eq!(sentence, "frame of 4 bytes, at least 9 are needed");
}

#[test]
fn a_payload_says_what_it_cannot_hold() {
    let mut payload = Payload::new();
    let too_hot = MilliCelsius(400_000);
    assert_eq!(payload.push(too_hot), Err(PayloadError::OutOfRange { id: 0x02, value: 400_000 }));
    assert_eq!(payload.push_as(0x03, MilliCelsius(0)), Err(PayloadError::NoObject));
    assert_eq!(payload.push(Measure::new(Quantity::VocIndex, 1)), Err(PayloadError::NoObject));
    assert_eq!(payload.push(Measure::new(Quantity::Door, 2)), Err(PayloadError::OutOfRange { id: 0x1A, value: 2 }));
    assert_eq!(payload.push_command(0, &[0; 32]), Err(PayloadError::DataTooLong { id: 0x3B, length: 32 }));
    assert_eq!(payload.push_fact(Fact::Raw(&[0; 300])), Err(PayloadError::DataTooLong { id: 0x54, length: 300 }));
    payload.push_fact(Fact::Raw(&[7; 240])).unwrap();
    assert_eq!(payload.push(MilliCelsius(0)), Err(PayloadError::Full { needed: 3, left: 1 }));
    assert!(!payload.plain(false).fits_legacy());
    assert!(payload.plain(false).legacy().is_none());
}

#[test]
fn what_fits_a_legacy_advert_is_told_to_the_byte() {
    for (length, plain, sealed) in [(13, true, true), (14, true, false), (21, true, false), (22, false, false)] {
        let mut payload = Payload::new();
        payload.push_fact(Fact::Raw(&vec![0; length])).unwrap();
        assert_eq!(payload.plain(false).fits_legacy(), plain, "{length}");
        assert_eq!(payload.sealed(false, &KEY, ADDRESS, 0).fits_legacy(), sealed, "{length}");
    }
}

#[test]
fn equal_sensors_keep_the_order_in_which_they_were_pushed() {
    let mut payload = Payload::new();
    payload.push(MilliCelsius(1000)).unwrap();
    payload.push_packet_id(9).unwrap();
    payload.push(MilliCelsius(2000)).unwrap();
    payload.push_button(None).unwrap();
    payload.push_button(Some(Press::HoldRelease)).unwrap();
    assert_eq!(payload.objects(), [0, 9, 0x02, 100, 0, 0x02, 200, 0, 0x3A, 0, 0x3A, 0x81]);
}

/// Anything that can be pushed.
#[derive(Debug, Clone)]
enum Pushed {
    Number(u8, i64),
    PacketId(u8),
    Button(Option<Press>),
    Dimmer(Option<(Turn, u8)>),
    Command(u8, Vec<u8>),
    Timestamp(u32),
    Text(String),
    Raw(Vec<u8>),
    DeviceType(u16),
    Firmware(Vec<u8>),
}

fn pushed() -> impl Strategy<Value = Pushed> {
    let numbers = any::<(prop::sample::Index, u32)>().prop_map(|(index, bits)| {
        let rows: Vec<(u8, i64)> = OBJECTS
            .iter()
            .filter_map(|row| match row.layout {
                Layout::Binary(_) => Some((row.id, i64::from(bits & 1))),
                Layout::Number { width, is_signed, scale, .. } => {
                    let bytes = bits.to_le_bytes();
                    let raw = v2::integer(bytes.get(..usize::from(width))?, is_signed)?;
                    Some((row.id, scale.steps(raw)?))
                }
                _ => None,
            })
            .collect();
        let (id, value) = *index.get(&rows);
        Pushed::Number(id, value)
    });
    let press = (0_u8..=0x81).prop_map(Press::from_code);
    let turn = prop::option::of((prop_oneof![Just(Turn::Left), Just(Turn::Right)], any::<u8>()));
    prop_oneof![
        8 => numbers,
        1 => any::<u8>().prop_map(Pushed::PacketId),
        1 => press.prop_map(Pushed::Button),
        1 => turn.prop_map(Pushed::Dimmer),
        1 => (any::<u8>(), prop::collection::vec(any::<u8>(), 0..=31)).prop_map(|(c, a)| Pushed::Command(c, a)),
        1 => any::<u32>().prop_map(Pushed::Timestamp),
        1 => ".{0,12}".prop_map(Pushed::Text),
        1 => prop::collection::vec(any::<u8>(), 0..20).prop_map(Pushed::Raw),
        1 => any::<u16>().prop_map(Pushed::DeviceType),
        1 => prop::collection::vec(any::<u8>(), 3..=4).prop_map(Pushed::Firmware),
    ]
}

/// The quantity of an object of the table.
fn quantity(id: u8) -> Quantity {
    match object(id) {
        Some(Layout::Binary(quantity) | Layout::Number { quantity, .. }) => quantity,
        other => panic!("{id:#04x} is {other:?}"),
    }
}

fn push(payload: &mut Payload, pushed: &Pushed) -> Result<(), PayloadError> {
    match pushed {
        Pushed::Number(id, value) => payload.push_as(*id, Measure::new(quantity(*id), *value)),
        Pushed::PacketId(id) => payload.push_packet_id(*id),
        Pushed::Button(press) => payload.push_button(*press),
        Pushed::Dimmer(turn) => payload.push_dimmer(*turn),
        Pushed::Command(command, argument) => payload.push_command(*command, argument),
        Pushed::Timestamp(seconds) => payload.push_fact(Fact::Timestamp(*seconds)),
        Pushed::Text(text) => payload.push_fact(Fact::Text(text)),
        Pushed::Raw(bytes) => payload.push_fact(Fact::Raw(bytes)),
        Pushed::DeviceType(number) => payload.push_fact(Fact::DeviceType(*number)),
        Pushed::Firmware(parts) => payload.push_fact(Fact::Firmware(parts)),
    }
}

/// Does the item say what was pushed (apart from its instance)?
fn says(item: Item<'_>, pushed: &Pushed) -> bool {
    match (item, pushed) {
        (Item::Reading { quantity: of, value, .. }, Pushed::Number(id, expected)) => {
            of == quantity(*id) && value == *expected
        }
        (Item::PacketId(id), Pushed::PacketId(expected)) => id == *expected,
        (Item::Event(Event::Button { press, .. }), Pushed::Button(expected)) => Some(press) == *expected,
        (Item::Event(Event::Dimmer { turn, steps, .. }), Pushed::Dimmer(expected)) => Some((turn, steps)) == *expected,
        (Item::Event(Event::Command { command, argument, .. }), Pushed::Command(c, a)) => {
            command == *c && argument == a
        }
        (Item::Fact(Fact::Timestamp(seconds)), Pushed::Timestamp(expected)) => seconds == *expected,
        (Item::Fact(Fact::Text(text)), Pushed::Text(expected)) => text == expected,
        (Item::Fact(Fact::Raw(bytes)), Pushed::Raw(expected)) => bytes == expected,
        (Item::Fact(Fact::DeviceType(number)), Pushed::DeviceType(expected)) => number == *expected,
        (Item::Fact(Fact::Firmware(parts)), Pushed::Firmware(expected)) => parts == expected,
        _ => false,
    }
}

/// Says something when it is read: not the button that was not pressed.
fn is_heard(pushed: &Pushed) -> bool {
    !matches!(pushed, Pushed::Button(None) | Pushed::Dimmer(None))
}

proptest! {
    #[test]
    fn what_was_written_is_read(everything in prop::collection::vec(pushed(), 0..12), counter: u32, triggered: bool) {
        let mut payload = Payload::new();
        let held: Vec<&Pushed> = everything.iter().filter(|pushed| push(&mut payload, pushed).is_ok()).collect();

        let advert = payload.sealed(triggered, &KEY, ADDRESS, counter);
        let frame = Frame::parse(advert.service_data()).unwrap();
        prop_assert_eq!(frame.counter(), Some(counter));
        prop_assert_eq!(frame.info().is_triggered(), triggered);
        let mut buffer = [0; MAX_SERVICE_DATA];
        let mut items = frame.open(&KEY, ADDRESS, &mut buffer).unwrap();
        let read: Vec<Item<'_>> = items.by_ref().collect();
        prop_assert_eq!(items.report(), Report::default());

        let mut unread: Vec<&&Pushed> = held.iter().filter(|pushed| is_heard(pushed)).collect();
        prop_assert_eq!(read.len(), unread.len());
        for item in &read {
            let at = unread.iter().position(|pushed| says(*item, pushed));
            prop_assert!(at.is_some(), "{:?} was never pushed", item);
            unread.remove(at.unwrap_or(0));
        }

        let advert = payload.plain(triggered);
        let plain: Vec<Item<'_>> = Frame::parse(advert.service_data()).unwrap().items().unwrap().collect();
        prop_assert_eq!(plain, read);
    }

    #[test]
    fn any_bytes_end_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let mut items = Items::new(&bytes);
        let count = items.by_ref().count();
        prop_assert!(count <= bytes.len());
        prop_assert!(items.next().is_none());
        let mut items = v1::Items::new(&bytes);
        prop_assert!(items.by_ref().count() <= bytes.len());
        let mut buffer = [0; MAX_SERVICE_DATA];
        if let Ok(frame) = Frame::parse(&bytes) {
            prop_assert_eq!(frame.info().is_encrypted(), frame.counter().is_some());
            // A blind try opens one frame in 2³².
            prop_assert_eq!(frame.open(&KEY, ADDRESS, &mut buffer).is_ok(), !frame.info().is_encrypted());
        }
        if let Ok(sealed) = v1::Sealed::parse(&bytes) {
            prop_assert!(sealed.open(&KEY, ADDRESS, &mut buffer).is_err());
        }
    }

    #[test]
    fn no_two_readings_of_a_frame_share_a_series(bytes in prop::collection::vec(any::<u8>(), 0..252)) {
        let mut seen = std::collections::BTreeSet::new();
        for item in Items::new(&bytes) {
            if let Item::Reading { quantity, instance, .. } = item {
                prop_assert!(seen.insert((quantity, instance)));
            }
        }
    }
}
