use proptest::prelude::*;

use super::*;

const UUID: u128 = 0x9473_EF6E_5327_4261_8FDB_16A3_9352_CB82;

#[test]
fn questions_are_written_as_the_specification_describes_them() {
    assert_eq!(Question::Mtu.bytes(), [0x02, 247, 0]);
    assert_eq!(Question::Characteristics(1..=0x0203).bytes(), [0x08, 1, 0, 3, 2, 0x03, 0x28]);
    assert_eq!(Question::Descriptors(5..=6).bytes(), [0x04, 5, 0, 6, 0]);
    assert_eq!(Question::Write { handle: 0x0102, value: &[7, 8] }.bytes(), [0x12, 2, 1, 7, 8]);
    assert_eq!(Question::subscribe(9).bytes(), [0x12, 9, 0, 1, 0]);
    let service = Question::Service(UUID).bytes();
    assert_eq!(service[..9], [0x06, 1, 0, 0xFF, 0xFF, 0x00, 0x28, 0x82, 0xCB]);
    assert_eq!(service.len(), 7 + 16);
}

#[test]
fn what_is_said_is_told_apart() {
    for (packet, said) in [
        (&[0x03, 247, 0][..], Said::Answer { to: 0x02, body: &[247, 0] }),
        (&[0x13], Said::Answer { to: 0x12, body: &[] }),
        (&[0x01, 0x08, 1, 0, 0x0A], Said::Refused { to: 0x08, error: 0x0A }),
        (&[0x1B, 3, 0, 0xAA], Said::Notified { handle: 3, value: &[0xAA] }),
        (&[0x1D, 3, 0], Said::Indicated { handle: 3, value: &[] }),
        (&[0x02, 23, 0], Said::Asked(0x02)),
        // A write without an answer, a confirmation, an error that is cut off, nothing.
        (&[0x52, 3, 0, 1], Said::Other),
        (&[0x1E], Said::Other),
        (&[0x01, 0x08], Said::Other),
        (&[], Said::Other),
    ] {
        assert_eq!(Said::parse(packet), said, "{packet:02x?}");
    }
}

#[test]
fn answers_are_read() {
    assert_eq!((mtu(&[185, 0]), mtu(&[0, 2]), mtu(&[0, 0]), mtu(&[1])), (Some(185), Some(MTU), Some(23), None));
    assert_eq!((service(&[4, 0, 9, 0]), service(&[9, 0, 4, 0]), service(&[4, 0])), (Some(4..=9), None, None));
    let long = [&[21, 5, 0, 0x08, 6, 0][..], &UUID.to_le_bytes(), &[7, 0, 0x10, 8, 0], &(UUID + 1).to_le_bytes()];
    let [first, second] = characteristics(&long.concat()).unwrap().try_into().unwrap();
    assert_eq!(first, Characteristic { handle: 5, value: 6, uuid: Some(UUID) });
    assert_eq!(second, Characteristic { handle: 7, value: 8, uuid: Some(UUID + 1) });
    let short = characteristics(&[7, 5, 0, 0x08, 6, 0, 0x05, 0x2A]).unwrap();
    assert_eq!(short, [Characteristic { handle: 5, value: 6, uuid: None }]);
    assert_eq!(descriptors(&[1, 7, 0, 0x01, 0x29, 8, 0, 0x02, 0x29]), Some((8, Some(8))));
    assert_eq!(descriptors(&[1, 7, 0, 0x01, 0x29]), Some((7, None)));
    assert_eq!((descriptors(&[1]), descriptors(&[])), (None, None));
}

proptest! {
    #[test]
    fn no_answer_is_too_strange(packet in prop::collection::vec(any::<u8>(), 0..80)) {
        let _ = Said::parse(&packet);
        let _ = (mtu(&packet), service(&packet), characteristics(&packet), descriptors(&packet));
    }
}
