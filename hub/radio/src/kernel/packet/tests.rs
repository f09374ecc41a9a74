use proptest::prelude::*;

use super::*;

const SENDER: Address = Address::new([0xA4, 0xC1, 0x38, 0x00, 0x11, 0x22]);

/// A device that was heard, as the protocol's text describes the event, and the AD structures in it.
fn heard(code: u16, head: &[u8], flags: u8, data: &[u8]) -> Vec<u8> {
    let length = u8::try_from(data.len()).unwrap();
    let body = [head, &[0x22, 0x11, 0x00, 0x38, 0xC1, 0xA4, 0x02, 0xB5, flags, 0, 0, 0, length, 0], data].concat();
    let [low, high] = code.to_le_bytes();
    let size = u8::try_from(body.len()).unwrap();
    [&[low, high, 0x01, 0x00, size, 0x00][..], &body].concat()
}

#[test]
fn requests_are_written_as_the_protocol_describes_them() {
    assert_eq!(Request::list().bytes(), [0x03, 0, 0xFF, 0xFF, 0, 0]);
    assert_eq!(Request::info(1).bytes(), [0x04, 0, 1, 0, 0, 0]);
    assert_eq!(Request::power(2, true).bytes(), [0x05, 0, 2, 0, 1, 0, 1]);
    assert_eq!(Request::low_energy(2, false).bytes(), [0x0D, 0, 2, 0, 1, 0, 0]);
    assert_eq!(Request::remove_monitor(0, 0x0102).bytes(), [0x53, 0, 0, 0, 2, 0, 2, 1]);
    let scan = Request::scan(0, Scan { interval: 0x00A0, window: 0x0060 });
    assert_eq!(scan.bytes(), [0x4C, 0, 0, 0, 10, 0, 0x13, 0, 2, 0xA0, 0, 0x14, 0, 2, 0x60, 0]);
    let peer = End { address: SENDER, is_random: true };
    let disconnect = Request::disconnect(1, peer).bytes();
    assert_eq!(disconnect, [0x14, 0, 1, 0, 7, 0, 0x22, 0x11, 0x00, 0x38, 0xC1, 0xA4, 0x02]);
    assert_eq!(Request::discover(1).bytes(), [0x23, 0, 1, 0, 1, 0, 6]);
    assert_eq!(Request::stop_discovery(1).bytes(), [0x24, 0, 1, 0, 1, 0, 6]);
    let connecting = Request::connecting(0).bytes();
    assert_eq!(connecting[..11], [0x4C, 0, 0, 0, 25, 0, 0x17, 0, 2, 12, 0]);
    assert_eq!(connecting[26..], [0x1B, 0, 2, 0x20, 0x03]);
}

#[test]
fn a_monitor_wants_every_advert_with_data_name_or_flags() {
    let bytes = Request::add_monitor(0).bytes();
    let (head, patterns) = bytes.split_at(7);
    assert_eq!(head, [0x52, 0, 0, 0, 171, 0, 5]);
    let kinds: Vec<&[u8]> = patterns.chunks(34).map(|pattern| &pattern[..3]).collect();
    assert_eq!(kinds, [[0x16, 0, 0], [0x21, 0, 0], [0xFF, 0, 0], [0x09, 0, 0], [0x01, 0, 0]]);
}

#[test]
fn both_events_of_a_device_that_was_heard_are_read() {
    let data = [0x05, 0x16, 0xD2, 0xFC, 0x40, 0x01];
    let expected = |is_connectable| {
        let data = AdvertisingData { service_data: vec![(0xFCD2, vec![0x40, 0x01])], ..AdvertisingData::default() };
        Event::Heard(1, Sighting { address: SENDER, is_random: true, is_connectable, rssi: Some(-75), data })
    };
    assert_eq!(Event::parse(&heard(0x0012, &[], 0, &data)), Ok(expected(true)));
    assert_eq!(Event::parse(&heard(0x002F, &[0x07, 0x00], 4, &data)), Ok(expected(false)));
}

#[test]
fn answers_and_changes_are_read() {
    let answered =
        |status, data: &[u8]| Event::Answered { opcode: 0x0052, index: 0, status: Status(status), data: data.to_vec() };
    assert_eq!(Event::parse(&[1, 0, 0, 0, 5, 0, 0x52, 0, 0, 9, 0]), Ok(answered(0, &[9, 0])));
    assert_eq!(Event::parse(&[2, 0, 0, 0, 3, 0, 0x52, 0, 0x0A]), Ok(answered(0x0A, &[])));
    assert_eq!(handle(&[9, 0]), Some(9));
    assert_eq!(Event::parse(&[4, 0, 3, 0, 0, 0]), Ok(Event::Added(3)));
    assert_eq!(Event::parse(&[5, 0, 3, 0, 0, 0]), Ok(Event::Removed(3)));
    assert_eq!(Event::parse(&[0x2C, 0, 3, 0, 2, 0, 0, 0]), Ok(Event::MonitorRemoved { index: 3, handle: 0 }));
    let Ok(Event::Settings(3, settings)) = Event::parse(&[6, 0, 3, 0, 4, 0, 0x01, 0x02, 0, 0]) else { panic!() };
    assert!(settings.is_powered() && settings.is_low_energy());
    let link = |code| Event::parse(&[code, 0, 3, 0, 8, 0, 0x22, 0x11, 0, 0x38, 0xC1, 0xA4, 2, 0]);
    assert_eq!([link(0x0B), link(0x0C)], [Ok(Event::Connected(3, SENDER)), Ok(Event::Disconnected(3, SENDER))]);
    assert_eq!(Event::parse(&[0x21, 0, 3, 0, 0, 0]), Ok(Event::Other));
}

#[test]
fn what_controllers_are_there_and_what_they_are_is_read() {
    assert_eq!(indexes(&[2, 0, 0, 0, 5, 0]), Some(vec![0, 5]));
    assert_eq!(indexes(&[0, 0]), Some(vec![]));
    assert_eq!(indexes(&[2, 0, 0, 0]), None);
    let mut data = vec![0x22, 0x11, 0x00, 0x38, 0xC1, 0xA4, 12, 0x0D, 0x00];
    data.extend([0x01, 0x02, 0, 0, 0x00, 0x02, 0, 0]);
    let info = Info::parse(&data).unwrap();
    assert_eq!(info.address, SENDER);
    assert!(info.supported.is_powered() && !info.current.is_powered() && info.current.is_low_energy());
    assert_eq!(Info::parse(&data[..16]), None);
}

#[test]
fn a_status_says_what_to_do_where_there_is_something_to_do() {
    assert!(Status(0x12).to_string().contains("rfkill unblock"));
    assert!(Status::PERMISSION_DENIED.to_string().contains("CAP_NET_ADMIN"));
    assert_eq!(Status(0x77).to_string(), "status 0x77");
    assert!(Status(0x0A).is_passing() && !Status::INVALID_INDEX.is_passing());
}

proptest! {
    #[test]
    fn no_packet_is_too_strange(packet in prop::collection::vec(any::<u8>(), 0..80)) {
        let _ = Event::parse(&packet);
        let _ = (indexes(&packet), handle(&packet), Info::parse(&packet));
    }

    #[test]
    fn a_packet_that_is_cut_off_is_refused(cut in 1_usize..26) {
        let packet = heard(0x0012, &[], 0, &[0x05, 0x16, 0xD2, 0xFC, 0x40, 0x01]);
        prop_assert!(Event::parse(&packet[..packet.len() - cut]).is_err());
    }
}
