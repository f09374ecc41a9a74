use hub_model::{Address, Format, Quantity, Value};
use proptest::prelude::*;

use super::*;

fn advert(service_data: Vec<(u16, Vec<u8>)>, manufacturer_data: Vec<(u16, Vec<u8>)>) -> RawAdvert {
    let address = Address::new([0xA4, 0xC1, 0x38, 0, 0x11, 0x22]);
    RawAdvert { service_data, manufacturer_data, ..RawAdvert::timeless(address) }
}

#[test]
fn what_nobody_knows_is_not_ours() {
    assert_eq!(decode(&advert(vec![], vec![]), None), Err(DecodeError::NotOurs));
    let apple = advert(vec![(0xFEAA, vec![0x20; 14])], vec![(0x004C, vec![2, 21])]);
    assert_eq!(decode(&apple, None), Err(DecodeError::NotOurs));
}

#[test]
fn a_part_that_is_understood_wins_over_one_that_is_refused() -> Result<(), DecodeError> {
    let both = advert(vec![(0xFCD2, vec![0x60]), (0xFCD2, vec![0x40, 0x01, 97])], vec![]);
    let decoded = decode(&both, None)?;
    assert_eq!(decoded.values, [Value { quantity: Quantity::Battery, instance: 0, value: 97 }]);
    Ok(())
}

#[test]
fn a_plain_frame_needs_no_key_and_minds_none() {
    let plain = advert(vec![(0xFCD2, vec![0x40, 0x01, 97])], vec![]);
    assert_eq!(decode(&plain, Some(&BindKey::new([1; 16]))), decode(&plain, None));
}

#[test]
fn a_button_that_was_not_pressed_is_a_sound_frame_without_news() -> Result<(), DecodeError> {
    let decoded = decode(&advert(vec![(0xFCD2, vec![0x44, 0x3A, 0x00])], vec![]), None)?;
    assert!(decoded.values.is_empty() && decoded.actions.is_empty() && decoded.is_triggered);
    assert_eq!(decoded.format, Format::BthomeV2);
    Ok(())
}

#[test]
fn a_sender_that_is_told_by_its_name_is_nobody_else() -> Result<(), DecodeError> {
    // 11.77 °C of an Inkbird stands where Ruuvi's company would.
    let heard = advert(vec![], vec![(0x0499, vec![0xC7, 0x12, 0x00, 0x84, 0x71, 0x56, 0x06])]);
    assert_eq!(decode(&heard, None), Err(DecodeError::UnsupportedFormat { data_format: 0xC7 }));
    assert_eq!(decode(&RawAdvert { name: Some("sps".into()), ..heard }, None)?.format, Format::Inkbird);
    Ok(())
}

#[test]
fn readings_that_a_receiver_has_joined_are_refused() -> Result<(), DecodeError> {
    let parts =
        [(0xF1C2, vec![0x00, 0x1D, 0x02, 0x2C]), (0x004C, vec![0x02, 0x15]), (0xF9C2, vec![0x00, 0x10, 0x02, 0x2C])];
    let heard = |parts: &[(u16, Vec<u8>)]| {
        let heard = RawAdvert { name: Some("TP357 (2142)".into()), ..advert(vec![], parts.to_vec()) };
        decode(&heard, None)
    };
    let [_, apple, newer] = &parts;
    assert_eq!(heard(&parts), Err(DecodeError::Ambiguous { format: Format::ThermoPro }));
    assert_eq!(heard(&[apple.clone(), newer.clone()])?.values.len(), 3);
    Ok(())
}

#[test]
fn a_code_is_snake_case() {
    let errors = [
        DecodeError::NotOurs,
        DecodeError::MissingKey { format: Format::Pvvx },
        DecodeError::BadMic { format: Format::Pvvx },
        DecodeError::Truncated { format: Format::Ruuvi5, length: 1, needed: 24 },
        DecodeError::TooLong { format: Format::BthomeV1, length: 300 },
        DecodeError::UnsupportedVersion { version: 3 },
        DecodeError::UnsupportedFormat { data_format: 8 },
        DecodeError::UnsupportedCipher { format: Format::MiBeacon, version: 3 },
        DecodeError::UnknownObject { format: Format::BthomeV2, id: 0xE1 },
        DecodeError::TruncatedObject { format: Format::BthomeV2, id: 2 },
        DecodeError::BadChecksum { format: Format::Inkbird },
        DecodeError::Impossible { format: Format::SensorPush },
        DecodeError::Ambiguous { format: Format::ThermoPro },
        DecodeError::NotShared { format: Format::Aranet },
        DecodeError::AddressMismatch { format: Format::Pvvx, inside: Address::new([0; 6]) },
    ];
    let codes: std::collections::BTreeSet<&str> = errors.iter().map(DecodeError::code).collect();
    assert_eq!(codes.len(), errors.len());
    assert!(codes.iter().all(|code| code.chars().all(|c| c.is_ascii_lowercase() || c == '_')));
}

proptest! {
    #[test]
    fn any_advert_ends_without_a_panic(
        uuid in prop_oneof![Just(0xFCD2_u16), Just(0x181C), Just(0x181E), Just(0x181A), Just(0xFE95), Just(0xFDCD), Just(0xFD3D), any::<u16>()],
        company in prop_oneof![Just(0x0499_u16), Just(0xEC88), Just(0x8801), Just(0x0702), Just(0x0969), Just(0x0059), any::<u16>()],
        name in prop_oneof![Just(None), Just(Some("sps")), Just(Some("TP357")), Just(Some("TP960R")), Just(Some("s")), Just(Some("SensorPush HT.w"))],
        service in prop::collection::vec(any::<u8>(), 0..300),
        maker in prop::collection::vec(any::<u8>(), 0..40),
        key: Option<[u8; 16]>,
    ) {
        let key = key.map(BindKey::new);
        let heard = RawAdvert { name: name.map(str::to_owned), ..advert(vec![(uuid, service)], vec![(company, maker)]) };
        prop_assert_eq!(decode(&heard, key.as_ref()), decode(&heard, key.as_ref()));
    }

    #[test]
    fn any_text_is_answered(line in ".{0,200}") {
        let answer = explain_line(&line);
        prop_assert!(answer.contains("\"error\":"), "{}", answer);
    }
}
