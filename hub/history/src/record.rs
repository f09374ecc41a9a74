//! Events in the journal: batches of them, each event as small as the one before it allows.
//!
//! A batch is the payload of one journal record. All numbers are variable-length (seven bits a byte, least
//! significant first, eighth bit: more follow); `±` is zigzag. `Δ` is the difference to the event before in the same
//! batch; before the first one stands an event of zeros, so that a batch needs no other to be read.
//!
//! | part | bytes | what |
//! |---|---|---|
//! | kind | 1 | bits 0–5: kind of the body; bit 6: as before, then seq is the next, boot and offset are the same, and all three are left out; bit 7: the wall time was synchronised |
//! | seq | 1–10 | Δ, at least 1 |
//! | boot | 1–5 | ±Δ |
//! | ms | 1–10 | ±Δ of the milliseconds since boot |
//! | offset | 1–10 | ±Δ of (wall time − milliseconds since boot) |
//! | body | | by kind |
//!
//! | kind | body |
//! |---|---|
//! | 1 `ReadingsTaken` | device, origin, layout, for each of its columns ±value |
//! | 2 `DeviceActed` | device, origin, action |
//! | 3 `DeviceDiscovered`, 4 `DeviceAdopted`, 5 `DeviceChanged`, 6 `DeviceRemoved` | device |
//! | 7 `RoomChanged` | room |
//! | 8 `AlertRaised`, 9 `AlertCleared` | alert kind (1 byte: 0 authentication failures, 1 store failing, 2 receiver down, 3 clock unset, 4 overload, 5 device silent, 6 update halted), 0, or 1 and device |
//! | 10 `ClockStepped` | ±milliseconds |
//! | 11 `ReceiverGap` | receiver, milliseconds |
//! | 12 `PairingProgressed` | pairing, step (1 byte: 0 looking, 1 found, 2 proving, 3 setting up, 4 first reading, 5 paired and device, 6 failed and why: 1 byte, its place in `PairingFailure::ALL`) |
//!
//! Layout: which values a frame has. n > 0 is the nth layout of the batch; 0 is a new one, and number of columns, for
//! each quantity code and instance (1 byte) follow.
//!
//! Origin: flags (1 byte; bit 0: rssi follows, bit 1: counter follows, bit 2: sample hint follows, bit 3: fetched), receiver,
//! rssi (1 byte, two's complement), counter, sample hint (2 bytes, little-endian). Action: 0, instance, press (0 press, 1 double, 2 triple, 3 long, 4 long double, 5 long triple, 6 hold) ·
//! 1, instance, turn (0 left, 1 right), steps · 2, instance, command, length, bytes; each one byte but the length.
//!
//! The trace of an event is not stored: it is of interest for seconds.

use std::sync::Arc;

use hub_model::{
    Action, AlertKind, BootId, DeviceId, Event, EventBody, Origin, PairingFailure, PairingId, PairingStep, Press,
    Quantity, ReceiverId, RoomId, SampleHint, Seq, Stamp, TimeQuality, Turn, UnixMillis, Value, WallTime,
};

use crate::varint::{Bytes, put_i64, put_u64};

const SYNCHRONISED: u8 = 0x80;
const AS_BEFORE: u8 = 0x40;
/// More layouts than this are not remembered in one batch.
const MOST_LAYOUTS: usize = 64;
const PRESSES: [Press; 7] = [
    Press::Press,
    Press::DoublePress,
    Press::TriplePress,
    Press::LongPress,
    Press::LongDoublePress,
    Press::LongTriplePress,
    Press::HoldPress,
];
const ALERTS: [AlertKind; 7] = [
    AlertKind::AuthenticationFailures,
    AlertKind::StoreFailing,
    AlertKind::ReceiverDown,
    AlertKind::ClockUnset,
    AlertKind::Overload,
    AlertKind::DeviceSilent,
    AlertKind::UpdateHalted,
];

/// What a batch has told already, so that the next event need not.
#[derive(Debug, Clone, Default)]
pub(crate) struct Told {
    before: Before,
    layouts: Vec<Arc<[Column]>>,
}

/// The event before, to which the next one is told as a difference.
#[derive(Debug, Clone, Copy, Default)]
struct Before {
    seq: u64,
    boot: u32,
    ms: u64,
    offset_ms: i64,
}

/// Quantity and instance.
type Column = (Quantity, u8);

/// Appends one event to a batch.
pub(crate) fn put_event(out: &mut Vec<u8>, told: &mut Told, event: &Event) {
    let Stamp { boot: BootId(boot), ms } = event.at;
    let offset_ms = event.wall.at.0.wrapping_sub_unsigned(ms);
    let now = Before { seq: event.seq.0, boot, ms, offset_ms };
    let before = std::mem::replace(&mut told.before, now);
    let seq_delta = now.seq.wrapping_sub(before.seq);
    let is_as_before = (seq_delta, boot, offset_ms) == (1, before.boot, before.offset_ms);
    let quality = if event.wall.quality == TimeQuality::Synchronised { SYNCHRONISED } else { 0 };
    out.push(kind(&event.body) | quality | if is_as_before { AS_BEFORE } else { 0 });
    if !is_as_before {
        put_u64(out, seq_delta);
        put_i64(out, i64::from(boot) - i64::from(before.boot));
    }
    put_i64(out, ms.wrapping_sub(before.ms) as i64);
    if !is_as_before {
        put_i64(out, offset_ms.wrapping_sub(before.offset_ms));
    }
    put_body(out, told, &event.body);
}

const fn kind(body: &EventBody) -> u8 {
    match body {
        EventBody::ReadingsTaken { .. } => 1,
        EventBody::DeviceActed { .. } => 2,
        EventBody::DeviceDiscovered { .. } => 3,
        EventBody::DeviceAdopted { .. } => 4,
        EventBody::DeviceChanged { .. } => 5,
        EventBody::DeviceRemoved { .. } => 6,
        EventBody::RoomChanged { .. } => 7,
        EventBody::AlertRaised { .. } => 8,
        EventBody::AlertCleared { .. } => 9,
        EventBody::ClockStepped { .. } => 10,
        EventBody::ReceiverGap { .. } => 11,
        EventBody::PairingProgressed { .. } => 12,
    }
}

fn put_body(out: &mut Vec<u8>, told: &mut Told, body: &EventBody) {
    match body {
        EventBody::ReadingsTaken { device, values, origin } => {
            put_u64(out, device.as_u64());
            put_origin(out, origin);
            put_layout(out, told, values);
            values.iter().for_each(|value| put_i64(out, value.value));
        }
        EventBody::DeviceActed { device, action, origin } => {
            put_u64(out, device.as_u64());
            put_origin(out, origin);
            put_action(out, action);
        }
        EventBody::DeviceDiscovered { device }
        | EventBody::DeviceAdopted { device }
        | EventBody::DeviceChanged { device }
        | EventBody::DeviceRemoved { device } => put_u64(out, device.as_u64()),
        EventBody::RoomChanged { room } => put_u64(out, u64::from(room.0)),
        EventBody::AlertRaised { kind, device } | EventBody::AlertCleared { kind, device } => {
            out.push(position(&ALERTS, kind));
            match device {
                None => out.push(0),
                Some(device) => {
                    out.push(1);
                    put_u64(out, device.as_u64());
                }
            }
        }
        EventBody::ClockStepped { by_ms } => put_i64(out, *by_ms),
        EventBody::ReceiverGap { receiver, length_ms } => {
            put_u64(out, u64::from(receiver.0));
            put_u64(out, *length_ms);
        }
        EventBody::PairingProgressed { pairing, step } => {
            put_u64(out, u64::from(pairing.0));
            put_step(out, *step);
        }
    }
}

fn put_step(out: &mut Vec<u8>, step: PairingStep) {
    match step {
        PairingStep::Looking => out.push(0),
        PairingStep::Found => out.push(1),
        PairingStep::Proving => out.push(2),
        PairingStep::SettingUp => out.push(3),
        PairingStep::FirstReading => out.push(4),
        PairingStep::Paired { device } => {
            out.push(5);
            put_u64(out, device.as_u64());
        }
        PairingStep::Failed { why } => out.extend([6, position(&PairingFailure::ALL, &why)]),
    }
}

fn put_layout(out: &mut Vec<u8>, told: &mut Told, values: &[Value]) {
    let columns = || values.iter().map(|value| (value.quantity, value.instance));
    let known = told.layouts.iter().position(|layout| layout.iter().copied().eq(columns()));
    put_u64(out, known.map_or(0, |nth| nth as u64 + 1));
    if known.is_some() {
        return;
    }
    put_u64(out, values.len() as u64);
    for (quantity, instance) in columns() {
        put_u64(out, u64::from(quantity.code()));
        out.push(instance);
    }
    if told.layouts.len() < MOST_LAYOUTS {
        told.layouts.push(columns().collect());
    }
}

fn put_origin(out: &mut Vec<u8>, origin: &Origin) {
    let flags = [origin.rssi.is_some(), origin.counter.is_some(), origin.sample.is_some(), origin.is_fetched];
    out.push(flags.into_iter().zip(0..).map(|(flag, bit)| u8::from(flag) << bit).sum());
    put_u64(out, u64::from(origin.receiver.0));
    if let Some(rssi) = origin.rssi {
        out.push(rssi.cast_unsigned());
    }
    if let Some(counter) = origin.counter {
        put_u64(out, u64::from(counter));
    }
    if let Some(SampleHint(hint)) = origin.sample {
        out.extend(hint.to_le_bytes());
    }
}

fn put_action(out: &mut Vec<u8>, action: &Action) {
    match action {
        Action::Button { instance, press } => out.extend([0, *instance, position(&PRESSES, press)]),
        Action::Dimmer { instance, turn, steps } => {
            out.extend([1, *instance, u8::from(*turn == Turn::Right), *steps]);
        }
        Action::Command { instance, command, argument } => {
            out.extend([2, *instance, *command]);
            put_u64(out, argument.len() as u64);
            out.extend(argument);
        }
    }
}

/// The place of a variant in its list; the lists hold all of them, as a test says.
fn position<T: PartialEq>(all: &[T], one: &T) -> u8 {
    all.iter().position(|candidate| candidate == one).and_then(|at| u8::try_from(at).ok()).unwrap_or(u8::MAX)
}

/// Reads the events of a batch in order; ends with `Some(None)` where the bytes make no sense.
pub(crate) struct Events<'a> {
    bytes: Bytes<'a>,
    told: Told,
}

impl<'a> Events<'a> {
    pub(crate) fn new(batch: &'a [u8]) -> Self {
        Self { bytes: Bytes(batch), told: Told::default() }
    }

    fn event(&mut self) -> Option<Event> {
        let Self { bytes, told } = self;
        let head = bytes.u8()?;
        let is_as_before = head & AS_BEFORE != 0;
        let delta = if is_as_before { 1 } else { bytes.u64().filter(|delta| *delta > 0)? };
        let seq = told.before.seq.checked_add(delta)?;
        let boot = if is_as_before { 0 } else { bytes.i64()? };
        let boot = u32::try_from(i64::from(told.before.boot).checked_add(boot)?).ok()?;
        let ms = told.before.ms.wrapping_add_signed(bytes.i64()?);
        let offset_ms = told.before.offset_ms.wrapping_add(if is_as_before { 0 } else { bytes.i64()? });
        told.before = Before { seq, boot, ms, offset_ms };
        let quality = if head & SYNCHRONISED == 0 { TimeQuality::Estimated } else { TimeQuality::Synchronised };
        Some(Event {
            seq: Seq(seq),
            at: Stamp { boot: BootId(boot), ms },
            wall: WallTime { at: UnixMillis(offset_ms.wrapping_add_unsigned(ms)), quality },
            trace: None,
            body: body(head & !(SYNCHRONISED | AS_BEFORE), bytes, told)?,
        })
    }
}

impl Iterator for Events<'_> {
    type Item = Option<Event>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.bytes.is_empty() {
            return None;
        }
        let event = self.event();
        if event.is_none() {
            self.bytes = Bytes(&[]);
        }
        Some(event)
    }
}

fn body(kind: u8, bytes: &mut Bytes<'_>, told: &mut Told) -> Option<EventBody> {
    let device = |bytes: &mut Bytes<'_>| bytes.u64().map(DeviceId::from_u64);
    Some(match kind {
        1 => {
            let (device, origin) = (device(bytes)?, origin(bytes)?);
            EventBody::ReadingsTaken { device, values: values(bytes, told)?, origin }
        }
        2 => {
            let (device, origin) = (device(bytes)?, origin(bytes)?);
            EventBody::DeviceActed { device, action: action(bytes)?, origin }
        }
        3 => EventBody::DeviceDiscovered { device: device(bytes)? },
        4 => EventBody::DeviceAdopted { device: device(bytes)? },
        5 => EventBody::DeviceChanged { device: device(bytes)? },
        6 => EventBody::DeviceRemoved { device: device(bytes)? },
        7 => EventBody::RoomChanged { room: RoomId(bytes.u32()?) },
        8 | 9 => {
            let alert = *ALERTS.get(usize::from(bytes.u8()?))?;
            let device = match bytes.u8()? {
                0 => None,
                1 => Some(device(bytes)?),
                _ => return None,
            };
            if kind == 8 {
                EventBody::AlertRaised { kind: alert, device }
            } else {
                EventBody::AlertCleared { kind: alert, device }
            }
        }
        10 => EventBody::ClockStepped { by_ms: bytes.i64()? },
        11 => EventBody::ReceiverGap { receiver: ReceiverId(bytes.u16()?), length_ms: bytes.u64()? },
        12 => EventBody::PairingProgressed { pairing: PairingId(bytes.u32()?), step: step(bytes)? },
        _ => return None,
    })
}

fn step(bytes: &mut Bytes<'_>) -> Option<PairingStep> {
    Some(match bytes.u8()? {
        0 => PairingStep::Looking,
        1 => PairingStep::Found,
        2 => PairingStep::Proving,
        3 => PairingStep::SettingUp,
        4 => PairingStep::FirstReading,
        5 => PairingStep::Paired { device: DeviceId::from_u64(bytes.u64()?) },
        6 => PairingStep::Failed { why: *PairingFailure::ALL.get(usize::from(bytes.u8()?))? },
        _ => return None,
    })
}

fn origin(bytes: &mut Bytes<'_>) -> Option<Origin> {
    let flags = bytes.u8().filter(|flags| *flags < 16)?;
    let receiver = ReceiverId(bytes.u16()?);
    let rssi = if flags & 1 == 0 { None } else { Some(bytes.u8()?.cast_signed()) };
    let counter = if flags & 2 == 0 { None } else { Some(bytes.u32()?) };
    let sample = match flags & 4 {
        0 => None,
        _ => Some(SampleHint(u16::from_le_bytes([bytes.u8()?, bytes.u8()?]))),
    };
    Some(Origin { receiver, rssi, counter, sample, is_fetched: flags & 8 != 0 })
}

fn values(bytes: &mut Bytes<'_>, told: &mut Told) -> Option<Arc<[Value]>> {
    let layout = match bytes.usize()?.checked_sub(1) {
        Some(nth) => Arc::clone(told.layouts.get(nth)?),
        None => layout(bytes, told)?,
    };
    // A value has a byte at least: what the bytes cannot hold asks for no memory.
    if layout.len() > bytes.0.len() {
        return None;
    }
    let value =
        |(quantity, instance): &Column| Some(Value { quantity: *quantity, instance: *instance, value: bytes.i64()? });
    layout.iter().map(value).collect()
}

fn layout(bytes: &mut Bytes<'_>, told: &mut Told) -> Option<Arc<[Column]>> {
    let count = bytes.usize()?;
    // A column has two bytes at least.
    if count > bytes.0.len() / 2 {
        return None;
    }
    let column = |_| Some((Quantity::from_code(bytes.u16()?)?, bytes.u8()?));
    let layout: Arc<[Column]> = (0..count).map(column).collect::<Option<_>>()?;
    if told.layouts.len() < MOST_LAYOUTS {
        told.layouts.push(Arc::clone(&layout));
    }
    Some(layout)
}

fn action(bytes: &mut Bytes<'_>) -> Option<Action> {
    let (tag, instance) = (bytes.u8()?, bytes.u8()?);
    Some(match tag {
        0 => Action::Button { instance, press: *PRESSES.get(usize::from(bytes.u8()?))? },
        1 => {
            let turn = match bytes.u8()? {
                0 => Turn::Left,
                1 => Turn::Right,
                _ => return None,
            };
            Action::Dimmer { instance, turn, steps: bytes.u8()? }
        }
        2 => {
            let command = bytes.u8()?;
            let len = bytes.usize()?;
            Action::Command { instance, command, argument: bytes.take(len)?.to_vec() }
        }
        _ => return None,
    })
}
