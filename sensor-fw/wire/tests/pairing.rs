//! The golden vectors of pairing, made with implementations of others (`vectors/make.py`).
#![expect(clippy::unwrap_used, reason = "a vector file that is not as it should be is a failed test")]

use wire::{
    bytes::NoRoom,
    keys::{self, Epoch},
    message::{MAX_LENGTH, ToHub, ToSensor},
    pairing_advert::PairingAdvert,
    secret::{DeviceKey, SetupSecret},
    service::{Answer, Ask},
    settings::Settings,
    setup_code::SetupCode,
};

/// One row of a vector file.
struct Row(toml::Table);

impl Row {
    fn text(&self, key: &str) -> &str {
        self.0.get(key).and_then(|value| value.as_str()).unwrap()
    }

    fn number<T: TryFrom<i64>>(&self, key: &str) -> T {
        let number = self.0.get(key).and_then(|value| value.as_integer()).unwrap();
        T::try_from(number).ok().unwrap()
    }

    fn bytes(&self, key: &str) -> Vec<u8> {
        hex::decode(self.text(key)).unwrap()
    }

    fn array<const N: usize>(&self, key: &str) -> [u8; N] {
        self.bytes(key).try_into().unwrap()
    }
}

fn rows(text: &str) -> Vec<Row> {
    let file: toml::Table = text.parse().unwrap();
    let rows = file.get("vector").and_then(|rows| rows.as_array()).unwrap();
    let rows: Vec<Row> = rows.iter().map(|row| Row(row.as_table().unwrap().clone())).collect();
    assert!(!rows.is_empty() && rows.iter().all(|row| !row.text("source").is_empty()));
    rows
}

#[test]
fn setup_codes() {
    for row in rows(include_str!("../vectors/setup_code.toml")) {
        let code = SetupCode::parse(row.text("text")).unwrap();
        assert_eq!(code.product.0, row.number::<u16>("product"));
        assert_eq!(code.uid.0, row.array("uid"));
        assert_eq!(code.public_key.0, row.array("public_key"));
        assert_eq!(code.secret.expose(), &row.array("secret"));
        assert_eq!(code.label().to_string(), row.text("text"));
    }
}

#[test]
fn pairing_adverts() {
    for row in rows(include_str!("../vectors/pairing_advert.toml")) {
        let secret = SetupSecret::new(row.array("secret"));
        let advert = PairingAdvert::new(&secret, row.array("nonce"));
        assert_eq!(advert.service_data().to_vec(), row.bytes("service_data"));
        assert_eq!(advert.legacy().to_vec(), row.bytes("legacy"));
        assert!(PairingAdvert::parse(&row.bytes("service_data")).unwrap().is_of(&secret));
    }
}

#[test]
fn derived_keys() {
    for row in rows(include_str!("../vectors/keys.toml")) {
        let (secret, key) = (SetupSecret::new(row.array("setup_secret")), DeviceKey::new(row.array("device_key")));
        let epoch = Epoch(row.number("epoch"));
        assert_eq!(keys::pairing_psk(&secret).expose(), &row.array("pairing_psk"));
        assert_eq!(keys::advert_key(&key, epoch), row.array("advert_key"));
        assert_eq!(keys::link_psk(&key, epoch).expose(), &row.array("link_psk"));
        let said = row.bytes("said");
        let (head, tail) = said.split_at(33);
        assert_eq!(keys::confirmation(&key, epoch, &[head, tail]), row.array("confirmation"));
    }
}

fn settings_in_words(it: &Settings) -> String {
    let bands: Vec<String> = it.bands.as_slice().iter().map(|band| format!("{}:{}", band.code, band.steps)).collect();
    format!(
        "settings {} interval {} power {} heartbeat {} sampling {} window {} bands [{}]",
        it.revision,
        it.advert_interval_ms,
        it.tx_power_dbm,
        it.heartbeat_s,
        it.sampling_s,
        it.window_every_s,
        bands.join(" ")
    )
}

fn question_in_words(question: &ToSensor) -> String {
    match question {
        ToSensor::Hello(it) => {
            let (hub, nonce) = (hex::encode(it.hub.0), hex::encode(it.nonce));
            format!("hello {}..{} hub {hub} nonce {nonce}", it.lowest, it.highest)
        }
        ToSensor::Provision(it) => {
            let time = it.unix_time_s.map_or("none".to_owned(), |seconds| seconds.to_string());
            format!(
                "provision epoch {} owner {} hub {} time {time} {} name {}",
                it.epoch.0,
                it.owner_epoch,
                hex::encode(it.hub_key.0),
                settings_in_words(&it.settings),
                it.name.as_str(),
            )
        }
        ToSensor::Confirm => "confirm".to_owned(),
        ToSensor::Identify(pattern) => format!("identify {:04b}", pattern.bits()),
        ToSensor::Rotate(it) => format!("rotate epoch {}", it.epoch.0),
        ToSensor::Release => "release".to_owned(),
        ToSensor::Set(settings) => format!("set {}", settings_in_words(settings)),
        ToSensor::AskSettings => "ask for settings".to_owned(),
    }
}

fn answer_in_words(answer: &ToHub) -> String {
    match answer {
        ToHub::Info(it) => {
            let certificate = it.certificate.map(|certificate| format!(" certificate {}", hex::encode(certificate.0)));
            format!(
                "info {} product {} uid {} address {} firmware {} hardware {} boot {} battery {} {:?} owner {}{}",
                it.protocol,
                it.product.0,
                it.uid,
                hex::encode(it.address),
                it.firmware,
                it.hardware.revision(),
                it.boot,
                it.battery_mv,
                it.claim,
                it.owner_epoch,
                certificate.unwrap_or_default(),
            )
        }
        ToHub::Done(it) => format!("done {} {}", it.first_counter, hex::encode(it.confirmation)),
        ToHub::Confirmed => "confirmed".to_owned(),
        ToHub::Blinking => "blinking".to_owned(),
        ToHub::Released => "released".to_owned(),
        ToHub::Settings(settings) => settings_in_words(settings),
        ToHub::Refused(refusal) => format!("refused: {refusal}"),
    }
}

#[test]
fn messages() {
    let written = |write: &dyn Fn(&mut [u8]) -> Result<usize, NoRoom>| {
        let mut buffer = [0; MAX_LENGTH];
        let length = write(&mut buffer).unwrap();
        hex::encode(buffer.get(..length).unwrap())
    };
    let new_key = "78980e41304f08b0420a2d098fc6d0bc6a267e96e1015bbb0a9488225d83ec6d";
    let new_key = DeviceKey::new(hex::decode(new_key).unwrap().try_into().unwrap());
    for row in rows(include_str!("../vectors/message.toml")) {
        let bytes = row.bytes("bytes");
        let (said, again) = match (ToSensor::parse(&bytes), ToHub::parse(&bytes)) {
            (Ok(question), _) => {
                match &question {
                    ToSensor::Provision(it) => assert_eq!(it.device_key, new_key),
                    ToSensor::Rotate(it) => assert_eq!(it.device_key, new_key),
                    _ => {}
                }
                (question_in_words(&question), written(&|buffer| question.write(buffer)))
            }
            (_, answer) => {
                let answer = answer.unwrap();
                (answer_in_words(&answer), written(&|buffer| answer.write(buffer)))
            }
        };
        assert_eq!(said, row.text("says"), "{}", row.text("name"));
        assert!(hex::encode(bytes).starts_with(&again), "{}", row.text("name"));
    }
}

fn ask_in_words(ask: &Ask<'_>) -> String {
    match ask {
        Ask::Log { from } => format!("log from {}/{}", from.boot, from.number),
        Ask::Offer { manifest } => format!("offer {}", hex::encode(manifest)),
        Ask::Chunk { offset, bytes } => format!("chunk at {offset} {}", hex::encode(bytes)),
        Ask::Install => "install".to_owned(),
        Ask::Abandon => "abandon".to_owned(),
        Ask::Progress => "progress?".to_owned(),
        Ask::Health => "health?".to_owned(),
    }
}

fn report_in_words(answer: &Answer<'_>) -> String {
    match answer {
        Answer::Blocks(blocks) => {
            let blocks: Vec<String> = blocks.map(|block| format!(" {}", hex::encode(block.unwrap()))).collect();
            format!("blocks{}", blocks.concat())
        }
        Answer::Progress(it) => {
            format!("progress {:?} {} {} of {}", it.stage, it.version, it.received, it.length)
        }
        Answer::Health(it) => format!(
            "health boot {} up {} after {} panics {} watchdogs {} battery {} firmware {} counter {}",
            it.boot, it.uptime_s, it.reset, it.panics, it.watchdogs, it.battery_mv, it.firmware, it.security_counter,
        ),
        Answer::Refused(refusal) => format!("refused: {refusal}"),
    }
}

#[test]
fn services() {
    for row in rows(include_str!("../vectors/service.toml")) {
        let bytes = row.bytes("bytes");
        let mut buffer = [0; 1024];
        let (said, length) = match Ask::parse(&bytes) {
            Ok(ask) => (ask_in_words(&ask), ask.write(&mut buffer).unwrap()),
            Err(_) => {
                let answer = Answer::parse(&bytes).unwrap();
                (report_in_words(&answer), answer.write(&mut buffer).unwrap())
            }
        };
        assert_eq!(said, row.text("says"), "{}", row.text("name"));
        assert_eq!(hex::encode(bytes), hex::encode(buffer.get(..length).unwrap()), "{}", row.text("name"));
    }
}
