//! The JSON of an explanation: its own types, so that the words of the hub may change without it.

use hub_model::{Action, Decoded, Fact, Kind, Press, Turn, Value};
use serde::Serialize;
use serde_json::Number;

/// What an advert says, ready to be printed.
#[derive(Debug, Serialize)]
pub struct Explanation {
    format: &'static str,
    encrypted: bool,
    counter: Option<u32>,
    packet_id: Option<u32>,
    values: Vec<Reading>,
    events: Vec<Happening>,
    facts: Vec<Said>,
    triggered: bool,
    unordered: bool,
    unknown_object: Option<String>,
}

impl Explanation {
    pub(super) fn of(decoded: &Decoded) -> Self {
        Self {
            format: decoded.format.name(),
            encrypted: decoded.encrypted,
            counter: decoded.counter,
            packet_id: decoded.packet_id,
            values: decoded.values.iter().map(Reading::of).collect(),
            events: decoded.actions.iter().map(Happening::of).collect(),
            facts: decoded.facts.iter().map(Said::of).collect(),
            triggered: decoded.is_triggered,
            unordered: decoded.is_unordered,
            unknown_object: decoded.unknown_object.map(|id| format!("0x{id:02x}")),
        }
    }

    /// The explanation as one line of JSON.
    pub fn to_json(&self) -> String {
        line(self)
    }
}

#[derive(Debug, Serialize)]
struct Reading {
    quantity: &'static str,
    instance: u8,
    value: serde_json::Value,
    unit: Option<&'static str>,
}

impl Reading {
    fn of(value: &Value) -> Self {
        let Value { quantity, instance, value } = *value;
        let number = match (quantity.kind(), quantity.exponent()) {
            (Kind::Binary, _) => (value != 0).into(),
            (_, 0) => value.into(),
            // Always finite: an integer over a power of ten.
            _ => Number::from_f64(quantity.to_f64(value)).into(),
        };
        Self {
            quantity: quantity.name(),
            instance,
            value: number,
            unit: Some(quantity.unit()).filter(|unit| !unit.is_empty()),
        }
    }
}

#[derive(Debug, Serialize)]
struct Happening {
    event: &'static str,
    instance: u8,
    action: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    steps: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    argument: Option<String>,
}

impl Happening {
    fn of(action: &Action) -> Self {
        let (event, instance, action, steps, argument) = match action {
            Action::Button { instance, press } => ("button", *instance, press_name(*press).to_owned(), None, None),
            Action::Dimmer { instance, turn, steps } => {
                ("dimmer", *instance, turn_name(*turn).to_owned(), Some(*steps), None)
            }
            Action::Command { instance, command, argument } => {
                ("command", *instance, command_name(*command), None, Some(hex::encode(argument)))
            }
        };
        Self { event, instance, action, steps, argument }
    }
}

const fn press_name(press: Press) -> &'static str {
    match press {
        Press::Press => "press",
        Press::DoublePress => "double_press",
        Press::TriplePress => "triple_press",
        Press::LongPress => "long_press",
        Press::LongDoublePress => "long_double_press",
        Press::LongTriplePress => "long_triple_press",
        Press::HoldPress => "hold_press",
        Press::HoldRelease => "hold_release",
    }
}

const fn turn_name(turn: Turn) -> &'static str {
    match turn {
        Turn::Left => "rotate_left",
        Turn::Right => "rotate_right",
    }
}

fn command_name(command: u8) -> String {
    match command {
        0 => "off".to_owned(),
        1 => "on".to_owned(),
        2 => "toggle".to_owned(),
        3 => "step_up".to_owned(),
        4 => "step_down".to_owned(),
        other => format!("0x{other:02x}"),
    }
}

#[derive(Debug, Serialize)]
struct Said {
    fact: &'static str,
    value: serde_json::Value,
}

impl Said {
    fn of(fact: &Fact) -> Self {
        let (fact, value) = match fact {
            Fact::DeviceType(number) => ("device_type", (*number).into()),
            Fact::Firmware(parts) => {
                let parts: Vec<String> = parts.iter().map(u8::to_string).collect();
                ("firmware_version", parts.join(".").into())
            }
            Fact::Timestamp(seconds) => ("timestamp", (*seconds).into()),
            Fact::Text(text) => ("text", text.as_str().into()),
            Fact::Raw(bytes) => ("raw", hex::encode(bytes).into()),
            Fact::SettingsRevision(number) => ("settings_revision", (*number).into()),
            Fact::Sequence(number) => ("measurement_sequence", (*number).into()),
        };
        Self { fact, value }
    }
}

#[derive(Serialize)]
struct Refusal<'a> {
    error: &'a str,
    detail: &'a str,
}

/// The line that says why there is no explanation.
pub(super) fn refusal(error: &str, detail: &str) -> String {
    line(&Refusal { error, detail })
}

fn line(value: &impl Serialize) -> String {
    // Nothing here can fail to become JSON: no maps, no floats that are none.
    serde_json::to_string(value).unwrap_or_default()
}
