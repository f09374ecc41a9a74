use std::io::Cursor;

use hub_model::{Address, UnixMillis};
use proptest::prelude::*;

use super::{Capture, CaptureError, Captured};

fn read(bytes: &[u8]) -> Vec<Result<Captured, CaptureError>> {
    Capture::open(Cursor::new(bytes.to_vec())).map(Iterator::collect).unwrap_or_else(|error| vec![Err(error)])
}

fn snoop(link: u32, records: &[(u32, i64, &[u8])]) -> Vec<u8> {
    let mut bytes = b"btsnoop\0".to_vec();
    bytes.extend(1_u32.to_be_bytes());
    bytes.extend(link.to_be_bytes());
    for (flags, unix_us, packet) in records {
        let length = u32::try_from(packet.len()).unwrap();
        for number in [length, length, *flags, 0] {
            bytes.extend(number.to_be_bytes());
        }
        bytes.extend((unix_us + 0x00DC_DDB3_0F2F_8000).to_be_bytes());
        bytes.extend(*packet);
    }
    bytes
}

/// An LE advertising report of a BTHome frame from A4:C1:38:00:11:22 at -60 dBm.
const LEGACY: [u8; 22] = [
    0x3E, 20, 0x02, 1, 0x03, 0x00, 0x22, 0x11, 0x00, 0x38, 0xC1, 0xA4, 8, 0x07, 0x16, 0xD2, 0xFC, 0x40, 0x02, 0xCA,
    0x09, 0xC4,
];

#[test]
fn a_line_is_one_advert() {
    let line = r#"{"t":"2026-11-21T04:00:00.250Z","address":"A4:C1:38:00:11:22","rssi":-60,"service_data":{"fcd2":"4002ca09"},"manufacturer_data":{"0499":"05"}}"#;
    let captured = read(line.as_bytes()).remove(0).unwrap();
    assert_eq!(captured.at, UnixMillis(1_795_233_600_250));
    assert_eq!(captured.advert.service_data, vec![(0xFCD2, vec![0x40, 0x02, 0xCA, 0x09])]);
    assert_eq!(captured.advert.manufacturer_data, vec![(0x0499, vec![5])]);
    assert_eq!(captured.advert.rssi, Some(-60));
}

#[test]
fn a_bad_line_is_named_and_the_next_is_read() {
    let good = r#"{"t":"2026-11-21T04:00:00Z","address":"A4:C1:38:00:11:22","service_data":{}}"#;
    let long = format!("{{\"t\":\"{}\"}}", "x".repeat(20_000));
    for (bad, expected) in [
        ("nonsense", "expected"),
        (r#"{"t":"yesterday","address":"A4:C1:38:00:11:22"}"#, "RFC 3339"),
        (r#"{"t":"2026-11-21T04:00:00Z","address":"A4"}"#, "six hex bytes"),
        (
            r#"{"t":"2026-11-21T04:00:00Z","address":"A4:C1:38:00:11:22","service_data":{"fcd2":"4"}}"#,
            "not hexadecimal",
        ),
        (r#"{"t":"2026-11-21T04:00:00Z","address":"A4:C1:38:00:11:22","service_data":{"zz":"40"}}"#, "4 hex digits"),
        (r#"{"t":"2026-11-21T04:00:00Z","address":"A4:C1:38:00:11:22","colour":1}"#, "unknown field `colour`"),
        (long.as_str(), "longer than"),
    ] {
        let read = read(format!("{good}\n{bad}\n\n{good}\n").as_bytes());
        assert_eq!(read.len(), 3, "{bad:.60}");
        let message = read[1].as_ref().map_err(ToString::to_string).unwrap_err();
        assert!(message.starts_with("line 2: ") && message.contains(expected), "{message}");
        assert!(read[2].is_ok());
    }
}

#[test]
fn a_monitor_capture_gives_its_advertising_reports() {
    let bytes = snoop(2001, &[(0x0000_0002, 0, &[1, 2, 3]), (0x0000_0003, 1_795_233_600_250_000, &LEGACY)]);
    let captured = read(&bytes).remove(0).unwrap();
    assert_eq!(captured.at, UnixMillis(1_795_233_600_250));
    assert_eq!(captured.advert.address, Address::new([0xA4, 0xC1, 0x38, 0x00, 0x11, 0x22]));
    assert_eq!(captured.advert.rssi, Some(-60));
    assert_eq!(captured.advert.service_data, vec![(0xFCD2, vec![0x40, 0x02, 0xCA, 0x09])]);
}

#[test]
fn an_extended_report_in_a_uart_capture_is_read_too() {
    let mut packet = vec![0x04, 0x3E, 34, 0x0D, 1, 0x10, 0x00, 0x01, 0x22, 0x11, 0x00, 0x38, 0xC1, 0xA4];
    packet
        .extend([1, 0, 0xFF, 0x7F, 0xC4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 8, 0x07, 0x16, 0xD2, 0xFC, 0x40, 0x02, 0xCA, 0x09]);
    let captured = read(&snoop(1002, &[(1, 0, &packet)])).remove(0).unwrap();
    assert_eq!(captured.advert.rssi, Some(-60));
    assert_eq!(captured.advert.service_data, vec![(0xFCD2, vec![0x40, 0x02, 0xCA, 0x09])]);
}

#[test]
fn a_capture_that_was_cut_off_gives_what_came_before() {
    let whole = snoop(2001, &[(3, 0, &LEGACY), (3, 0, &LEGACY)]);
    let read = read(&whole[..whole.len() - 3]);
    assert!(read[0].is_ok());
    assert!(matches!(read[1], Err(CaptureError::Truncated { offset: 62 })), "{:?}", read[1]);
}

#[test]
fn another_data_link_is_refused_with_what_would_be_right() {
    let message = read(&snoop(1001, &[])).remove(0).map_err(|error| error.to_string()).unwrap_err();
    assert!(message.contains("1001") && message.contains("btmon"), "{message}");
}

proptest! {
    #[test]
    fn any_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        read(&bytes);
        read(&snoop(2001, &[(3, 0, &bytes)]));
    }
}
