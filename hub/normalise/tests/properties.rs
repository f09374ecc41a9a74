//! What holds for every sequence of frames, heard by any number of receivers in any order.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeSet;

use hub_model::{
    Address, BindKey, BootId, Decoded, Device, Format, Name, Now, Quantity, ReceiverId, ReplayRule, Stamp, TimeQuality,
    UnixMillis, Value, WallTime,
};
use hub_normalise::{Heard, Normaliser, RESTART_LEAP, Verdict};
use proptest::{collection::vec, prelude::*};

const ADDRESS: Address = Address::new([0xA4, 0xC1, 0x38, 0, 0x11, 0x22]);

fn device(is_encrypted: bool, replay: ReplayRule) -> Device {
    Device {
        id: ADDRESS.into(),
        address: ADDRESS,
        name: Name::parse("Bath").unwrap(),
        room: None,
        format: None,
        key: is_encrypted.then_some(BindKey::new([7; 16])),
        replay,
        calibration: [].into(),
        retention: None,
        retention_of: [].into(),
        adopted_at: UnixMillis(0),
    }
}

/// A frame whose content follows from its number, as it does for one sender.
fn frame(number: u32, content: i64, is_encrypted: bool) -> Decoded {
    Decoded {
        format: Format::BthomeV2,
        encrypted: is_encrypted,
        counter: is_encrypted.then_some(number),
        packet_id: (!is_encrypted).then_some(number),
        values: vec![Value { quantity: Quantity::Co2, instance: 0, value: content }],
        actions: vec![],
        facts: vec![],
        unknown_object: None,
        is_unordered: false,
        is_triggered: false,
    }
}

fn step(normaliser: &mut Normaliser, device: &Device, receiver: u16, decoded: Decoded, ms: u64) -> Verdict {
    let received = Stamp { boot: BootId(1), ms };
    let wall = WallTime { at: UnixMillis(0), quality: TimeQuality::Estimated };
    let now = Now { stamp: received, us: ms * 1_000, wall };
    let receiver = ReceiverId(receiver);
    normaliser.step(Heard { address: ADDRESS, receiver, rssi: None, received, decoded, device: Some(device) }, now)
}

/// Any order in which receivers, each of which hears every frame in order, hand their frames on: picks of a receiver.
fn interleaving(receivers: usize, frames: u32) -> impl Strategy<Value = Vec<usize>> {
    let picks: Vec<usize> = (0..receivers).flat_map(|r| std::iter::repeat_n(r, frames as usize)).collect();
    Just(picks).prop_shuffle()
}

proptest! {
    #[test]
    fn in_strict_no_accepted_counter_is_ever_lower_than_one_before(
        frames in vec((0_u32..200, 0_i64..3, 0_u64..100_000, any::<bool>()), 1..300),
    ) {
        let device = device(true, ReplayRule::Strict);
        let mut normaliser = Normaliser::default();
        let (mut last, mut ms) = (None, 0);
        for (counter, content, wait_ms, restarts) in frames {
            ms += wait_ms;
            if restarts {
                normaliser = Normaliser::default();
                if let Some(last) = last {
                    normaliser.restore(device.id, last);
                }
            }
            if let Verdict::Accepted(accepted) = step(&mut normaliser, &device, 1, frame(counter, content, true), ms) {
                prop_assert!(last < accepted.origin.counter, "{:?} after {last:?}", accepted.origin.counter);
                last = accepted.origin.counter;
            }
            prop_assert_eq!(normaliser.last_counter(device.id), last);
        }
    }

    #[test]
    fn every_encrypted_frame_counts_once_however_receivers_interleave(
        order in (1_usize..5, 1_u32..40).prop_flat_map(|(k, n)| interleaving(k, n)),
    ) {
        let device = device(true, ReplayRule::Strict);
        let mut normaliser = Normaliser::default();
        let mut next = [0_u32; 5];
        let mut accepted = BTreeSet::new();
        for (i, receiver) in order.iter().enumerate() {
            let counter = next.get_mut(*receiver).unwrap();
            let decoded = frame(*counter, i64::from(*counter), true);
            match step(&mut normaliser, &device, *receiver as u16, decoded, i as u64) {
                Verdict::Accepted(_) => prop_assert!(accepted.insert(*counter), "{counter} counted twice"),
                verdict => prop_assert!(matches!(verdict.code(), "duplicate" | "replayed")),
            }
            *counter += 1;
        }
        prop_assert_eq!(accepted.len() as u32, next.into_iter().max().unwrap());
    }

    #[test]
    fn plain_frames_count_once_and_who_hears_first_does_not_matter(
        contents in vec(0_i64..4, 1..60),
        receivers in vec(vec(0_u16..4, 1..6), 60),
    ) {
        let device = device(false, ReplayRule::Strict);
        let mut normaliser = Normaliser::default();
        for (i, (content, order)) in contents.iter().zip(&receivers).enumerate() {
            let ms = i as u64 * 2_500;
            let id = (i % 256) as u32;
            let mut news = 0;
            for receiver in order {
                let verdict = step(&mut normaliser, &device, *receiver, frame(id, *content, false), ms);
                news += usize::from(verdict != Verdict::Duplicate);
            }
            // The frame before, late, by another receiver.
            if i > 0 {
                let late = frame(id.wrapping_sub(1) % 256, *contents.get(i - 1).unwrap(), false);
                prop_assert_eq!(step(&mut normaliser, &device, 9, late, ms), Verdict::Duplicate);
            }
            prop_assert_eq!(news, 1);
        }
    }

    #[test]
    fn in_compat_no_recording_is_believed_while_the_device_is_heard_once_a_minute(
        attacks in vec(vec((0_u32..1_000, 1_u64..59_000), 0..6), 1..40),
    ) {
        let device = device(true, ReplayRule::Compat);
        let mut normaliser = Normaliser::default();
        for (i, recordings) in attacks.iter().enumerate() {
            let (counter, ms) = (1_000 + i as u32, i as u64 * 59_000);
            let verdict = step(&mut normaliser, &device, 1, frame(counter, 1, true), ms);
            prop_assert_eq!(verdict.code(), "accepted");
            for (recorded, wait_ms) in recordings {
                let verdict = step(&mut normaliser, &device, 1, frame(*recorded, 0, true), ms + wait_ms);
                prop_assert_eq!(verdict.code(), "replayed");
            }
        }
    }

    #[test]
    fn in_compat_a_device_comes_back_whatever_its_counter_restarts_at(
        before in any::<u32>(), after in any::<u32>(), leap in 1_u32..=RESTART_LEAP, interval_ms in 1_u64..600_000,
    ) {
        let device = device(true, ReplayRule::Compat);
        let mut normaliser = Normaliser::default();
        step(&mut normaliser, &device, 1, frame(before, 0, true), 0);
        let needed = 60_000_u64.div_ceil(interval_ms).max(3) + 1;
        let is_back = (1..=needed).any(|i| {
            let counter = (i as u32).saturating_mul(leap).saturating_add(after.min(u32::MAX / 2));
            let ms = 60_000 + i * interval_ms;
            step(&mut normaliser, &device, 1, frame(counter, i as i64, true), ms).code() == "accepted"
        });
        prop_assert!(is_back);
    }
}
