use proptest::prelude::*;

use super::*;

fn code() -> SetupCode {
    SetupCode {
        product: Product(0x0102),
        uid: Uid([0xA0, 1, 2, 3, 4, 5, 6, 7]),
        public_key: PublicKey([0x5C; 32]),
        secret: SetupSecret::new([0xC3; 16]),
    }
}

/// A code with a right checksum over any fields.
fn sealed(fields: &[u8]) -> String {
    struct Text(Vec<u8>);
    impl fmt::Display for Text {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            base45::encode(&self.0, f)
        }
    }
    format!("HS1:{}", Text([fields, &crc32(fields).to_le_bytes()].concat()))
}

fn check(text: &str, error: SetupCodeError, words: &str) {
    let found = SetupCode::parse(text).unwrap_err();
    assert_eq!((found, found.to_string().as_str()), (error, words), "{text}");
}

#[test]
fn a_label_is_99_characters_and_spaces_around_it_do_not_matter() {
    let text = code().label().to_string();
    assert_eq!(text.len(), 99);
    assert_eq!(SetupCode::parse(&format!("\t {text}\r\n")), Ok(code()));
}

#[test]
fn a_person_is_told_what_is_wrong() {
    let text = code().label().to_string();
    check("https://example.org", SetupCodeError::NotOurs, "not the code of a sensor of ours, which begins with HS1:");
    check("", SetupCodeError::NotOurs, "not the code of a sensor of ours, which begins with HS1:");
    check(
        &format!("HS1:{}", text[4..].to_lowercase()),
        SetupCodeError::Character { position: 5 },
        "character 5 of the code cannot be right; capital letters matter",
    );
    check(&text[..98], SetupCodeError::Length { characters: 98 }, "the code has 99 characters, but 98 were read");
    check(&text[..97], SetupCodeError::Length { characters: 97 }, "the code has 99 characters, but 97 were read");
    check("HS1:", SetupCodeError::Length { characters: 4 }, "the code has 99 characters, but 4 were read");
    check(&text.repeat(9), SetupCodeError::Damaged, "the code was misread or mistyped (its checksum does not fit)");
}

#[test]
fn a_newer_sensor_is_not_called_damaged() {
    let words = "the sensor is newer than this software (setup code 2, known is 1)";
    check(&sealed(&[2; 90]), SetupCodeError::Newer { version: 2 }, words);
    check(&sealed(&[2; 10]), SetupCodeError::Newer { version: 2 }, words);
}

#[test]
fn fields_that_are_too_few_or_too_many_are_refused_even_with_a_right_checksum() {
    for length in [0, 1, 40, 58, 60, 100] {
        let mut fields = vec![0; length];
        if let Some(version) = fields.first_mut() {
            *version = VERSION;
        }
        assert_eq!(SetupCode::parse(&sealed(&fields)), Err(SetupCodeError::Damaged), "{length} bytes");
    }
    assert_eq!(SetupCode::parse(&sealed(&[0; 59])), Err(SetupCodeError::NotOurs));
}

#[test]
fn nothing_but_the_label_tells_the_secret() {
    let said = format!("{:?}", code());
    assert!(said.contains("SetupSecret(secret)") && said.contains("Uid(a001020304050607)"), "{said}");
    assert!(!said.to_lowercase().contains("c3c3") && !said.contains("195"), "{said}");
    // The label borrows the code, and is not printed by accident either.
    assert!(!format!("{:?}", code().label()).contains("HS1:"));
}

#[test]
fn every_change_of_one_character_and_every_swap_of_two_neighbours_is_found() {
    let text = code().label().to_string();
    let characters = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";
    for position in 4..text.len() {
        for character in characters {
            let mut changed = text.clone().into_bytes();
            if changed[position] != *character {
                changed[position] = *character;
                let changed = String::from_utf8(changed).unwrap();
                assert!(SetupCode::parse(&changed).is_err(), "{changed}");
            }
        }
        let mut swapped = text.clone().into_bytes();
        swapped.swap(position - 1, position);
        if swapped != text.as_bytes() {
            assert!(SetupCode::parse(std::str::from_utf8(&swapped).unwrap()).is_err());
        }
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read(product: u16, uid: [u8; 8], public_key: [u8; 32], secret: [u8; 16]) {
        let code = SetupCode {
            product: Product(product),
            uid: Uid(uid),
            public_key: PublicKey(public_key),
            secret: SetupSecret::new(secret),
        };
        let text = code.label().to_string();
        prop_assert_eq!(text.len(), 99);
        prop_assert_eq!(text.trim_end().len(), 99);
        prop_assert_eq!(SetupCode::parse(&text), Ok(code));
    }

    #[test]
    fn any_text_is_answered(text in "\\PC{0,200}", inner in "[0-9A-Z $%*+./:-]{0,300}") {
        prop_assert!(SetupCode::parse(&text).is_err());
        let begun = format!("HS1:{inner}");
        prop_assert!(SetupCode::parse(&begun).is_err());
    }
}
