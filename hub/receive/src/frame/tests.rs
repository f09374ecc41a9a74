use hub_model::BootId;
use proptest::{collection::vec, prelude::*};

use super::*;

const AT: Stamp = Stamp { boot: BootId(3), ms: 77 };

fn advert() -> impl Strategy<Value = RawAdvert> {
    let data = || vec(any::<u8>(), 0..64);
    let parts =
        (vec((any::<u16>(), data()), 0..4), vec((any::<u128>(), data()), 0..3), vec((any::<u16>(), data()), 0..4));
    let about = (any::<[u8; 6]>(), any::<Option<i8>>(), proptest::option::of("\\PC{0,20}"), any::<[bool; 2]>());
    (about, parts).prop_map(|((address, rssi, name, [is_random, is_connectable]), parts)| {
        let (service_data, long_service_data, manufacturer_data) = parts;
        let advert = RawAdvert::new(Address::new(address), AT);
        RawAdvert {
            rssi,
            name,
            is_random,
            is_connectable,
            service_data,
            long_service_data,
            manufacturer_data,
            ..advert
        }
    })
}

fn frame() -> impl Strategy<Value = Frame> {
    let aged = (any::<u32>(), advert()).prop_map(|(age_ms, advert)| Aged { age_ms, advert });
    prop_oneof![
        (any::<[u8; 32]>(), any::<u64>()).prop_map(|(token, life)| Frame::Hello { token, life }),
        (any::<u16>(), any::<u64>()).prop_map(|(id, next)| Frame::Welcome { receiver: ReceiverId(id), next }),
        Just(Frame::Refused(Refused::Version)),
        Just(Frame::Refused(Refused::Token)),
        Just(Frame::Refused(Refused::TooMany)),
        (any::<u64>(), vec(aged, 1..20)).prop_map(|(first, adverts)| Frame::Adverts { first, adverts }),
        Just(Frame::Alive),
        any::<u64>().prop_map(|next| Frame::Taken { next }),
    ]
}

proptest! {
    #[test]
    fn a_frame_is_read_as_it_was_written(frame in frame(), more in vec(any::<u8>(), 0..8)) {
        let mut bytes = Vec::new();
        frame.write(&mut bytes);
        let whole = bytes.len();
        for length in 0..whole {
            prop_assert_eq!(Frame::read(&bytes[..length], AT), Ok(None));
        }
        bytes.extend(more);
        prop_assert_eq!(Frame::read(&bytes, AT), Ok(Some((frame.clone(), whole))));
        if let Frame::Adverts { adverts, .. } = frame {
            prop_assert!(whole <= 12 + adverts.iter().map(|aged| size(&aged.advert)).sum::<usize>());
        }
    }

    #[test]
    fn any_bytes_are_a_frame_or_an_error(bytes in vec(any::<u8>(), 0..200), kind in 0_u8..8) {
        let _ = Frame::read(&bytes, AT);
        // Most of those are too short: a body of its own length comes further.
        let length = u16::try_from(bytes.len() + 1).unwrap().to_be_bytes();
        let _ = Frame::read(&[&length[..], &[kind], &bytes].concat(), AT);
    }
}

/// The first bytes that anybody sends must never change, so that two versions can tell each other apart.
#[test]
fn a_hello_begins_with_its_version() {
    let mut bytes = Vec::new();
    Frame::Hello { token: [0xAB; 32], life: 2 }.write(&mut bytes);
    assert_eq!(bytes[..6], [0, 42, 1, 1, 0xAB, 0xAB]);
    assert_eq!((bytes.len(), bytes[43]), (44, 2));
}

#[test]
fn what_is_out_of_bounds_is_refused() {
    for (bytes, error) in [
        (&[0, 0][..], FrameError::Length { length: 0 }),
        (&[0xFF, 0xFF, 4], FrameError::Length { length: 65_535 }),
        (&[0, 1, 9], FrameError::Kind { kind: 9 }),
        (&[0, 2, 5, 0], FrameError::Field { field: "end" }),
        (&[0, 2, 1, 2], FrameError::Field { field: "version" }),
        (&[0, 10, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0], FrameError::Field { field: "count" }),
        (&[0, 10, 4, 0, 0, 0, 0, 0, 0, 0, 0, 65], FrameError::Field { field: "count" }),
        (&[0, 2, 3, 4], FrameError::Field { field: "reason" }),
    ] {
        assert_eq!(Frame::read(bytes, AT), Err(error), "{bytes:?}");
    }
}
