use hub_model::{Action, AlertKind, PairingFailure, PairingId, PairingStep, Press, RoomId, SampleHint, Turn};
use proptest::{collection::vec, option, prelude::*};

use super::*;
use crate::{
    block,
    device::Known,
    pack::{self, Packing},
    record::{Events, Told, put_event},
    rollup::{self, Chunk, DAYS, HOURS, Rollup},
    rows::Rows,
    tight,
    timeline::Timeline,
    varint::{Bytes, put_i64, put_u64, put_u128},
};

fn event(seq: u64, ms: u64, body: EventBody) -> Event {
    let wall = WallTime { at: UnixMillis(1_000_000 + ms as i64), quality: TimeQuality::Synchronised };
    Event { seq: Seq(seq), at: Stamp { boot: BootId(3), ms }, wall, trace: None, body }
}

fn batch(events: &[Event]) -> Vec<u8> {
    let (mut bytes, mut told) = (Vec::new(), Told::default());
    events.iter().for_each(|event| put_event(&mut bytes, &mut told, event));
    bytes
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What the files of version 1 hold. These lines never change; a new version adds lines.
#[test]
fn every_kind_of_event_has_the_bytes_that_it_always_had() {
    let device = DeviceId::from_u64(0xA4C1_3800_1122);
    let origin = Origin::heard(ReceiverId(2), Some(-60), Some(300));
    let bare = Origin::heard(ReceiverId(0), None, None);
    let values = Arc::from([
        Value { quantity: Quantity::Temperature, instance: 0, value: 25_060 },
        Value { quantity: Quantity::Temperature, instance: 1, value: -5 },
    ]);
    let command = Action::Command { instance: 0, command: 7, argument: vec![1, 2] };
    let acted = |action| EventBody::DeviceActed { device, action, origin: bare };
    let fetched = Origin { sample: Some(SampleHint(0x1ABC)), is_fetched: true, ..bare };
    let press = Action::Button { instance: 0, press: Press::Press };
    let paired = |step| EventBody::PairingProgressed { pairing: PairingId(3), step };
    let head = "e80706904e80897a";
    let id = "a2a280c0939829";
    let golden = [
        (EventBody::ReadingsTaken { device, values, origin }, format!("81{head}{id}0302c4ac02000201000101c8870309")),
        (acted(Action::Button { instance: 1, press: Press::HoldPress }), format!("82{head}{id}0000000106")),
        (acted(Action::Dimmer { instance: 0, turn: Turn::Right, steps: 9 }), format!("82{head}{id}000001000109")),
        (acted(command), format!("82{head}{id}0000020007020102")),
        (EventBody::DeviceDiscovered { device }, format!("83{head}{id}")),
        (EventBody::DeviceAdopted { device }, format!("84{head}{id}")),
        (EventBody::DeviceChanged { device }, format!("85{head}{id}")),
        (EventBody::DeviceRemoved { device }, format!("86{head}{id}")),
        (EventBody::RoomChanged { room: RoomId(7) }, format!("87{head}07")),
        (EventBody::AlertRaised { kind: AlertKind::Overload, device: None }, format!("88{head}0400")),
        (EventBody::AlertCleared { kind: AlertKind::StoreFailing, device: Some(device) }, format!("89{head}0101{id}")),
        (EventBody::AlertRaised { kind: AlertKind::DeviceSilent, device: None }, format!("88{head}0500")),
        (EventBody::AlertRaised { kind: AlertKind::UpdateHalted, device: None }, format!("88{head}0600")),
        (EventBody::ClockStepped { by_ms: -2 }, format!("8a{head}03")),
        (EventBody::ReceiverGap { receiver: ReceiverId(2), length_ms: 12_000 }, format!("8b{head}02e05d")),
        (EventBody::DeviceActed { device, action: press, origin: fetched }, format!("82{head}{id}0c00bc1a000000")),
        (paired(PairingStep::SettingUp), format!("8c{head}0303")),
        (paired(PairingStep::Paired { device }), format!("8c{head}0305{id}")),
        (paired(PairingStep::Failed { why: PairingFailure::WrongCode }), format!("8c{head}030601")),
    ];
    for (body, expected) in golden {
        let event = event(1000, 5000, body);
        let bytes = batch(std::slice::from_ref(&event));
        assert_eq!(hex(&bytes), expected, "{event:?}");
        assert_eq!(Events::new(&bytes).collect::<Vec<_>>(), [Some(event)]);
    }
}

#[test]
fn an_event_tells_only_what_differs_from_the_one_before() {
    let body = || EventBody::RoomChanged { room: RoomId(1) };
    let bytes = batch(&[event(1000, 5000, body()), event(1001, 5020, body())]);
    assert_eq!(hex(&bytes), "87e80706904e80897a01c72801");
}

#[test]
fn a_layout_is_told_once_in_a_batch() {
    let body = |device, count: usize| {
        let values: Vec<_> = [(Quantity::Temperature, 1), (Quantity::Humidity, 2)][..count].to_vec();
        readings(device, &values, None)
    };
    let events = [event(1, 5, body(1, 2)), event(2, 6, body(2, 2)), event(3, 7, body(1, 1)), event(4, 8, body(1, 2))];
    let bytes = batch(&events);
    let tail = "0101ba"; // flags, receiver, rssi −70
    let expected = [
        format!("8101060a80897a01{tail}0002010002000204"),
        format!("c10202{tail}010204"),
        format!("c10201{tail}0001010002"),
        format!("c10201{tail}010204"),
    ];
    assert_eq!(hex(&bytes), expected.concat());
    assert_eq!(Events::new(&bytes).collect::<Vec<_>>(), events.map(Some));
}

#[test]
fn a_block_has_the_bytes_that_it_always_had() {
    let mut rows = Rows::default();
    rows.push(60_000, false, [((1, 0), 20_000), ((2, 0), 5)]);
    rows.push(120_000, false, [((1, 0), 20_010)]);
    rows.push(180_000, false, [((1, 0), 20_020)]);
    let bytes = block::encode(&rows, Packing::Quick);
    let checksum = crc32c::crc32c(&bytes[5..]).to_le_bytes();
    assert_eq!(hex(&bytes[..5]), format!("01{}", hex(&checksum)));
    // 3 rows from 60 000 ms, 120 000 ms long, 2 columns; times: differences 60 000 each; temperature: steps of 10;
    // humidity only in row 0.
    let times = "0901c0a907e0d403020a";
    assert_eq!(hex(&bytes[5..]), format!("03c0a907c0a90702{times}0100080001c0b8020a020a0200050101010a01"));
    assert_eq!(block::decode(&bytes), Some(rows));
}

/// 40 rows from 0 s on: a reading a second, and one step up at row 20.
fn a_step() -> Rows {
    let mut rows = Rows::default();
    (0..40).for_each(|row| rows.push(row * 1000, false, [((1, 0), 20_000 + row / 20)]));
    rows
}

#[test]
fn a_block_in_tight_form_has_the_bytes_that_it_always_had() {
    let rows = a_step();
    let bytes = block::encode(&rows, Packing::Tight);
    let checksum = crc32c::crc32c(&bytes[5..]).to_le_bytes();
    assert_eq!(hex(&bytes[..5]), format!("02{}", hex(&checksum)));
    // 40 rows from 0 on, 39 000 ms long, 1 column; times: differences of 1000 ms, so that symbol 2 has all 512 shares
    // and no number takes a bit; temperature: differences, of which the symbols are 0 (499 shares) and 2 (13 shares).
    let times = "0b0500e80701028004000000";
    assert_eq!(hex(&bytes[5..]), format!("2800d8b00201{times}01000f0005c0b802010200f303020d51ff0f"));
    assert_eq!(block::decode(&bytes), Some(rows));
}

#[test]
fn steady_times_and_values_take_a_byte_for_every_thirty_two() {
    let mut bytes = Vec::new();
    let times: Vec<_> = (0..1440).map(|minute| T0 + minute * MINUTE).collect();
    pack::put_times(&mut bytes, &times, Packing::Quick);
    assert!(bytes.len() <= 64, "{}", bytes.len());
    bytes.clear();
    pack::put_values(&mut bytes, &[21_500; 1440], Packing::Quick);
    assert!(bytes.len() <= 52, "{}", bytes.len());
}

fn any_values() -> impl Strategy<Value = Vec<i64>> {
    let steps = vec(prop_oneof![8 => -20_i64..20, 1 => any::<i64>()], 0..200);
    (any::<i64>(), 1_i64..1000, steps).prop_map(|(first, step, steps)| {
        let mut value = first;
        let mut next = |by: i64| {
            value = value.wrapping_add(by.wrapping_mul(step));
            value
        };
        steps.into_iter().map(&mut next).collect()
    })
}

/// A byte may be any number of numbers in tight form: what claims too many is refused before there is room for them.
#[test]
fn a_tight_column_of_very_many_numbers_is_refused() {
    for put in [pack::put_times, pack::put_values] {
        let (mut bytes, mut read) = (Vec::new(), Vec::new());
        put(&mut bytes, &[7; 65_536], Packing::Tight);
        assert!(bytes.len() < 16, "{}", bytes.len());
        assert_eq!(pack::take_column(&mut Bytes(&bytes), 65_536, &mut read), Some(()));
        assert_eq!(read, [7; 65_536]);
        assert_eq!(pack::take_column(&mut Bytes(&bytes), 65_537, &mut Vec::new()), None);
        bytes.clear();
        put(&mut bytes, &[7; 65_537], Packing::Tight);
        assert!(bytes.len() > 2000, "{}", bytes.len());
    }
}

fn packing() -> impl Strategy<Value = Packing> {
    prop_oneof![Just(Packing::Quick), Just(Packing::Tight)]
}

fn any_rows() -> impl Strategy<Value = Rows> {
    let cells = vec((0_u16..4, 0_u8..2, any::<i32>()), 1..5);
    vec((0_i64..5_000_000, cells), 1..100).prop_map(|all| {
        let mut rows = Rows::default();
        for (t, cells) in all {
            rows.push(t, false, cells.into_iter().map(|(q, i, value)| ((q, i), i64::from(value))));
        }
        rows.sort();
        rows.columns.retain(|column| column.cells.iter().any(Option::is_some));
        rows
    })
}

fn any_body() -> impl Strategy<Value = EventBody> {
    let device = any::<u64>().prop_map(DeviceId::from_u64);
    let log = (option::of(any::<u16>().prop_map(SampleHint)), any::<bool>());
    let origin = (any::<u16>(), option::of(any::<i8>()), option::of(any::<u32>()), log).prop_map(
        |(receiver, rssi, counter, (sample, is_fetched))| Origin {
            receiver: ReceiverId(receiver),
            rssi,
            counter,
            sample,
            is_fetched,
        },
    );
    let value = (0..Quantity::ALL.len(), any::<u8>(), any::<i64>()).prop_map(|(quantity, instance, value)| Value {
        quantity: Quantity::ALL[quantity],
        instance,
        value,
    });
    let command = (any::<u8>(), any::<u8>(), vec(any::<u8>(), 0..20));
    prop_oneof![
        (device.clone(), vec(value, 0..8), origin.clone()).prop_map(|(device, values, origin)| {
            EventBody::ReadingsTaken { device, values: values.into(), origin }
        }),
        (device.clone(), command, origin).prop_map(|(device, (instance, command, argument), origin)| {
            EventBody::DeviceActed { device, action: Action::Command { instance, command, argument }, origin }
        }),
        device.prop_map(|device| EventBody::DeviceRemoved { device }),
        any::<i64>().prop_map(|by_ms| EventBody::ClockStepped { by_ms }),
        (any::<u16>(), any::<u64>())
            .prop_map(|(receiver, length_ms)| EventBody::ReceiverGap { receiver: ReceiverId(receiver), length_ms }),
    ]
}

proptest! {
    #[test]
    fn numbers_are_read_as_written(a in any::<u64>(), b in any::<i64>(), c in any::<u128>()) {
        let mut bytes = Vec::new();
        put_u64(&mut bytes, a);
        put_i64(&mut bytes, b);
        put_u128(&mut bytes, c);
        let mut read = Bytes(&bytes);
        prop_assert_eq!((read.u64(), read.i64(), read.u128(), read.u8()), (Some(a), Some(b), Some(c), None));
    }

    #[test]
    fn columns_are_read_as_written(values in any_values(), packing in packing()) {
        for put in [pack::put_times, pack::put_values] {
            let (mut bytes, mut read) = (Vec::new(), Vec::new());
            put(&mut bytes, &values, packing);
            let mut rest = Bytes(&bytes);
            prop_assert_eq!(pack::take_column(&mut rest, values.len(), &mut read), Some(()));
            prop_assert!(rest.is_empty());
            prop_assert_eq!(&read, &values);
        }
    }

    #[test]
    fn blocks_are_read_as_written(
        rows in any_rows(), packing in packing(), window in (0_i64..5_000_000, 0_i64..5_000_000),
    ) {
        let bytes = block::encode(&rows, packing);
        let head = block::head(&bytes).unwrap();
        prop_assert_eq!((head.rows, head.start, Some(&head.end)), (rows.len(), rows.t[0], rows.t.last()));
        prop_assert_eq!(head.packing, packing);
        let mut series = block::Series::default();
        for column in &rows.columns {
            prop_assert_eq!(series.take(&bytes, column.key, i64::MIN, i64::MAX), Some(()));
            let read: Vec<_> = series.t.iter().zip(&series.values).map(|(t, value)| (*t, *value)).collect();
            let written = rows.t.iter().zip(&column.cells).filter_map(|(t, cell)| Some((*t, (*cell)?)));
            prop_assert_eq!(read, written.collect::<Vec<_>>());
        }
        let (from, to) = (window.0.min(window.1), window.0.max(window.1));
        for column in &rows.columns {
            prop_assert_eq!(series.take(&bytes, column.key, from, to), Some(()));
            let read: Vec<_> = series.t.iter().zip(&series.values).map(|(t, value)| (*t, *value)).collect();
            let written = rows.t.iter().zip(&column.cells).filter_map(|(t, cell)| Some((*t, (*cell)?)));
            prop_assert_eq!(read, written.filter(|(t, _)| (from..to).contains(t)).collect::<Vec<_>>());
        }
        prop_assert_eq!(series.take(&bytes, (9, 9), i64::MIN, i64::MAX), Some(()));
        prop_assert!(series.t.is_empty() && series.values.is_empty());
        prop_assert_eq!(block::decode(&bytes), Some(rows));
    }

    #[test]
    fn a_block_with_a_flipped_bit_is_refused(
        rows in any_rows(), packing in packing(), at in any::<prop::sample::Index>(), bit in 0_u8..8,
    ) {
        let mut bytes = block::encode(&rows, packing);
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        prop_assert_eq!(block::decode(&bytes), None);
    }

    #[test]
    fn events_are_read_as_written(bodies in vec((1_u64..100, any::<u64>(), any::<u32>(), any_body()), 0..20)) {
        let mut seq = 0;
        let events: Vec<_> = bodies.into_iter().map(|(delta, ms, boot, body)| {
            seq += delta;
            Event { at: Stamp { boot: BootId(boot), ms }, ..event(seq, 0, body) }
        }).collect();
        let read: Vec<_> = Events::new(&batch(&events)).map(Option::unwrap).collect();
        prop_assert_eq!(read, events);
    }

    #[test]
    fn rollups_are_read_as_written(
        points in vec((0_u16..3, 0..DAY, any::<i64>(), 1_i64..1000), 1..200), record in -100_i64..30_000, is_hours in any::<bool>(),
    ) {
        let (span, slots) = if is_hours { (HOURS, 24) } else { (DAYS, 32) };
        let mut chunk = Chunk::default();
        for (quantity, t, value, step) in points {
            let t = span.record_start(record) + t * slots / 24;
            let value = (value / 10_000) * step;
            chunk.add((quantity, 0), span.slot(t), &Rollup::of(t, value));
        }
        prop_assert_eq!(Chunk::decode(&chunk.encode(span, record), span, record), Some(chunk));
    }

    #[test]
    fn numbers_of_any_width_are_tight_as_written(
        numbers in vec((0_u32..=64, any::<u64>()), 1..600), common in any::<u64>(), is_common in vec(any::<bool>(), 600),
    ) {
        let wide = |(width, bits): (u32, u64)| if width == 0 { 0 } else { bits >> (64 - width) };
        let pick = |(number, is_common)| if is_common { common } else { wide(number) };
        let numbers: Vec<u64> = numbers.into_iter().zip(is_common).map(pick).collect();
        let mut bytes = Vec::new();
        tight::put(&mut bytes, &numbers, &tight::Counts::of(&numbers));
        bytes.push(0xA5);
        let mut read = tight::Numbers::new(&mut Bytes(&bytes)).unwrap();
        let mut found = vec![0; numbers.len()];
        for part in found.chunks_mut(32) {
            prop_assert_eq!(read.take(part), Some(()));
        }
        prop_assert_eq!(read.rest().map(|rest| rest.0), Some(&[0xA5][..]));
        prop_assert_eq!(found, numbers);
    }

    #[test]
    fn wrong_bytes_in_tight_form_are_refused_or_read_without_panic(
        rows in any_rows(), wrong in vec((any::<prop::sample::Index>(), any::<u8>()), 1..5), cut in any::<prop::sample::Index>(),
    ) {
        let mut bytes = block::encode(&rows, Packing::Tight);
        for (at, byte) in wrong {
            let at = 5 + at.index(bytes.len() - 5);
            bytes[at] = byte;
        }
        bytes.truncate(5 + cut.index(bytes.len() - 4));
        let checksum = crc32c::crc32c(&bytes[5..]).to_le_bytes();
        bytes[1..5].copy_from_slice(&checksum);
        if let Some(read) = block::decode(&bytes) {
            prop_assert!(read.len() <= 65_536);
        }
        let _ = block::Series::default().take(&bytes, (1, 0), i64::MIN, i64::MAX);
    }

    #[test]
    fn any_bytes_are_read_without_panic(mut bytes in vec(any::<u8>(), 0..300), count in 0_usize..5000) {
        Events::new(&bytes).for_each(drop);
        let _ = pack::take_column(&mut Bytes(&bytes), count, &mut Vec::new());
        let _ = Timeline::default().decode(BootId(1), &bytes);
        // With the checksum put right, what stands behind it is read too.
        if bytes.len() >= 5 {
            bytes[0] = 1 + bytes[0] % 2;
            let checksum = crc32c::crc32c(&bytes[5..]).to_le_bytes();
            bytes[1..5].copy_from_slice(&checksum);
        }
        let _ = block::decode(&bytes);
        let _ = block::Series::default().take(&bytes, (1, 0), i64::MIN, i64::MAX);
        let _ = Chunk::decode(&bytes, HOURS, 20_000);
        let _ = rollup::read_series(&bytes, (1, 0), DAYS, 20_000, &mut Vec::new(), |_, _| ());
        let _ = Known::decode(&bytes);
    }

    #[test]
    fn what_is_known_of_a_device_is_read_as_written(
        counter in option::of(any::<u32>()),
        repacked_to in option::of(any::<i64>()),
        series in vec((any::<u16>(), any::<u8>(), any::<i64>(), any::<u32>(), any::<u64>(), option::of(any::<i64>())), 0..6),
    ) {
        let mut known = Known { counter, ..Known::default() };
        known.repacked_to = repacked_to;
        for (quantity, instance, value, boot, ms, sealed) in series {
            known.take((quantity, instance), value, Stamp { boot: BootId(boot), ms });
            known.series.get_mut(&(quantity, instance)).unwrap().sealed = sealed;
        }
        prop_assert_eq!(Known::decode(&known.encode()), Some(known));
    }
}
