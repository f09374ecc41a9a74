use proptest::prelude::*;

use super::*;
use crate::{
    firmware::{Hardware, Version},
    keys::Epoch,
    manifest::ManifestFault,
    secret::DeviceKey,
    settings::{Setting, Settings, tests::settings},
    setup_code::{Product, PublicKey, Uid},
};

fn bytes(message: &ToSensor) -> Vec<u8> {
    let mut buffer = [0; MAX_LENGTH];
    let length = message.write(&mut buffer).unwrap();
    buffer[..length].to_vec()
}

fn answer_bytes(message: &ToHub) -> Vec<u8> {
    let mut buffer = [0; MAX_LENGTH];
    let length = message.write(&mut buffer).unwrap();
    buffer[..length].to_vec()
}

prop_compose! {
    fn provision()(
        key: [u8; 32], epoch: u32, owner_epoch: u32, hub_key: [u8; 32], time: Option<u64>,
        settings in settings(), name in "[a-zäß世 ]{0,10}",
    ) -> ToSensor {
        ToSensor::Provision(Provision {
            device_key: DeviceKey::new(key),
            epoch: Epoch(epoch),
            owner_epoch,
            hub_key: PublicKey(hub_key),
            unix_time_s: time.filter(|time| *time != 0),
            settings,
            name: Name::new(&name).unwrap(),
        })
    }
}

fn to_sensor() -> impl Strategy<Value = ToSensor> {
    prop_oneof![
        (1..=9_u8, 9..=255_u8, any::<[u8; 16]>(), any::<[u8; 8]>()).prop_map(|(lowest, highest, hub, nonce)| {
            ToSensor::Hello(Hello { lowest, highest, hub: HubId(hub), nonce })
        }),
        provision(),
        Just(ToSensor::Confirm),
        (0..16_u8).prop_map(|bits| ToSensor::Identify(Pattern::new(bits))),
        any::<(u32, [u8; 32])>().prop_map(|(epoch, key)| {
            ToSensor::Rotate(Rotate { epoch: Epoch(epoch), device_key: DeviceKey::new(key) })
        }),
        Just(ToSensor::Release),
        settings().prop_map(ToSensor::Set),
        Just(ToSensor::AskSettings),
    ]
}

prop_compose! {
    fn info()(
        protocol: u8, product: u16, uid: [u8; 8], address: [u8; 6], firmware: [u8; 4], hardware in 0..32_u8, boot: u32, battery_mv: u16,
        claim in 0..3_usize, owner_epoch: u32, signature: Option<[u8; 32]>,
    ) -> ToHub {
        ToHub::Info(Info {
            protocol,
            product: Product(product),
            uid: Uid(uid),
            address,
            firmware: Version(firmware),
            hardware: Hardware::new(hardware).unwrap(),
            boot,
            battery_mv,
            claim: [ClaimState::Unclaimed, ClaimState::Pending, ClaimState::Active][claim],
            owner_epoch,
            certificate: signature.map(|half| Certificate([half, half].concat().try_into().unwrap())),
        })
    }
}

fn to_hub() -> impl Strategy<Value = ToHub> {
    prop_oneof![
        info(),
        any::<(u32, [u8; 32])>()
            .prop_map(|(first_counter, confirmation)| ToHub::Done(Done { first_counter, confirmation })),
        Just(ToHub::Confirmed),
        Just(ToHub::Blinking),
        Just(ToHub::Released),
        settings().prop_map(ToHub::Settings),
        prop_oneof![
            any::<u8>().prop_map(|kind| Refusal::UnknownKind { kind }),
            any::<u8>().prop_map(|kind| Refusal::Malformed { kind }),
            any::<u8>().prop_map(|spoken| Refusal::Protocol { spoken }),
            any::<u32>().prop_map(|next| Refusal::OwnerEpoch { next }),
            any::<u32>().prop_map(|next| Refusal::Epoch { next }),
            Just(Refusal::NotClaimed),
            Just(Refusal::OutOfPlace),
            Just(Refusal::Storage),
            (0..9_u8).prop_map(|code| Refusal::Setting { setting: Setting::of_code(code).unwrap() }),
            (1..10_u8).prop_map(|code| Refusal::Manifest { fault: ManifestFault::of_code(code).unwrap() }),
            any::<u32>().prop_map(|expected| Refusal::Offset { expected }),
            any::<u16>().prop_map(|mv| Refusal::BatteryLow { mv }),
            Just(Refusal::Digest),
            Just(Refusal::NoUpdate),
            (15_u8.., any::<u32>()).prop_map(|(reason, detail)| Refusal::Other { reason, detail }),
        ]
        .prop_map(ToHub::Refused),
    ]
}

#[test]
fn an_unknown_kind_is_an_error_of_its_own() {
    assert_eq!(ToSensor::parse(&[0x77, 1, 2]), Err(MessageError::UnknownKind { kind: 0x77 }));
    assert_eq!(ToHub::parse(&[0x03]), Err(MessageError::UnknownKind { kind: 0x03 }));
    assert_eq!(ToSensor::parse(&[]), Err(MessageError::Empty));
    assert_eq!(ToHub::parse(&[0xFE]).unwrap_err().to_string(), "message of unknown kind 0xfe");
}

#[test]
fn impossible_fields_are_refused_by_name() {
    let provision = bytes(&ToSensor::Provision(Provision {
        device_key: DeviceKey::new([1; 32]),
        epoch: Epoch(1),
        owner_epoch: 1,
        hub_key: PublicKey([2; 32]),
        unix_time_s: None,
        settings: Settings::DEFAULT,
        name: Name::new("öl").unwrap(),
    }));
    assert_eq!(provision.len(), 98);
    let check = |position: usize, byte: u8, field| {
        let mut changed = provision.clone();
        changed[position] = byte;
        assert_eq!(ToSensor::parse(&changed), Err(MessageError::Value { kind: 0x02, field }));
    };
    check(94, 33, "length of the name");
    check(96, b'o', "name");
    let mut deaf = provision.clone();
    deaf[85] = 0xFF;
    let error = ToSensor::parse(&deaf).unwrap_err();
    assert_eq!(error.to_string(), "message of kind 0x02: advert interval of 65416 ms, 100 to 10240 are possible");

    let mut hello = [0; 27];
    hello[0] = 0x01;
    for (lowest, highest) in [(0, 1), (2, 1), (0, 0)] {
        (hello[1], hello[2]) = (lowest, highest);
        let field = "range of protocol versions";
        assert_eq!(ToSensor::parse(&hello), Err(MessageError::Value { kind: 0x01, field }));
    }
}

#[test]
fn a_name_has_up_to_32_bytes() {
    assert_eq!(Name::new(&"x".repeat(32)).unwrap().as_str(), "x".repeat(32));
    assert_eq!(Name::new(&"x".repeat(33)), None);
    assert_eq!(format!("{:?}", Name::new("Küche").unwrap()), "\"Küche\"");
}

#[test]
fn keys_are_not_printed() {
    let rotate = ToSensor::Rotate(Rotate { epoch: Epoch(2), device_key: DeviceKey::new([0xAB; 32]) });
    assert_eq!(format!("{rotate:?}"), "Rotate(Rotate { epoch: Epoch(2), device_key: DeviceKey(secret) })");
}

#[test]
fn purposes_have_codes_and_prologues_of_their_own() {
    for purpose in [Purpose::Pairing, Purpose::Link] {
        assert_eq!(Purpose::of_code(purpose.code()), Some(purpose));
    }
    assert_ne!(Purpose::Pairing.prologue(), Purpose::Link.prologue());
    assert_eq!(Purpose::of_code(0).or(Purpose::of_code(3)), None);
}

proptest! {
    #[test]
    fn questions_are_read_as_they_were_written(message in to_sensor(), newer in prop::collection::vec(any::<u8>(), 0..9)) {
        let written = bytes(&message);
        prop_assert_eq!(ToSensor::parse(&[written, newer].concat()), Ok(message));
    }

    #[test]
    fn answers_are_read_as_they_were_written(message in to_hub(), newer in prop::collection::vec(any::<u8>(), 0..9)) {
        let written = answer_bytes(&message);
        prop_assert_eq!(ToHub::parse(&[written, newer].concat()), Ok(message));
    }

    #[test]
    fn a_message_cut_short_is_noticed(question in to_sensor(), answer in to_hub(), cut: prop::sample::Index) {
        for written in [bytes(&question), answer_bytes(&answer)].iter().filter(|written| written.len() > 1) {
            let short = &written[..1 + cut.index(written.len() - 1)];
            let errors = [ToSensor::parse(short).err(), ToHub::parse(short).err()];
            let is_short = |error: &Option<MessageError>| match error {
                Some(MessageError::Short { kind, .. }) => *kind == written[0],
                _ => false,
            };
            prop_assert!(errors.iter().any(is_short));
        }
    }

    #[test]
    fn any_bytes_are_answered(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = (ToSensor::parse(&bytes), ToHub::parse(&bytes));
    }

    #[test]
    fn a_buffer_that_is_too_small_is_refused(message in to_sensor(), answer in to_hub()) {
        let (length, answered) = (bytes(&message).len(), answer_bytes(&answer).len());
        prop_assert!(message.write(&mut vec![0; length - 1]).is_err());
        prop_assert!(answer.write(&mut vec![0; answered - 1]).is_err());
    }
}
