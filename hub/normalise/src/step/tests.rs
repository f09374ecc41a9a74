use hub_model::{Action, BindKey, BootId, Format, Name, Press, Quantity, TimeQuality, UnixMillis, Value, WallTime};

use super::*;

const ADDRESS: Address = Address::new([0xA4, 0xC1, 0x38, 0, 0x11, 0x22]);

fn now(ms: u64) -> Now {
    let wall = WallTime { at: UnixMillis(0), quality: TimeQuality::Estimated };
    Now { stamp: Stamp { boot: BootId(1), ms }, us: ms * 1_000, wall }
}

fn device(key: Option<[u8; 16]>) -> Device {
    Device {
        id: ADDRESS.into(),
        address: ADDRESS,
        name: Name::parse("Bath").unwrap(),
        room: None,
        format: None,
        key: key.map(BindKey::new),
        replay: ReplayRule::Strict,
        calibration: [((Quantity::Temperature, 0), -60)].into(),
        retention: None,
        retention_of: [].into(),
        adopted_at: UnixMillis(0),
    }
}

fn decoded(counter: Option<u32>, temperature: i64) -> Decoded {
    Decoded {
        format: Format::BthomeV2,
        encrypted: counter.is_some(),
        counter,
        packet_id: None,
        values: vec![Value { quantity: Quantity::Temperature, instance: 0, value: temperature }],
        actions: vec![],
        facts: vec![],
        unknown_object: None,
        is_unordered: false,
        is_triggered: false,
    }
}

fn heard(decoded: Decoded, device: Option<&Device>, ms: u64) -> Heard<'_> {
    let received = Stamp { boot: BootId(1), ms };
    Heard { address: ADDRESS, receiver: ReceiverId(1), rssi: Some(-60), received, decoded, device }
}

#[test]
fn an_accepted_frame_carries_its_counter_and_calibrated_values() {
    let device = device(Some([7; 16]));
    let verdict = Normaliser::default().step(heard(decoded(Some(9), 25_060), Some(&device), 5), now(5));
    assert_eq!(
        verdict,
        Verdict::Accepted(Accepted {
            device: ADDRESS.into(),
            values: vec![Value { quantity: Quantity::Temperature, instance: 0, value: 25_000 }],
            actions: vec![],
            facts: vec![],
            origin: Origin::heard(ReceiverId(1), Some(-60), Some(9)),
            implausible: vec![],
        })
    );
}

#[test]
fn a_device_with_a_key_is_not_believed_in_plain_text() {
    let device = device(Some([7; 16]));
    let mut normaliser = Normaliser::default();
    let verdict = normaliser.step(heard(decoded(None, 25_060), Some(&device), 5), now(5));
    assert_eq!(verdict, Verdict::PlaintextRefused);
    assert_eq!(verdict.refusal().map(|r| r.code), Some("plaintext_refused"));
    assert_eq!(normaliser.remembered(), (0, 0));
}

#[test]
fn an_encrypted_frame_without_a_counter_is_refused() {
    let device = device(Some([7; 16]));
    let frame = Decoded { encrypted: true, ..decoded(None, 25_060) };
    let verdict = Normaliser::default().step(heard(frame, Some(&device), 5), now(5));
    assert_eq!(verdict.code(), "counter_missing");
}

#[test]
fn an_encrypted_frame_without_a_counter_is_believed_where_the_owner_allows_it() {
    let device = Device { replay: ReplayRule::Compat, ..device(Some([7; 16])) };
    let frame = |value, id| Decoded { encrypted: true, packet_id: Some(id), ..decoded(None, value) };
    let mut normaliser = Normaliser::default();
    let mut step = |value, id, ms| normaliser.step(heard(frame(value, id), Some(&device), ms), now(ms)).code();
    assert_eq!(
        [step(25_060, 1, 5), step(25_060, 1, 2005), step(25_070, 2, 5005)],
        ["accepted", "duplicate", "accepted"]
    );
}

#[test]
fn a_replayed_frame_says_which_counters_and_what_to_do() {
    let device = device(Some([7; 16]));
    let mut normaliser = Normaliser::default();
    normaliser.restore(device.id, 100);
    let verdict = normaliser.step(heard(decoded(Some(50), 25_060), Some(&device), 5), now(5));
    assert_eq!(verdict, Verdict::Replayed { last: 100, got: 50 });
    let detail = verdict.refusal().map(|r| r.detail).unwrap_or_default();
    assert!(detail.starts_with("counter 50 is not greater than 100; if the device lost its counter"), "{detail}");
}

#[test]
fn a_device_removed_and_adopted_again_opens_no_window() {
    let device = device(Some([7; 16]));
    let mut normaliser = Normaliser::default();
    normaliser.step(heard(decoded(Some(50), 25_060), Some(&device), 5), now(5));
    assert_eq!(normaliser.last_counter(device.id), Some(50));
    normaliser.release(device.id);
    assert_eq!((normaliser.remembered(), normaliser.last_counter(device.id)), ((0, 1), Some(50)));
    let verdict = normaliser.step(heard(decoded(Some(49), 25_070), Some(&device), 6), now(6));
    assert_eq!(verdict, Verdict::Replayed { last: 50, got: 49 });
    assert_eq!(normaliser.remembered(), (1, 0));
}

#[test]
fn a_value_that_cannot_be_leaves_the_rest_of_its_frame() {
    let mut frame = decoded(None, 400_000);
    frame.actions.push(Action::Button { instance: 0, press: Press::Press });
    let Verdict::Accepted(accepted) = Normaliser::default().step(heard(frame, None, 5), now(5)) else {
        panic!("not accepted");
    };
    assert_eq!((accepted.values.len(), accepted.actions.len(), accepted.implausible.len()), (0, 1, 1));
}

#[test]
fn a_stamp_from_the_future_does_not_stretch_the_window() {
    let mut normaliser = Normaliser::default();
    let frame = || decoded(None, 20_000);
    assert_eq!(normaliser.step(heard(frame(), None, 900_000), now(1_000)).code(), "accepted");
    assert_eq!(normaliser.step(heard(frame(), None, 2_000), now(2_000)).code(), "duplicate");
    assert_eq!(normaliser.step(heard(frame(), None, 3_000), now(3_000)).code(), "accepted");
}

#[test]
fn strangers_with_random_addresses_do_not_grow_the_memory() {
    let device = device(None);
    let mut normaliser = Normaliser::default();
    normaliser.step(heard(decoded(None, 1), Some(&device), 0), now(0));
    for i in 0..20_000_u32 {
        let [a, b, c, d] = i.to_be_bytes();
        let stranger = Heard { address: Address::new([1, 2, a, b, c, d]), ..heard(decoded(None, 1), None, 1) };
        assert_eq!(normaliser.step(stranger, now(1)).code(), "accepted");
    }
    assert_eq!(normaliser.remembered(), (1, STRANGERS));
    assert_eq!(normaliser.step(heard(decoded(None, 1), Some(&device), 1), now(1)), Verdict::Duplicate);
}
