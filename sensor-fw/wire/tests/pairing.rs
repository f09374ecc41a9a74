//! The golden vectors of pairing, made with implementations of others (`vectors/make.py`).
#![expect(clippy::unwrap_used, reason = "a vector file that is not as it should be is a failed test")]

use wire::{
    keys::{self, Epoch},
    pairing_advert::PairingAdvert,
    secret::{DeviceKey, SetupSecret},
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
