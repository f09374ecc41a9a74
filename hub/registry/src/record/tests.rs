use hub_model::Calibration;
use proptest::prelude::*;

use super::*;

fn device() -> Device {
    Device {
        id: DeviceId::from_u64(0xA4C1_3800_1122),
        address: Address::new([0xA4, 0xC1, 0x38, 0, 0x11, 0x22]),
        name: Name::parse("Bath").unwrap(),
        room: Some(RoomId(3)),
        format: Some(Format::BthomeV2),
        key: Some(BindKey::new([7; 16])),
        replay: ReplayRule::Compat,
        calibration: Calibration::from([((Quantity::Temperature, 0), -60), ((Quantity::Humidity, 1), 9)]),
        retention: Some(Retention { raw_days: Some(400), rollup_days: None }),
        adopted_at: UnixMillis(1_700_000_000_000),
    }
}

fn device_of(bytes: &[u8]) -> Result<Device, RegistryError> {
    let id = device().id;
    read("device", id, bytes, |record: DeviceRecord| record.device(id))
}

#[test]
fn a_device_is_read_as_it_was_written() {
    let bytes = write("device", &DeviceRecord::from(&device())).unwrap();
    assert_eq!(device_of(&bytes).unwrap(), device());
}

/// These bytes are in files that are out there: a change of any of them is a change of the format.
#[test]
fn the_first_version_of_a_device_stays_readable() {
    let golden = concat!(
        "01",           // version
        "a4c138001122", // address
        "0442617468",   // name
        "0103",         // room
        "0109627468",
        "6f6d652d7632",                       // format
        "0107070707070707070707070707070707", // key
        "01",                                 // compat
        "02",
        "010077",
        "020112", // calibration: code, instance, offset (zigzag)
        "01",
        "019003",
        "00",           // retention
        "80a0abfef962", // adopted at (zigzag)
    );
    let bytes: Vec<u8> =
        (0..golden.len()).step_by(2).map(|i| u8::from_str_radix(&golden[i..i + 2], 16).unwrap()).collect();
    assert_eq!(device_of(&bytes).unwrap(), device());
    let hex: String =
        write("device", &DeviceRecord::from(&device())).unwrap().iter().map(|b| format!("{b:02x}")).collect();
    assert_eq!(hex, golden);
}

#[test]
fn a_damaged_record_says_which_and_why() {
    let mut bytes = write("device", &DeviceRecord::from(&device())).unwrap();
    let said = |bytes: &[u8]| device_of(bytes).unwrap_err().to_string();
    assert_eq!(said(&[]), "device a4c138001122 in the registry is damaged (it is empty); restore a backup");
    assert!(said(&bytes[..20]).contains("is damaged"));
    bytes.push(0);
    assert!(said(&bytes).contains("1 bytes too many"));
    bytes[0] = 2;
    assert!(said(&bytes).contains("its version is 2; expected 1"));
}

proptest! {
    #[test]
    fn no_bytes_make_reading_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        // Most are refused; what is accepted is a device that can be written again.
        if let Ok(device) = device_of(&bytes) {
            let again = write("device", &DeviceRecord::from(&device)).unwrap();
            prop_assert_eq!(device_of(&again).unwrap(), device);
        }
    }
}
