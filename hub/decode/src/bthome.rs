//! BTHome 1 and 2. Bytes, objects and seals are [`wire::bthome`]'s; here they become the hub's words.

use hub_model::{Action, Address, BindKey, Decoded, Fact, Format, Press, Turn, Value};
use units::Quantity;
use wire::bthome::{
    Event, Fact as WireFact, Item, MAX_SERVICE_DATA, Press as WirePress, Report, Turn as WireTurn, v1, v2,
};

use crate::DecodeError;

/// A frame of version 2 (UUID 0xFCD2).
pub(crate) fn v2(data: &[u8], address: Address, key: Option<&BindKey>) -> Result<Decoded, DecodeError> {
    let format = Format::BthomeV2;
    let frame = v2::Frame::parse(data).map_err(|error| DecodeError::of_frame(format, error))?;
    let mut buffer = [0; MAX_SERVICE_DATA];
    let items = match frame.items() {
        Some(plain) => plain,
        None => {
            let key = key.ok_or(DecodeError::MissingKey { format })?;
            frame.open(key.bytes(), address.bytes(), &mut buffer).map_err(|_| DecodeError::BadMic { format })?
        }
    };
    let empty =
        Decoded { counter: frame.counter(), is_triggered: frame.info().is_triggered(), ..Decoded::empty(format) };
    collect(empty, items, v2::Items::report)
}

/// A plain frame of version 1 (UUID 0x181C).
pub(crate) fn v1_plain(data: &[u8]) -> Result<Decoded, DecodeError> {
    let format = Format::BthomeV1;
    if data.len() > MAX_SERVICE_DATA {
        return Err(DecodeError::TooLong { format, length: data.len() });
    }
    collect(Decoded::empty(format), v1::Items::new(data), v1::Items::report)
}

/// A sealed frame of version 1 (UUID 0x181E).
pub(crate) fn v1_sealed(data: &[u8], address: Address, key: Option<&BindKey>) -> Result<Decoded, DecodeError> {
    let format = Format::BthomeV1;
    let frame = v1::Sealed::parse(data).map_err(|error| DecodeError::of_frame(format, error))?;
    let key = key.ok_or(DecodeError::MissingKey { format })?;
    let mut buffer = [0; MAX_SERVICE_DATA];
    let items = frame.open(key.bytes(), address.bytes(), &mut buffer).map_err(|_| DecodeError::BadMic { format })?;
    collect(Decoded { counter: Some(frame.counter()), ..Decoded::empty(format) }, items, v1::Items::report)
}

/// Puts items into the frame. What was read before something odd is kept; a frame of which nothing was read is refused.
fn collect<'a, I: Iterator<Item = Item<'a>>>(
    mut decoded: Decoded,
    mut items: I,
    report: impl Fn(&I) -> Report,
) -> Result<Decoded, DecodeError> {
    let format = decoded.format;
    decoded.encrypted = decoded.counter.is_some();
    let mut is_empty = true;
    for item in items.by_ref() {
        is_empty = false;
        match item {
            // Of a byte, so it fits; a number of the device and nothing that is measured.
            Item::Reading { quantity: Quantity::SettingsRevision, value, .. } => {
                decoded.facts.extend(u8::try_from(value).map(Fact::SettingsRevision));
            }
            Item::Reading { quantity, instance, value } => decoded.values.push(Value { quantity, instance, value }),
            Item::Event(event) => decoded.actions.push(action(event)),
            Item::Fact(said) => decoded.facts.push(fact(said)),
            Item::PacketId(id) => decoded.packet_id = Some(u32::from(id)),
        }
    }
    let report = report(&items);
    if is_empty {
        if let Some(id) = report.unknown_object {
            return Err(DecodeError::UnknownObject { format, id: id.into() });
        }
        if let Some(id) = report.truncated_object {
            return Err(DecodeError::TruncatedObject { format, id: id.into() });
        }
    }
    decoded.unknown_object = report.unknown_object.map(u16::from);
    decoded.is_unordered = report.is_unordered;
    Ok(decoded)
}

fn action(event: Event<'_>) -> Action {
    match event {
        Event::Button { instance, press } => Action::Button {
            instance,
            press: match press {
                WirePress::Press => Press::Press,
                WirePress::DoublePress => Press::DoublePress,
                WirePress::TriplePress => Press::TriplePress,
                WirePress::LongPress => Press::LongPress,
                WirePress::LongDoublePress => Press::LongDoublePress,
                WirePress::LongTriplePress => Press::LongTriplePress,
                WirePress::HoldPress => Press::HoldPress,
                WirePress::HoldRelease => Press::HoldRelease,
            },
        },
        Event::Dimmer { instance, turn, steps } => Action::Dimmer {
            instance,
            turn: match turn {
                WireTurn::Left => Turn::Left,
                WireTurn::Right => Turn::Right,
            },
            steps,
        },
        Event::Command { instance, command, argument } => {
            Action::Command { instance, command, argument: argument.to_vec() }
        }
    }
}

fn fact(said: WireFact<'_>) -> Fact {
    match said {
        WireFact::Timestamp(seconds) => Fact::Timestamp(seconds),
        WireFact::Text(text) => Fact::Text(text.to_owned()),
        WireFact::Raw(bytes) => Fact::Raw(bytes.to_vec()),
        WireFact::DeviceType(number) => Fact::DeviceType(number),
        WireFact::Firmware(parts) => Fact::Firmware(parts.iter().rev().copied().collect()),
    }
}
