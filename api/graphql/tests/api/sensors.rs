//! Our own sensors, as an app pairs and commands them.

use std::sync::Mutex;

use hub_model::{
    Claim, CommandError, DeadBand, DeviceId, EstimatedSpan, Estimates, FirmwareVersion, HistoryError, LogStanding,
    Name, Pairing, PairingFailure, PairingId, PairingStep, Quantity, RoomId, SensorError, SensorKey, SensorPort,
    SensorReport, SensorSettings, SensorStanding, TimeQuality, UnixMillis, Wishes,
};

use crate::{
    house::{House, device_id},
    ports::START,
};

const ONE: &str = "A4:C1:38:00:11:01";

/// What was asked of the sensors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Asked {
    Pair(Vec<(String, Wishes)>),
    Set(DeviceId, SensorSettings),
    Rotate(DeviceId),
    Release(DeviceId),
}

/// Sensor 1 is ours, no other.
#[derive(Default)]
pub(crate) struct TestSensors {
    asked: Mutex<Vec<Asked>>,
    refuses: Mutex<Option<SensorError>>,
}

fn settings() -> SensorSettings {
    SensorSettings {
        revision: 3,
        advert_interval_ms: 5000,
        tx_power_dbm: 0,
        heartbeat_s: 300,
        sampling_s: 60,
        window_every_s: 600,
        bands: vec![DeadBand { quantity: Quantity::Temperature, steps: 200 }],
    }
}

fn pairing(id: u32, step: PairingStep) -> Pairing {
    Pairing { id: PairingId(id), uid: 0x0123_4567_89AB_CDEF, step, took_ms: 1234 }
}

impl TestSensors {
    fn take(&self, asked: Asked) -> Result<(), SensorError> {
        if let Some(refusal) = self.refuses.lock().unwrap().take() {
            return Err(refusal);
        }
        self.asked.lock().unwrap().push(asked);
        Ok(())
    }
}

impl SensorPort for TestSensors {
    fn pair(&self, requests: Vec<(String, Wishes)>) -> Result<Vec<Pairing>, SensorError> {
        let count = u32::try_from(requests.len()).unwrap();
        self.take(Asked::Pair(requests))?;
        Ok((1..=count).map(|id| pairing(id, PairingStep::Looking)).collect())
    }

    fn cancel(&self, id: PairingId) -> Result<Pairing, SensorError> {
        match id {
            PairingId(2) => Ok(pairing(2, PairingStep::Proving)),
            id => Err(SensorError::NoPairing(id)),
        }
    }

    fn pairings(&self) -> Vec<Pairing> {
        let failed = PairingStep::Failed { why: PairingFailure::NotFound };
        vec![pairing(1, PairingStep::Paired { device: device_id(1) }), pairing(2, failed)]
    }

    fn set(&self, device: DeviceId, settings: SensorSettings) -> Result<(), SensorError> {
        self.take(Asked::Set(device, settings))
    }

    fn rotate(&self, device: DeviceId) -> Result<(), SensorError> {
        self.take(Asked::Rotate(device))
    }

    fn release(&self, device: DeviceId) -> Result<(), SensorError> {
        self.take(Asked::Release(device))
    }

    fn standing(&self, device: DeviceId) -> Option<SensorStanding> {
        let claim = Claim {
            uid: 0x0123_4567_89AB_CDEF,
            product: 1,
            hardware: 2,
            firmware: FirmwareVersion([1, 2, 3, 4]),
            address: hub_model::Address::new([0xA4, 0xC1, 0x38, 0, 0x11, 1]),
            is_random: true,
            key: SensorKey::new([7; 32]),
            key_epoch: 5,
            next_key: None,
            owner_epoch: 1,
            is_proven: true,
            is_leaving: false,
            desired: settings(),
            wishes: Wishes::default(),
            since: START,
        };
        let report = SensorReport {
            at: START,
            boot: 9,
            uptime_s: 3600,
            reset: "power".to_owned(),
            panics: 0,
            watchdogs: 1,
            battery_mv: 2987,
            firmware: claim.firmware,
            settings: Some(SensorSettings { revision: 2, ..settings() }),
        };
        let log =
            LogStanding { fetched: 41, lost: 2, complete_until: Some(START), quality: Some(TimeQuality::Estimated) };
        let standing = SensorStanding { claim, report: Some(report), log, trouble: None };
        (device == device_id(1)).then_some(standing)
    }

    fn estimated(&self, device: DeviceId) -> Result<Estimates, HistoryError> {
        // The 21st of November; before it; and from within it to the day after.
        let day = UnixMillis(1_795_219_200_000);
        let spans = [(60_000, 120_000), (-90_000_000, -80_000_000), (80_000_000, 90_000_000)];
        let spans = spans.map(|(from, to)| EstimatedSpan { from: day + from, to: day + to });
        Ok(spans.into_iter().filter(|_| device == device_id(1)).collect())
    }
}

async fn send(house: &House, query: &str) -> serde_json::Value {
    house.ask(&format!("mutation {{ payload: {query} }}")).await["payload"].clone()
}

const ERRORS: &str = "errors { __typename code message path }";

#[tokio::test]
async fn a_sensor_is_paired_by_the_text_of_its_label() {
    let house = House::furnished();
    let payload = send(
        &house,
        &format!(
            "pairSensor(input: {{ setupCode: \"HS1:ABC\", name: \" Bath \", roomId: \"Um9vbTox\", clientMutationId: \"x\" }})
             {{ clientMutationId {ERRORS} pairings {{ pairingId uid step failure advice deviceId tookMs }} }}"
        ),
    )
    .await;
    let expected = serde_json::json!({
        "clientMutationId": "x", "errors": [],
        "pairings": [{ "pairingId": 1, "uid": "0123456789abcdef", "step": "LOOKING", "failure": null, "advice": null,
            "deviceId": null, "tookMs": "1234" }],
    });
    assert_eq!(payload, expected);
    let wishes = Wishes { name: Some(Name::parse("Bath").unwrap()), room: Some(RoomId(1)) };
    assert_eq!(*house.sensors.asked.lock().unwrap(), [Asked::Pair(vec![("HS1:ABC".to_owned(), wishes)])]);
}

#[tokio::test]
async fn several_sensors_are_asked_for_at_once_and_one_pairing_is_called_off() {
    let house = House::furnished();
    let two = "sensors: [{ setupCode: \"HS1:A\" }, { setupCode: \"HS1:B\" }]";
    let payload =
        send(&house, &format!("pairSensors(input: {{ {two} }}) {{ {ERRORS} pairings {{ pairingId }} }}")).await;
    assert_eq!(payload["pairings"], serde_json::json!([{ "pairingId": 1 }, { "pairingId": 2 }]));
    let query = |id: i32| format!("cancelPairing(input: {{ pairingId: {id} }}) {{ {ERRORS} pairings {{ step }} }}");
    assert_eq!(send(&house, &query(2)).await["pairings"], serde_json::json!([{ "step": "PROVING" }]));
    assert_eq!(send(&house, &query(7)).await["errors"][0]["code"], "NOT_FOUND");
    let pairings = house.ask("{ pairings { step failure advice deviceId } }").await["pairings"].clone();
    assert_eq!(pairings[0]["deviceId"], "RGV2aWNlOmE0YzEzODAwMTEwMQ");
    assert_eq!((&pairings[1]["failure"], &pairings[0]["advice"]), (&"NOT_FOUND".into(), &serde_json::Value::Null));
    assert!(pairings[1]["advice"].as_str().unwrap().contains("press its button"));
}

#[tokio::test]
async fn what_cannot_be_paired_is_refused_with_what_would_be_right() {
    let house = House::furnished();
    for (input, code, words) in [
        ("sensors: []", "INVALID_INPUT", "empty"),
        ("sensors: [{ setupCode: \"HS1:A\", name: \"\" }]", "INVALID_INPUT", "name"),
        ("sensors: [{ setupCode: \"HS1:A\", roomId: \"Um9vbTo5\" }]", "NOT_FOUND", "room"),
    ] {
        let payload =
            send(&house, &format!("pairSensors(input: {{ {input} }}) {{ {ERRORS} pairings {{ step }} }}")).await;
        assert_eq!(payload["errors"][0]["code"], code, "{payload}");
        assert!(payload["errors"][0]["message"].as_str().unwrap().contains(words), "{payload}");
        assert_eq!(payload["pairings"], serde_json::json!([]));
    }
    for (refusal, code) in [
        (SensorError::SetupCode("misread".to_owned()), "INVALID_INPUT"),
        (SensorError::Underway { uid: 7 }, "INVALID_INPUT"),
        (SensorError::TooMany { asked: 51, most: 50 }, "LIMIT_REACHED"),
        (SensorError::Stopping, "STORE_FAILED"),
    ] {
        *house.sensors.refuses.lock().unwrap() = Some(refusal);
        let payload = send(&house, &format!("pairSensor(input: {{ setupCode: \"x\" }}) {{ {ERRORS} }}")).await;
        assert_eq!(payload["errors"][0]["code"], code, "{payload}");
    }
}

#[tokio::test]
async fn settings_are_told_one_by_one_and_the_others_stay() {
    let house = House::furnished();
    let input =
        format!("deviceId: {ONE:?}, samplingS: 10, txPowerDbm: -8, deadBands: [{{ quantity: HUMIDITY, width: 1.5 }}]");
    let payload =
        send(&house, &format!("setSensorSettings(input: {{ {input} }}) {{ {ERRORS} device {{ name }} }}")).await;
    assert_eq!(payload, serde_json::json!({ "errors": [], "device": { "name": "Window sill" } }));
    let bands = vec![DeadBand { quantity: Quantity::Humidity, steps: 15_000 }];
    let expected = SensorSettings { sampling_s: 10, tx_power_dbm: -8, bands, ..settings() };
    assert_eq!(*house.sensors.asked.lock().unwrap(), [Asked::Set(device_id(1), expected)]);

    for (input, code) in [
        (format!("deviceId: {ONE:?}, samplingS: 70000"), "OUT_OF_RANGE"),
        (format!("deviceId: {ONE:?}, deadBands: [{{ quantity: HUMIDITY, width: 0 }}]"), "OUT_OF_RANGE"),
        ("deviceId: \"A4:C1:38:00:11:02\", samplingS: 7".to_owned(), "NOT_FOUND"),
        ("deviceId: \"nobody\", samplingS: 7".to_owned(), "INVALID_INPUT"),
    ] {
        let payload =
            send(&house, &format!("setSensorSettings(input: {{ {input} }}) {{ {ERRORS} device {{ name }} }}")).await;
        assert_eq!(
            (&payload["errors"][0]["code"], &payload["device"]),
            (&code.into(), &serde_json::Value::Null),
            "{input}"
        );
    }
}

#[tokio::test]
async fn a_key_is_rotated_and_a_sensor_released_or_the_reason_told() {
    let house = House::furnished();
    for (mutation, asked) in
        [("rotateSensorKey", Asked::Rotate(device_id(1))), ("releaseSensor", Asked::Release(device_id(1)))]
    {
        let query = format!("{mutation}(input: {{ deviceId: {ONE:?} }}) {{ {ERRORS} device {{ name }} }}");
        assert_eq!(send(&house, &query).await["device"]["name"], "Window sill");
        assert_eq!(house.sensors.asked.lock().unwrap().last(), Some(&asked));
        let full = CommandError::Store { reason: "no space".to_owned() };
        *house.sensors.refuses.lock().unwrap() = Some(SensorError::Command(full));
        assert_eq!(send(&house, &query).await["errors"][0]["code"], "STORE_FAILED");
    }
}

#[tokio::test]
async fn a_device_shows_what_is_known_of_a_sensor_of_ours() {
    let house = House::furnished();
    let query = format!(
        "{{ device(id: {ONE:?}) {{ pairedSensor {{ uid product hardware firmware keyEpoch isKeyChanging isLeaving trouble
            desiredSettings {{ revision samplingS deadBands {{ quantity width unit }} }} reportedSettings {{ revision }}
            report {{ boot uptimeS resetReason panics watchdogResets batteryMv }}
            log {{ fetched lost completeUntil timeQuality }} }} }} }}"
    );
    let expected = serde_json::json!({
        "uid": "0123456789abcdef", "product": 1, "hardware": 2, "firmware": "1.2.3.4", "keyEpoch": "5",
        "isKeyChanging": false, "isLeaving": false, "trouble": null,
        "desiredSettings": { "revision": 3, "samplingS": 60,
            "deadBands": [{ "quantity": "TEMPERATURE", "width": 0.2, "unit": "°C" }] },
        "reportedSettings": { "revision": 2 },
        "report": { "boot": "9", "uptimeS": "3600", "resetReason": "power", "panics": 0, "watchdogResets": 1,
            "batteryMv": 2987 },
        "log": { "fetched": "41", "lost": "2", "completeUntil": "2026-11-21T04:12:20.123Z", "timeQuality": "ESTIMATED" },
    });
    assert_eq!(house.ask(&query).await["device"]["pairedSensor"], expected);
    let other = house.ask("{ device(id: \"A4:C1:38:00:11:02\") { pairedSensor { uid } } }").await;
    assert_eq!(other["device"]["pairedSensor"], serde_json::Value::Null);
}
