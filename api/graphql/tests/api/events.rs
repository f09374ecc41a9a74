use std::{collections::BTreeMap, time::Duration};

use api_graphql::{Code, Limits};
use async_graphql::futures_util::StreamExt;
use hub_bus::{Bus, Draft, State};
use hub_model::{
    Action, AlertKind, Cursor, Epoch, EventBody, Origin, PairingFailure, PairingId, PairingStep, Press, Quantity,
    ReceiverId, RoomId, Seq, Trace, Turn,
};
use proptest::prelude::*;

use crate::{
    house::{House, STAMP, WALL, data, device_id},
    ports::publish,
};

const FRAME: &str = "__typename
    ... on EventBatch { cursor isCatchUp events { cursor kind ... on RoomEvent { roomId } ... on ReadingsEvent { deviceId } } }
    ... on Heartbeat { cursor durable at }
    ... on ResyncRequired { oldest reason }";

fn events(arguments: &str) -> String {
    let arguments = if arguments.is_empty() { String::new() } else { format!("({arguments})") };
    format!("subscription {{ events{arguments} {{ {FRAME} }} }}")
}

fn room_changed(house: &House, number: u32) -> Seq {
    publish(&house.bus, EventBody::RoomChanged { room: RoomId(number) }, |_| ())
}

/// The cursors of the events of a batch.
fn cursors(batch: &serde_json::Value) -> Vec<String> {
    batch["events"].as_array().unwrap().iter().map(|event| event["cursor"].as_str().unwrap().to_owned()).collect()
}

#[expect(clippy::disallowed_methods, reason = "the test's own paused time")]
#[tokio::test(start_paused = true)]
async fn a_quiet_subscription_says_at_once_and_every_20_seconds_that_it_lives() {
    let house = House::furnished();
    let mut stream = house.subscribe(&events(""));
    let started = tokio::time::Instant::now();
    let here = house.cursor().to_string();
    let heartbeat = serde_json::json!({ "events": {
        "__typename": "Heartbeat", "cursor": here, "durable": here, "at": "2026-11-21T04:12:20.123Z",
    } });
    for seconds in [0, 20, 40] {
        assert_eq!(data(stream.next().await.unwrap()), heartbeat);
        assert_eq!(started.elapsed().as_secs(), seconds);
    }
    tokio::time::advance(Duration::from_secs(15)).await;
    let seq = room_changed(&house, 1);
    let batch = data(stream.next().await.unwrap())["events"].clone();
    assert_eq!((&batch["__typename"], &batch["isCatchUp"]), (&"EventBatch".into(), &false.into()));
    assert_eq!(cursors(&batch), [Cursor { seq, ..house.cursor() }.to_string()]);
    assert_eq!(started.elapsed().as_secs(), 55);
    assert_eq!(data(stream.next().await.unwrap())["events"]["__typename"], "Heartbeat");
    assert_eq!(started.elapsed().as_secs(), 75, "an event puts the heartbeat off");
}

#[tokio::test(start_paused = true)]
async fn a_filter_holds_events_back_and_the_cursor_moves_on_over_them() {
    let house = House::furnished();
    let one = "A4:C1:38:00:11:01";
    let mut stream = house.subscribe(&events(&format!("filter: {{ deviceIds: [{one:?}], kinds: [READINGS_TAKEN] }}")));
    stream.next().await.unwrap();
    room_changed(&house, 1);
    house.measure(2, &[(Quantity::Temperature, 1)]);
    publish(&house.bus, EventBody::DeviceChanged { device: device_id(1) }, |_| ());
    let heartbeat = data(stream.next().await.unwrap())["events"].clone();
    assert_eq!(heartbeat["__typename"], "Heartbeat");
    assert_eq!(heartbeat["cursor"], house.cursor().to_string());
    room_changed(&house, 1);
    let wanted = house.measure(1, &[(Quantity::Temperature, 1)]);
    room_changed(&house, 1);
    let batch = data(stream.next().await.unwrap())["events"].clone();
    assert_eq!(cursors(&batch), [Cursor { seq: wanted, ..house.cursor() }.to_string()]);
    assert_eq!(batch["cursor"], house.cursor().to_string());
}

#[tokio::test(start_paused = true)]
async fn the_heart_beats_while_a_filter_holds_back_a_long_past() {
    let house = House::furnished();
    let start = house.cursor();
    for number in 0..2_000 {
        room_changed(&house, number);
    }
    let mut stream = house.subscribe(&events(&format!("after: \"{start}\", filter: {{ kinds: [] }}")));
    let beat = tokio::time::timeout(Duration::from_secs(21), stream.next()).await.unwrap().unwrap();
    assert_eq!(data(beat)["events"]["__typename"], "Heartbeat");
}

#[tokio::test]
async fn a_past_is_caught_up_with_in_batches_of_at_most_100() {
    let house = House::new();
    let start = house.cursor();
    let all: Vec<_> = (0..250).map(|n| Cursor { seq: room_changed(&house, n), ..start }.to_string()).collect();
    let mut stream = house.subscribe(&events(&format!("after: \"{start}\"")));
    let mut seen = vec![];
    while seen.len() < all.len() {
        let batch = data(stream.next().await.unwrap())["events"].clone();
        let cursors = cursors(&batch);
        assert!((1..=100).contains(&cursors.len()));
        assert_eq!(batch["cursor"].as_str(), cursors.last().map(String::as_str));
        seen.extend(cursors);
    }
    assert_eq!(seen, all);
}

#[tokio::test]
async fn who_missed_too_much_is_told_to_start_anew_and_the_stream_ends() {
    let house = House::new();
    let start = house.cursor();
    let all: Vec<_> = (0..50).map(|number| room_changed(&house, number)).collect();
    house.log.forget_to(all[20]);
    let future = Cursor { seq: Seq(all[49].0 + 1000), ..start };
    let elsewhere = Cursor { epoch: Epoch(99), ..house.cursor() };
    let oldest = Cursor { seq: all[20], ..start }.to_string();
    for (after, reason) in [(start, "CURSOR_TOO_OLD"), (future, "CURSOR_IN_FUTURE"), (elsewhere, "EPOCH_CHANGED")] {
        let mut stream = house.subscribe(&events(&format!("after: \"{after}\"")));
        let resync = serde_json::json!({ "__typename": "ResyncRequired", "oldest": oldest, "reason": reason });
        assert_eq!(data(stream.next().await.unwrap())["events"], resync);
        assert!(stream.next().await.is_none(), "{reason}");
        let polled = house.ask(&format!("{{ eventsSince(after: \"{after}\") {{ cursor hasMore events {{ kind }} resync {{ oldest reason }} }} }}")).await;
        let expected = serde_json::json!({
            "cursor": after.to_string(), "hasMore": false, "events": [], "resync": { "oldest": oldest, "reason": reason },
        });
        assert_eq!(polled["eventsSince"], expected);
    }
    let kept =
        house.ask(&format!("{{ eventsSince(after: {oldest:?}) {{ resync {{ reason }} events {{ kind }} }} }}")).await;
    assert!(kept["eventsSince"]["resync"].is_null());
    assert_eq!(kept["eventsSince"]["events"].as_array().unwrap().len(), 29);
}

#[tokio::test]
async fn so_many_subscriptions_are_open_at_a_time_and_no_more() {
    let house = House::with(Limits { subscriptions: 2, ..Limits::default() }, 8);
    let mut first = house.subscribe(&events(""));
    let mut second = house.subscribe(&events(""));
    first.next().await.unwrap();
    second.next().await.unwrap();
    let refused = house.subscribe(&events("")).next().await.unwrap();
    assert_eq!(Code::of(&refused.errors[0]), Some(Code::LimitExceeded));
    assert_eq!(refused.errors[0].message, "2 subscriptions are open, which is the limit; close one first");
    drop(first);
    data(house.subscribe(&events("")).next().await.unwrap());
}

#[tokio::test]
async fn what_is_wrong_with_a_subscription_is_told_with_a_code() {
    let house = House::new();
    let many = vec!["A4:C1:38:00:11:01"; 101];
    for (query, code) in [
        (events("after: \"nonsense\""), Code::BadUserInput),
        (events("filter: { deviceIds: [\"nobody\"] }"), Code::BadUserInput),
        (events(&format!("filter: {{ deviceIds: {many:?} }}")), Code::BadUserInput),
        ("subscription { nothing }".to_owned(), Code::ValidationFailed),
        ("subscription {".to_owned(), Code::ParseFailed),
    ] {
        let mut stream = house.subscribe(&query);
        let refused = stream.next().await.unwrap();
        assert_eq!(Code::of(&refused.errors[0]), Some(code), "{query}: {:?}", refused.errors);
        assert!(stream.next().await.is_none());
    }
}

#[tokio::test]
async fn every_kind_of_event_is_shown_with_what_it_carries() {
    let house = House::furnished();
    let start = house.cursor();
    let device = device_id(1);
    let origin = Origin::heard(ReceiverId(1), None, None);
    let acted = |action| EventBody::DeviceActed { device, action, origin };
    house.measure(1, &[(Quantity::Temperature, 25_060)]);
    for body in [
        acted(Action::Button { instance: 1, press: Press::LongPress }),
        acted(Action::Dimmer { instance: 0, turn: Turn::Left, steps: 3 }),
        acted(Action::Command { instance: 0, command: 0x0a, argument: vec![0xff, 0] }),
        EventBody::DeviceDiscovered { device: device_id(3) },
        EventBody::DeviceAdopted { device },
        EventBody::DeviceChanged { device },
        EventBody::DeviceRemoved { device: device_id(99) },
        EventBody::RoomChanged { room: RoomId(1) },
        EventBody::AlertRaised { kind: AlertKind::AuthenticationFailures, device: Some(device) },
        EventBody::AlertCleared { kind: AlertKind::StoreFailing, device: None },
        EventBody::ClockStepped { by_ms: -1 << 40 },
        EventBody::ReceiverGap { receiver: ReceiverId(1), length_ms: 12_000 },
        EventBody::PairingProgressed { pairing: PairingId(2), step: PairingStep::Paired { device } },
        EventBody::PairingProgressed {
            pairing: PairingId(3),
            step: PairingStep::Failed { why: PairingFailure::ClaimedElsewhere },
        },
    ] {
        publish(&house.bus, body, |_| ());
    }
    let query = format!(
        "{{ eventsSince(after: \"{start}\") {{ hasMore events {{ __typename kind at timeQuality trace {{ id }}
            ... on ReadingsEvent {{ rssi counter isFetched device {{ name }} readings {{ quantity instance value unit }} }}
            ... on ActionEvent {{ action instance detail device {{ name }} }}
            ... on DeviceEvent {{ deviceId device {{ name }} }}
            ... on RoomEvent {{ roomId room {{ name }} }}
            ... on AlertEvent {{ alert alertDevice: deviceId device {{ name }} }}
            ... on ClockEvent {{ byMs }} ... on ReceiverGapEvent {{ receiverId lengthMs }}
            ... on PairingEvent {{ pairingId step failure device {{ name }} }} }} }} }}"
    );
    let page = house.ask(&query).await["eventsSince"].clone();
    assert_eq!(page["hasMore"], false);
    let event = |kind: &str, typename: &str, own: serde_json::Value| {
        let mut event = serde_json::json!({
            "__typename": typename, "kind": kind, "at": "2026-11-21T04:12:20.123Z", "timeQuality": "SYNCHRONISED",
            "trace": null,
        });
        event.as_object_mut().unwrap().extend(own.as_object().unwrap().clone());
        event
    };
    let sill = serde_json::json!({ "name": "Window sill" });
    let one = "RGV2aWNlOmE0YzEzODAwMTEwMQ";
    let acted = |action: &str, instance: i32, detail: Option<&str>| {
        let own = serde_json::json!({ "action": action, "instance": instance, "detail": detail, "device": sill });
        event("DEVICE_ACTED", "ActionEvent", own)
    };
    let expected = serde_json::json!([
        event(
            "READINGS_TAKEN",
            "ReadingsEvent",
            serde_json::json!({ "rssi": -60, "counter": "1024", "isFetched": false, "device": sill,
            "readings": [{ "quantity": "TEMPERATURE", "instance": 0, "value": 25.06, "unit": "°C" }] })
        ),
        acted("long_press", 1, None),
        acted("rotate_left", 0, Some("3")),
        acted("command", 0, Some("0aff00")),
        event(
            "DEVICE_DISCOVERED",
            "DeviceEvent",
            serde_json::json!({ "deviceId": "RGV2aWNlOmE0YzEzODAwMTEwMw", "device": { "name": "ruuvi-5 A4:C1:38:00:11:03" } })
        ),
        event("DEVICE_ADOPTED", "DeviceEvent", serde_json::json!({ "deviceId": one, "device": sill })),
        event("DEVICE_CHANGED", "DeviceEvent", serde_json::json!({ "deviceId": one, "device": sill })),
        event(
            "DEVICE_REMOVED",
            "DeviceEvent",
            serde_json::json!({ "deviceId": "RGV2aWNlOmE0YzEzODAwMTE2Mw", "device": null })
        ),
        event("ROOM_CHANGED", "RoomEvent", serde_json::json!({ "roomId": "Um9vbTox", "room": { "name": "Kitchen" } })),
        event(
            "ALERT_RAISED",
            "AlertEvent",
            serde_json::json!({ "alert": "AUTHENTICATION_FAILURES", "alertDevice": one, "device": sill })
        ),
        event(
            "ALERT_CLEARED",
            "AlertEvent",
            serde_json::json!({ "alert": "STORE_FAILING", "alertDevice": null, "device": null })
        ),
        event("CLOCK_STEPPED", "ClockEvent", serde_json::json!({ "byMs": "-1099511627776" })),
        event("RECEIVER_GAP", "ReceiverGapEvent", serde_json::json!({ "receiverId": 1, "lengthMs": "12000" })),
        event(
            "PAIRING_PROGRESSED",
            "PairingEvent",
            serde_json::json!({ "pairingId": 2, "step": "PAIRED", "failure": null, "device": sill })
        ),
        event(
            "PAIRING_PROGRESSED",
            "PairingEvent",
            serde_json::json!({ "pairingId": 3, "step": "FAILED", "failure": "CLAIMED_ELSEWHERE", "device": null })
        ),
    ]);
    assert_eq!(page["events"], expected);
}

#[tokio::test]
async fn a_trace_ends_with_the_moment_of_the_push() {
    let house = House::furnished();
    let mut stream = house.subscribe(
        "subscription { events { ... on EventBatch { events {
            trace { id receivedUs decodedUs normalisedUs publishedUs pushedUs } } } } }",
    );
    stream.next().await.unwrap();
    let trace = Trace { id: 0xBEEF, received_us: 1, decoded_us: 2, normalised_us: 3, published_us: u64::MAX };
    let body = EventBody::RoomChanged { room: RoomId(1) };
    house.bus.publish(Draft { at: STAMP, wall: WALL, trace: Some(trace), body }, |_| ()).unwrap();
    house.clock.pass_ms(7);
    let batch = data(stream.next().await.unwrap());
    let expected = serde_json::json!({
        "id": "000000000000beef", "receivedUs": "1", "decodedUs": "2", "normalisedUs": "3",
        "publishedUs": "9223372036854775807", "pushedUs": "5000007000",
    });
    assert_eq!(batch["events"]["events"][0]["trace"], expected);
}

#[tokio::test]
async fn a_subscription_shows_objects_as_they_are_at_the_push() {
    let house = House::furnished();
    let mut stream = house.subscribe(
        "subscription { events { ... on EventBatch { events { ... on DeviceEvent { device { name } } } } } }",
    );
    stream.next().await.unwrap();
    for name in ["first", "second"] {
        house.adopt(1, name, None);
        publish(&house.bus, EventBody::DeviceChanged { device: device_id(1) }, |_| ());
        let batch = data(stream.next().await.unwrap());
        assert_eq!(batch["events"]["events"][0]["device"]["name"], name);
    }
}

#[tokio::test]
async fn a_page_of_events_is_1_to_500() {
    let house = House::new();
    for first in [0, 501, -5] {
        let query = format!("{{ eventsSince(after: \"{}\", first: {first}) {{ hasMore }} }}", house.cursor());
        let (code, message, _) = house.refuse(&query).await;
        assert_eq!((code.as_str(), message), ("BAD_USER_INPUT", format!("first is {first}; expected 1 to 500")));
    }
}

#[tokio::test]
async fn a_page_behind_a_narrow_filter_looks_at_5000_events_and_says_that_more_wait() {
    let house = House::new();
    let start = house.cursor();
    for number in 0..5_050 {
        room_changed(&house, number);
    }
    let wanted = house.measure(1, &[(Quantity::Co2, 500)]);
    let page = async |after: &str| {
        let query = format!(
            "{{ eventsSince(after: {after:?}, filter: {{ kinds: [READINGS_TAKEN] }}) {{ cursor hasMore events {{ cursor }} }} }}"
        );
        house.ask(&query).await["eventsSince"].clone()
    };
    let first = page(&start.to_string()).await;
    assert_eq!((&first["hasMore"], cursors(&first).len()), (&true.into(), 0));
    let second = page(first["cursor"].as_str().unwrap()).await;
    assert_eq!(second["hasMore"], false);
    assert_eq!(cursors(&second), [Cursor { seq: wanted, ..start }.to_string()]);
}

/// What happens between a client and the hub.
#[derive(Debug, Clone)]
enum Step {
    Publish(u8),
    /// Take so many frames, then lose the connection.
    Listen(u8),
    /// Ask for a page of so many.
    Poll(u8),
    /// Read the state anew, as after a resync, and go on after its cursor.
    Restart,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..40_u8).prop_map(Step::Publish),
        4 => (1..4_u8).prop_map(Step::Listen),
        3 => (1..30_u8).prop_map(Step::Poll),
        1 => Just(Step::Restart),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// A client that is cut off anywhere, and goes on by subscription or by page, sees every event once and in order.
    #[test]
    fn no_cut_makes_a_gap_or_a_duplicate(steps in prop::collection::vec(step(), 1..30), ring in 1..50_usize, narrow: bool) {
        let house = House::with(Limits::default(), ring);
        let filter = if narrow { ", filter: { kinds: [ROOM_CHANGED] }" } else { "" };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let mut after = house.cursor().to_string();
            let (mut published, mut seen) = (BTreeMap::new(), vec![]);
            // At the end it asks until it has everything: 30 steps of 40 events are 6 pages of 200.
            for step in steps.into_iter().chain(vec![Step::Poll(200); 6]) {
                match step {
                    Step::Publish(count) => for number in 0..count {
                        if number % 3 == 2 {
                            house.measure(number, &[(Quantity::Co2, 1)]);
                        } else {
                            room_changed(&house, number.into());
                        }
                        let is_wanted = !narrow || number % 3 != 2;
                        published.insert(house.cursor().seq, (house.cursor().to_string(), is_wanted));
                    },
                    Step::Listen(frames) => {
                        let mut stream = house.subscribe(&events(&format!("after: {after:?}{filter}")));
                        for _ in 0..frames {
                            let frame = data(stream.next().await.unwrap())["events"].clone();
                            after = frame["cursor"].as_str().unwrap().to_owned();
                            if frame["__typename"] == "EventBatch" {
                                seen.extend(cursors(&frame));
                            }
                        }
                    }
                    Step::Poll(first) => {
                        let query = format!("{{ eventsSince(after: {after:?}, first: {first}{filter}) {{ cursor events {{ cursor }} }} }}");
                        let page = house.ask(&query).await["eventsSince"].clone();
                        after = page["cursor"].as_str().unwrap().to_owned();
                        seen.extend(cursors(&page));
                    }
                    Step::Restart => {
                        // Only after it has caught up: a restart may skip what the state already shows.
                        if after == house.cursor().to_string() {
                            after = house.ask("{ home { cursor } }").await["home"]["cursor"].as_str().unwrap().to_owned();
                        }
                    }
                }
            }
            let wanted: Vec<_> = published.into_values().filter(|(_, is_wanted)| *is_wanted).map(|(cursor, _)| cursor).collect();
            prop_assert_eq!(seen, wanted);
            Ok(())
        })?;
    }
}

#[tokio::test]
async fn a_hub_that_lost_its_last_seconds_says_so_to_who_saw_them() {
    let house = House::new();
    for number in 0..10 {
        room_changed(&house, number);
    }
    let seen = house.cursor();
    house.log.lose_after(Seq(seen.seq.0 - 3));
    let reborn = Bus::new(house.log.clone(), State::default(), 8).unwrap();
    let again = House::over(reborn, house.log, Limits::default());
    let frame = data(again.subscribe(&events(&format!("after: \"{seen}\""))).next().await.unwrap());
    assert_eq!(frame["events"]["reason"], "CURSOR_IN_FUTURE");
}
