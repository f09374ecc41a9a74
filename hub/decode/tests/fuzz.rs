//! Mutated vectors, seeded: what a decoder must hold for bytes that nobody wrote down.
//!
//! Each target takes golden vectors, changes, splices and cuts them, and checks what holds for any frame. Sealed frames
//! are mutated before they are sealed too, so that what lies behind the check is reached. 200 000 cases each by default;
//! `INGLE_FUZZ_CASES` and `INGLE_FUZZ_SEED` set another number and seed. A red case prints its bytes.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

#[path = "../../../sensor-fw/wire/tests/fuzz/mutant.rs"]
mod mutant;

use std::collections::BTreeSet;

use hub_decode::{decode, explain_line};
use hub_model::{Address, BindKey, Decoded, Fact, Format, Quantity, RawAdvert};
use mutant::mutant;
use rand::{Rng, SeedableRng, seq::IndexedRandom};
use rand_chacha::ChaCha8Rng;
use wire::seal::{self, Nonce};

const ADDRESS: [u8; 6] = [0xA4, 0xC1, 0x38, 0xAA, 0xBB, 0xCC];
const KEY: [u8; 16] = [0xAA; 16];

/// More than any advert has.
const MOST: usize = 300;

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().unwrap())
}

/// The bytes of every vector in a file.
fn corpus(text: &str, key: &str) -> Vec<Vec<u8>> {
    let file: toml::Table = text.parse().unwrap();
    let rows = file.get("vector").and_then(toml::Value::as_array).unwrap();
    let frames: Vec<Vec<u8>> =
        rows.iter().filter_map(|row| row.get(key)?.as_str()).map(|digits| hex::decode(digits).unwrap()).collect();
    assert!(!frames.is_empty());
    frames
}

fn advert(service: Option<(u16, Vec<u8>)>, maker: Option<Vec<u8>>) -> RawAdvert {
    RawAdvert {
        service_data: service.into_iter().collect(),
        manufacturer_data: maker.map(|data| (0x0499, data)).into_iter().collect(),
        ..RawAdvert::timeless(Address::new(ADDRESS))
    }
}

/// What holds for the answer to any advert; the answer, if it is one.
#[track_caller]
fn judge(advert: &RawAdvert, key: Option<&BindKey>) -> Option<Decoded> {
    match decode(advert, key) {
        Ok(decoded) => {
            let series: BTreeSet<_> = decoded.values.iter().map(|value| (value.quantity, value.instance)).collect();
            assert_eq!(series.len(), decoded.values.len(), "two values of one series: {advert:02x?}");
            assert!(!decoded.encrypted || key.is_some(), "read without a key: {advert:02x?}");
            assert!(decoded.counter.is_none() || decoded.encrypted, "a counter nobody vouches for: {advert:02x?}");
            Some(decoded)
        }
        Err(error) => {
            assert!(!error.code().is_empty() && !error.to_string().is_empty(), "{advert:02x?}");
            None
        }
    }
}

/// Runs a target over mutants of its corpus and tells how many of them were understood.
fn run(name: &str, corpus: &[Vec<u8>], mut target: impl FnMut(Vec<u8>, &mut ChaCha8Rng) -> bool) {
    let seed = setting("INGLE_FUZZ_SEED", 1);
    let cases = setting("INGLE_FUZZ_CASES", 200_000);
    let mut luck = ChaCha8Rng::seed_from_u64(seed);
    let understood = (0..cases).filter(|_| target(mutant(corpus, MOST, &mut luck), &mut luck)).count();
    // A target that understands hardly anything, or everything, tests nothing.
    let share = understood as f64 / cases as f64;
    assert!((0.02..0.99).contains(&share), "{name}: {understood} of {cases} understood");
}

#[test]
fn any_frame_of_bthome_2() {
    let frames = corpus(include_str!("../../../sensor-fw/wire/vectors/bthome_v2.toml"), "service_data");
    let key = BindKey::new(KEY);
    run("bthome 2", &frames, |bytes, luck| {
        let plain = judge(&advert(Some((0xFCD2, bytes.clone())), None), None);
        judge(&advert(Some((0xFCD2, bytes.clone())), None), Some(&key));

        // The same objects under a seal say the same.
        let Some((&info, objects)) = bytes.split_first().filter(|(info, _)| *info & !0x04 == 0x40) else {
            return plain.is_some();
        };
        let counter: [u8; 4] = luck.random();
        let [a, b, c, d, e, f] = ADDRESS;
        let [g, h, i, j] = counter;
        let info = info | 0x01;
        let mut data = objects.to_vec();
        let mic = seal::seal(&KEY, &Nonce::Thirteen([a, b, c, d, e, f, 0xD2, 0xFC, info, g, h, i, j]), &[], &mut data);
        let sealed = [vec![info], data, counter.to_vec(), mic.unwrap().to_vec()].concat();
        if sealed.len() <= wire::bthome::MAX_SERVICE_DATA {
            let opened = judge(&advert(Some((0xFCD2, sealed)), None), Some(&key));
            let counter = Some(u32::from_le_bytes(counter));
            let expected = plain.clone().map(|plain| Decoded { encrypted: true, counter, ..plain });
            assert_eq!(opened, expected, "{bytes:02x?}");
        }
        plain.is_some()
    });
}

#[test]
fn any_frame_of_bthome_1() {
    let frames = corpus(include_str!("../../../sensor-fw/wire/vectors/bthome_v1.toml"), "service_data");
    let key = BindKey::new(KEY);
    run("bthome 1", &frames, |bytes, luck| {
        judge(&advert(Some((0x181E, bytes.clone())), None), Some(&key));
        let plain = judge(&advert(Some((0x181C, bytes.clone())), None), None);

        let counter: [u8; 4] = luck.random();
        let [a, b, c, d, e, f] = ADDRESS;
        let [g, h, i, j] = counter;
        let mut data = bytes.clone();
        let nonce = Nonce::Twelve([a, b, c, d, e, f, 0x1E, 0x18, g, h, i, j]);
        let mic = seal::seal(&KEY, &nonce, &[0x11], &mut data).unwrap();
        let sealed = [data, counter.to_vec(), mic.to_vec()].concat();
        if sealed.len() <= wire::bthome::MAX_SERVICE_DATA {
            let opened = judge(&advert(Some((0x181E, sealed)), None), Some(&key));
            let counter = Some(u32::from_le_bytes(counter));
            let expected = plain.clone().map(|plain| Decoded { encrypted: true, counter, ..plain });
            assert_eq!(opened, expected, "{bytes:02x?}");
        }
        plain.is_some()
    });
}

#[test]
fn any_frame_of_ruuvi() {
    let frames = corpus(include_str!("../vectors/ruuvi.toml"), "manufacturer_data");
    run("ruuvi", &frames, |bytes, _| {
        let Some(decoded) = judge(&advert(None, Some(bytes.clone())), None) else { return false };
        assert!(decoded.values.len() <= 9, "{bytes:02x?}");
        let sequence = decoded.facts.iter().find_map(|fact| match fact {
            Fact::Sequence(number) => Some(*number),
            _ => None,
        });
        assert_eq!(decoded.packet_id, sequence, "{bytes:02x?}");
        true
    });
}

#[test]
fn any_frame_of_xiaomi_thermometers() {
    let frames = corpus(include_str!("../vectors/atc.toml"), "service_data");
    let key = BindKey::new(KEY);
    run("atc", &frames, |bytes, luck| {
        let decoded = judge(&advert(Some((0x181A, bytes)), None), Some(&key));
        if let Some(decoded) = &decoded {
            assert_eq!(decoded.packet_id.is_some(), matches!(decoded.format, Format::Pvvx | Format::Atc1441));
        }
        // Any data behind a right check is read.
        let length = *[3, 6].choose(luck).unwrap();
        let mut data: Vec<u8> = (0..length).map(|_| luck.random()).collect();
        let packet_id: u8 = luck.random();
        let [a, b, c, d, e, f] = ADDRESS;
        let ad_length = u8::try_from(length + 8).unwrap();
        let nonce = Nonce::Eleven([f, e, d, c, b, a, ad_length, 0x16, 0x1A, 0x18, packet_id]);
        let mic = seal::seal(&KEY, &nonce, &[0x11], &mut data).unwrap();
        let sealed = [vec![packet_id], data, mic.to_vec()].concat();
        let opened = judge(&advert(Some((0x181A, sealed.clone())), None), Some(&key)).unwrap();
        assert_eq!((opened.encrypted, opened.packet_id), (true, Some(u32::from(packet_id))), "{sealed:02x?}");
        decoded.is_some()
    });
}

#[test]
fn any_frame_of_govee() {
    let frames = corpus(include_str!("../vectors/govee.toml"), "manufacturer_data");
    run("govee", &frames, |bytes, luck| {
        let company = *[0xEC88, 0x0001, 0x8801].choose(luck).unwrap();
        let name = [None, Some("GVH5104_311C"), Some("GV51085242"), Some("GVH5106_4E05")].choose(luck).unwrap();
        let heard = RawAdvert {
            name: name.map(str::to_owned),
            manufacturer_data: vec![(company, bytes)],
            ..advert(None, None)
        };
        let Some(decoded) = judge(&heard, None) else { return false };
        assert!(matches!(decoded.values.len(), 1 | 3) && !decoded.encrypted, "{heard:02x?}");
        true
    });
}

#[test]
fn any_frame_of_mibeacon() {
    let frames = corpus(include_str!("../vectors/mibeacon.toml"), "service_data");
    let key = BindKey::new(KEY);
    run("mibeacon", &frames, |mut bytes, luck| {
        let [a, b, c, d, e, f] = ADDRESS;
        let has_address = bytes.first().is_some_and(|control| control & 0x10 != 0);
        if let Some(inside) = bytes.get_mut(5..11).filter(|_| has_address) {
            inside.copy_from_slice(&[f, e, d, c, b, a]);
        }
        let plain = judge(&advert(Some((0xFE95, bytes.clone())), None), Some(&key));

        // The same objects under a seal say the same.
        let is_simple = bytes.first().is_some_and(|control| control & 0xF8 == 0x50);
        if let (Some(plain), true) = (&plain, is_simple) {
            let [c0, c1, p0, p1, count, _, _, _, _, _, _, objects @ ..] = bytes.as_slice() else {
                panic!("{bytes:02x?}")
            };
            let upper: [u8; 3] = luck.random();
            let [g, h, i] = upper;
            let mut data = objects.to_vec();
            let nonce = Nonce::Twelve([f, e, d, c, b, a, *p0, *p1, *count, g, h, i]);
            let mic = seal::seal(&KEY, &nonce, &[0x11], &mut data).unwrap();
            let head = [*c0 | 0x08, *c1 & 0x0F | 0x50, *p0, *p1, *count, f, e, d, c, b, a];
            let sealed = [head.to_vec(), data, upper.to_vec(), mic.to_vec()].concat();
            let opened = judge(&advert(Some((0xFE95, sealed)), None), Some(&key));
            let counter = Some(u32::from_le_bytes([*count, g, h, i]));
            let expected = Decoded { encrypted: true, counter, packet_id: None, ..plain.clone() };
            assert_eq!(opened, Some(expected), "{bytes:02x?}");
        }
        plain.is_some()
    });
}

/// The manufacturer data of every vector in a file with the two bytes of the company in front, and what senders are called.
fn named_corpus(text: &str) -> (Vec<Vec<u8>>, Vec<String>) {
    let file: toml::Table = text.parse().unwrap();
    let rows = file.get("vector").and_then(toml::Value::as_array).unwrap();
    let frame = |row: &toml::Value| {
        let company = u16::try_from(row.get("company")?.as_integer()?).ok()?;
        Some([company.to_le_bytes().to_vec(), hex::decode(row.get("manufacturer_data")?.as_str()?).ok()?].concat())
    };
    let names: BTreeSet<&str> = rows.iter().filter_map(|row| row.get("local_name")?.as_str()).collect();
    (rows.iter().map(|row| frame(row).unwrap()).collect(), names.into_iter().map(str::to_owned).collect())
}

/// An advert of a sender of this name whose manufacturer data begin where others put their company.
fn named(name: &str, bytes: &[u8]) -> Option<RawAdvert> {
    let (company, data) = bytes.split_first_chunk()?;
    let manufacturer_data = vec![(u16::from_le_bytes(*company), data.to_vec())];
    Some(RawAdvert { name: Some(name.to_owned()), manufacturer_data, ..advert(None, None) })
}

#[track_caller]
fn assert_within(decoded: &Decoded, ranges: &[(Quantity, std::ops::RangeInclusive<i64>)]) {
    for value in &decoded.values {
        let range = ranges.iter().find(|(quantity, _)| *quantity == value.quantity);
        assert!(range.is_some_and(|(_, range)| range.contains(&value.value)), "{value:?}");
    }
}

#[test]
fn any_frame_of_thermopro() {
    let (frames, names) = named_corpus(include_str!("../vectors/thermopro.toml"));
    run("thermopro", &frames, |bytes, luck| {
        let Some(heard) = named(names.choose(luck).unwrap(), &bytes) else { return false };
        let Some(decoded) = judge(&heard, None).filter(|decoded| decoded.format == Format::ThermoPro) else {
            return false;
        };
        assert!(decoded.values.len() <= 3, "{heard:02x?}");
        true
    });
}

#[test]
fn any_frame_of_inkbird() {
    let (frames, names) = named_corpus(include_str!("../vectors/inkbird.toml"));
    let ranges = [
        (Quantity::Temperature, -3_276_800..=3_276_700),
        (Quantity::Humidity, 1..=1_000_000),
        (Quantity::Battery, 0..=100),
    ];
    run("inkbird", &frames, |mut bytes, luck| {
        if bytes.len() == 9 && luck.random() {
            // As a device would have sent it.
            let crc = bytes[..5].iter().fold(0xFFFF_u16, |crc, byte| {
                (0..8).fold(crc ^ u16::from(*byte), |crc, _| if crc & 1 == 0 { crc >> 1 } else { crc >> 1 ^ 0xA001 })
            });
            bytes[5..7].copy_from_slice(&crc.to_le_bytes());
        }
        let Some(heard) = named(names.choose(luck).unwrap(), &bytes) else { return false };
        let Some(decoded) = judge(&heard, None).filter(|decoded| decoded.format == Format::Inkbird) else {
            return false;
        };
        assert_within(&decoded, &ranges);
        true
    });
}

#[test]
fn any_frame_of_sensorpush() {
    let (frames, names) = named_corpus(include_str!("../vectors/sensorpush.toml"));
    let ranges = [
        (Quantity::Temperature, -200_000..=1_800_000),
        (Quantity::Humidity, 0..=1_000_000),
        (Quantity::Pressure, 30_000..=125_000),
    ];
    run("sensorpush", &frames, |bytes, luck| {
        let Some(heard) = named(names.choose(luck).unwrap(), &bytes) else { return false };
        let Some(decoded) = judge(&heard, None).filter(|decoded| decoded.format == Format::SensorPush) else {
            return false;
        };
        assert_within(&decoded, &ranges);
        true
    });
}

#[test]
fn any_frame_of_qingping() {
    let frames = corpus(include_str!("../vectors/qingping.toml"), "service_data");
    run("qingping", &frames, |mut bytes, _| {
        let [a, b, c, d, e, f] = ADDRESS;
        if let Some(inside) = bytes.get_mut(2..8) {
            inside.copy_from_slice(&[f, e, d, c, b, a]);
        }
        let Some(decoded) = judge(&advert(Some((0xFDCD, bytes.clone())), None), None) else { return false };
        assert!(decoded.values.len() <= bytes.len(), "{bytes:02x?}");
        true
    });
}

#[test]
fn any_frame_of_aranet() {
    let frames = corpus(include_str!("../vectors/aranet.toml"), "manufacturer_data");
    let ranges = [
        (Quantity::Co2, 0..=0x7FFF),
        (Quantity::Temperature, -40_000..=819_150),
        (Quantity::Pressure, 0..=327_670),
        (Quantity::Humidity, 0..=32_767_000),
        (Quantity::Battery, 0..=255),
    ];
    run("aranet", &frames, |bytes, _| {
        let heard = RawAdvert { manufacturer_data: vec![(0x0702, bytes)], ..advert(None, None) };
        let Some(decoded) = judge(&heard, None) else { return false };
        assert_within(&decoded, &ranges);
        assert!(decoded.packet_id.is_some(), "{heard:02x?}");
        true
    });
}

#[test]
fn any_frame_of_mopeka() {
    let frames = corpus(include_str!("../vectors/mopeka.toml"), "manufacturer_data");
    let ranges = [
        (Quantity::Temperature, -40_000..=87_000),
        (Quantity::Voltage, 0..=3969),
        (Quantity::Battery, 0..=100),
        (Quantity::Distance, 0..=20_000),
    ];
    run("mopeka", &frames, |mut bytes, _| {
        let [.., d, e, f] = ADDRESS;
        if let Some(end) = bytes.get_mut(5..8) {
            end.copy_from_slice(&[d, e, f]);
        }
        let heard = RawAdvert { manufacturer_data: vec![(0x0059, bytes)], ..advert(None, None) };
        let Some(decoded) = judge(&heard, None) else { return false };
        assert_within(&decoded, &ranges);
        true
    });
}

#[test]
fn any_frame_of_switchbot() {
    let services = corpus(include_str!("../vectors/switchbot.toml"), "service_data");
    let makers = corpus(include_str!("../vectors/switchbot.toml"), "manufacturer_data");
    let ranges = [
        (Quantity::Temperature, -127_900..=127_900),
        (Quantity::Humidity, 0..=1_270_000),
        (Quantity::Co2, 0..=9999),
        (Quantity::Battery, 0..=127),
    ];
    run("switchbot", &services, |service, luck| {
        let mut maker = mutant(&makers, MOST, luck);
        if let Some(inside) = maker.get_mut(..6) {
            inside.copy_from_slice(&ADDRESS);
        }
        let name = [None, Some("WoSensorTH"), Some("WoIOSensorTH"), Some("WoCurtain")].choose(luck).unwrap();
        let uuid = *[0xFD3D, 0x0D00].choose(luck).unwrap();
        let heard = RawAdvert {
            name: name.map(str::to_owned),
            service_data: luck.random::<bool>().then_some((uuid, service)).into_iter().collect(),
            manufacturer_data: luck.random::<bool>().then_some((0x0969, maker)).into_iter().collect(),
            ..advert(None, None)
        };
        let Some(decoded) = judge(&heard, None) else { return false };
        assert_within(&decoded, &ranges);
        true
    });
}

#[test]
fn any_line_is_answered_by_one_line_of_json() {
    let file: toml::Table = include_str!("../vectors/explained.toml").parse().unwrap();
    let rows = file.get("vector").and_then(toml::Value::as_array).unwrap();
    let lines: Vec<Vec<u8>> = rows.iter().map(|row| row.get("line").unwrap().as_str().unwrap().into()).collect();
    run("explain", &lines, |bytes, _| {
        let line = String::from_utf8_lossy(&bytes);
        let answer = explain_line(&line);
        assert!(!answer.contains('\n'), "{line}");
        let answer: serde_json::Value = serde_json::from_str(&answer).unwrap();
        assert!(answer.get("error").is_some() != answer.get("format").is_some(), "{line}");
        answer.get("format").is_some()
    });
}
