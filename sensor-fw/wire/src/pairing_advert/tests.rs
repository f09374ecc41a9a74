use proptest::prelude::*;

use super::*;

#[test]
fn another_sensor_s_advert_is_not_ours() {
    let (ours, other) = (SetupSecret::new([1; 16]), SetupSecret::new([2; 16]));
    let advert = PairingAdvert::new(&ours, [9, 8, 7, 6]);
    assert!(advert.is_of(&ours) && !advert.is_of(&other));
}

#[test]
fn two_windows_of_one_sensor_have_nothing_in_common() {
    let secret = SetupSecret::new([1; 16]);
    let [first, second] = [[0; 4], [1, 0, 0, 0]].map(|nonce| PairingAdvert::new(&secret, nonce));
    assert_ne!(first.tag, second.tag);
}

#[test]
fn an_advert_of_another_length_is_refused() {
    for length in [0, 9, 11, 31] {
        assert_eq!(PairingAdvert::parse(&vec![0; length]), Err(NotAnAdvert { length }));
    }
    assert_eq!(NotAnAdvert { length: 9 }.to_string(), "pairing advert of 9 bytes instead of 10");
}

proptest! {
    #[test]
    fn every_changed_bit_is_found(secret: [u8; 16], nonce: [u8; 4], bit in 0_usize..80) {
        let secret = SetupSecret::new(secret);
        let mut bytes = PairingAdvert::new(&secret, nonce).service_data();
        prop_assert!(PairingAdvert::parse(&bytes).unwrap().is_of(&secret));
        bytes[bit / 8] ^= 1 << (bit % 8);
        prop_assert!(!PairingAdvert::parse(&bytes).unwrap().is_of(&secret));
    }
}
