use proptest::prelude::*;

use wire::settings::{Band, Bands};

use super::*;

fn keys() -> impl Strategy<Value = Keys> {
    any::<(u32, [u8; 32])>().prop_map(|(epoch, key)| Keys { epoch: Epoch(epoch), device_key: DeviceKey::new(key) })
}

prop_compose! {
    fn an_owner()(
        keys in keys(), number: u32, hub_key: [u8; 32], revision: u8, band: Option<u16>,
        name in "[a-zäß ]{0,16}",
    ) -> Owner {
        let (hub_key, name) = (PublicKey(hub_key), Name::new(&name).unwrap());
        let bands: Vec<Band> = band.into_iter().map(|code| Band { code, steps: 1 }).collect();
        let settings = Settings { revision, bands: Bands::new(&bands).unwrap(), ..Settings::DEFAULT };
        Owner { keys, number, hub_key, settings, name }
    }
}

fn claim() -> impl Strategy<Value = Claim> {
    prop_oneof![
        Just(Claim::Unclaimed),
        an_owner().prop_map(Claim::Pending),
        (an_owner(), prop::option::of(keys())).prop_map(|(owner, next)| Claim::Active { owner, next }),
    ]
}

prop_compose! {
    fn record()(claim in claim(), failures: u8, owners: u32, is_wipe_due: bool) -> Record {
        Record { claim, failures, owners, is_wipe_due }
    }
}

fn bytes(record: &Record) -> Vec<u8> {
    let mut buffer = [0; MAX_RECORD];
    let length = record.write(&mut buffer).unwrap();
    buffer[..length].to_vec()
}

fn owner_with(byte: u8) -> Owner {
    Owner {
        keys: Keys { epoch: Epoch(1), device_key: DeviceKey::new([byte; 32]) },
        number: 3,
        hub_key: PublicKey([0xBB; 32]),
        settings: Settings { revision: 2, ..Settings::DEFAULT },
        name: Name::new("Bad").unwrap(),
    }
}

/// What is in the flash of sensors out there: these bytes must be read by every later program.
#[test]
fn the_layout_of_version_1() {
    let settings = "0c01028813002c013c00580200";
    let claimed = format!("01000000{}03000000{}{settings}0342{}", "aa".repeat(32), "bb".repeat(32), "6164");
    let check = |record: Record, text: String| {
        assert_eq!(hex::encode(bytes(&record)), text);
        assert_eq!(Record::parse(&hex::decode(text).unwrap()), Ok(record));
    };
    check(Record::new(), "01000000000000".to_owned());
    let unclaimed = Record { failures: 7, owners: 2, is_wipe_due: true, ..Record::new() };
    check(unclaimed.clone(), "01080702000000".to_owned());
    let pending = Record { claim: Claim::Pending(owner_with(0xAA)), is_wipe_due: false, ..unclaimed };
    check(pending, format!("01010702000000{claimed}"));
    let next = Some(Keys { epoch: Epoch(2), device_key: DeviceKey::new([0xCC; 32]) });
    let active = Record { claim: Claim::Active { owner: owner_with(0xAA), next }, is_wipe_due: false, ..unclaimed };
    check(active, format!("01060702000000{claimed}02000000{}", "cc".repeat(32)));
}

#[test]
fn impossible_records_are_refused() {
    let check = |text: &str, error| assert_eq!(Record::parse(&hex::decode(text).unwrap()), Err(error));
    check("00000000000000", RecordError::Value { field: "version" });
    check("02000000000000", RecordError::Newer { version: 2 });
    check("01100000000000", RecordError::Value { field: "flag" });
    check("01030000000000", RecordError::Value { field: "claim" });
    check("01040000000000", RecordError::Value { field: "claim" });
    check("0100000000000000", RecordError::Value { field: "length" });
    check("", RecordError::Short(Short { needed: 1, left: 0 }));
}

#[test]
fn the_longest_record_fits() {
    let bands: Vec<Band> = (0..8).map(|code| Band { code, steps: 1 }).collect();
    let settings = Settings { bands: Bands::new(&bands).unwrap(), ..Settings::DEFAULT };
    let owner = Owner { name: Name::new(&"x".repeat(32)).unwrap(), settings, ..owner_with(1) };
    let claim = Claim::Active { next: Some(owner.keys.clone()), owner };
    assert_eq!(bytes(&Record { claim, ..Record::new() }).len(), MAX_RECORD);
    const { assert!(MAX_RECORD <= crate::MAX_FACT) };
}

proptest! {
    #[test]
    fn a_record_is_read_as_it_was_written(record in record()) {
        prop_assert_eq!(Record::parse(&bytes(&record)), Ok(record));
    }

    #[test]
    fn a_record_cut_short_is_noticed(record in record(), cut: prop::sample::Index) {
        let bytes = bytes(&record);
        prop_assert!(Record::parse(&bytes[..cut.index(bytes.len())]).is_err());
    }

    #[test]
    fn any_bytes_are_answered(mut bytes in prop::collection::vec(any::<u8>(), 0..200), claim in 0..16_u8) {
        let _ = Record::parse(&bytes);
        if let [version, flags, ..] = &mut bytes[..] {
            (*version, *flags) = (VERSION, claim);
        }
        let _ = Record::parse(&bytes);
    }

    #[test]
    fn owners_never_become_fewer(record in record(), epoch: u32) {
        prop_assert!(record.released().owners >= record.owners);
        if let Some(acknowledged) = record.acknowledged(Epoch(epoch)) {
            prop_assert!(acknowledged.owners >= record.owners);
        }
    }
}
