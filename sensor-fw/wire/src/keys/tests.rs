use super::*;

#[test]
fn every_key_of_every_epoch_is_another() {
    let key = DeviceKey::new([7; 32]);
    let mut seen = std::collections::BTreeSet::new();
    for epoch in [0, 1, 2, 256, u32::MAX].map(Epoch) {
        assert!(seen.insert(link_psk(&key, epoch).expose().to_vec()));
        assert!(seen.insert(advert_key(&key, epoch).to_vec()));
        assert!(seen.insert(confirmation(&key, epoch, &[b"said"]).to_vec()));
    }
    assert_eq!(seen.len(), 15);
}

#[test]
fn the_last_epoch_has_no_next() {
    assert_eq!(Epoch(1).next(), Some(Epoch(2)));
    assert_eq!(Epoch(u32::MAX).next(), None);
}
