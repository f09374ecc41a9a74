//! Rollouts of new programs for our own sensors, as an app watches and steers them.

use std::sync::Mutex;

use hub_model::{
    FirmwareVersion, Halt, ReleaseId, Rollout, RolloutCounts, RolloutHold, RolloutPort, RolloutSensor, RolloutState,
    RolloutStep, SteerError, Steering,
};
use serde_json::{Value, json};

use crate::house::{House, device_id};

/// One rollout, of release 1.
#[derive(Default)]
pub(crate) struct TestRollouts {
    state: Mutex<Option<RolloutState>>,
    hold: Mutex<Option<RolloutHold>>,
    steered: Mutex<Vec<Steering>>,
    refuses: Mutex<Option<SteerError>>,
}

const RELEASE: ReleaseId = ReleaseId::from_u64(1);

impl TestRollouts {
    fn rollout(&self) -> Rollout {
        let sensor = |number: u8, step| RolloutSensor {
            device: device_id(number),
            step,
            received: 50_000,
            failures: 0,
            failure: None,
            postponed: None,
        };
        let failed = RolloutSensor {
            failures: 2,
            failure: Some("it took the new program back".to_owned()),
            postponed: Some("it is not done with another update".to_owned()),
            ..sensor(2, RolloutStep::Waiting)
        };
        Rollout {
            release: RELEASE,
            product: 3,
            version: FirmwareVersion([1, 2, 3, 4]),
            length: 200_000,
            state: self.state.lock().unwrap().clone().unwrap_or(RolloutState::Running),
            ring: 1,
            rings: 3,
            quota: 20,
            counts: RolloutCounts {
                waiting: 1,
                out_of_reach: 2,
                weak: 3,
                receiving: 4,
                installing: 5,
                updated: 6,
                failing: 7,
                given_up: 8,
                already: 9,
            },
            hold: *self.hold.lock().unwrap(),
            sensors: vec![sensor(1, RolloutStep::Receiving), failed, sensor(9, RolloutStep::Updated)],
        }
    }
}

impl RolloutPort for TestRollouts {
    fn rollouts(&self) -> Vec<Rollout> {
        vec![self.rollout()]
    }

    fn steer(&self, release: ReleaseId, wanted: Steering) -> Result<Rollout, SteerError> {
        if let Some(refusal) = self.refuses.lock().unwrap().take() {
            return Err(refusal);
        }
        if release != RELEASE {
            return Err(SteerError::NoRollout(release));
        }
        self.steered.lock().unwrap().push(wanted);
        Ok(self.rollout())
    }
}

async fn ask(house: &House, fields: &str) -> Value {
    house.ask(&format!("{{ rollouts {{ {fields} }} }}")).await["rollouts"][0].clone()
}

#[tokio::test]
async fn a_rollout_tells_how_far_it_is_with_whom() {
    let house = House::furnished();
    let told = ask(
        &house,
        "releaseId version product length state soaksForMs halt { ring } hold quietForMs ring rings quota
         counts { waiting outOfReach weakBattery receiving installing updated failing givenUp already }
         sensors { device { name } step receivedPercent failures failure postponed }",
    )
    .await;
    let expected = json!({
        "releaseId": "0000000000000001", "version": "1.2.3.4", "product": 3, "length": "200000", "state": "RUNNING",
        "soaksForMs": null, "halt": null, "hold": null, "quietForMs": null, "ring": 2, "rings": 3, "quota": "20",
        "counts": { "waiting": "1", "outOfReach": "2", "weakBattery": "3", "receiving": "4", "installing": "5",
            "updated": "6", "failing": "7", "givenUp": "8", "already": "9" },
        "sensors": [
            { "device": { "name": "Window sill" }, "step": "RECEIVING", "receivedPercent": 25.0, "failures": 0,
                "failure": null, "postponed": null },
            { "device": { "name": "Cellar" }, "step": "WAITING", "receivedPercent": 25.0, "failures": 2,
                "failure": "it took the new program back", "postponed": "it is not done with another update" },
            { "device": null, "step": "UPDATED", "receivedPercent": 25.0, "failures": 0, "failure": null,
                "postponed": null },
        ],
    });
    assert_eq!(told, expected);
}

#[tokio::test]
async fn a_rollout_tells_why_it_does_not_go_on() {
    let house = House::furnished();
    let halt = Halt { ring: 0, judged: 5, failed: 3, last: "it cannot write its flash".to_owned() };
    for (state, expected) in [
        (RolloutState::Soaking { left_ms: 90_000 }, json!({ "state": "SOAKING", "soaksForMs": "90000", "halt": null })),
        (RolloutState::Complete, json!({ "state": "COMPLETE", "soaksForMs": null, "halt": null })),
        (RolloutState::Paused, json!({ "state": "PAUSED", "soaksForMs": null, "halt": null })),
        (RolloutState::Aborted, json!({ "state": "ABORTED", "soaksForMs": null, "halt": null })),
        (
            RolloutState::Halted(halt),
            json!({ "state": "HALTED", "soaksForMs": null,
                "halt": { "ring": 1, "judged": "5", "failed": "3", "reason": "it cannot write its flash" } }),
        ),
    ] {
        *house.rollouts.state.lock().unwrap() = Some(state);
        assert_eq!(ask(&house, "state soaksForMs halt { ring judged failed reason }").await, expected);
    }
    for (hold, expected) in [
        (RolloutHold::Quiet { left_ms: 60_000 }, json!({ "hold": "QUIET_HOURS", "quietForMs": "60000" })),
        (RolloutHold::ClockNotSet, json!({ "hold": "CLOCK_NOT_SET", "quietForMs": null })),
    ] {
        *house.rollouts.hold.lock().unwrap() = Some(hold);
        assert_eq!(ask(&house, "hold quietForMs").await, expected);
    }
}

#[tokio::test]
async fn a_rollout_is_steered_or_the_reason_told() {
    let house = House::furnished();
    let steer = async |mutation: &str, release: &str| {
        let input = format!("input: {{ releaseId: {release:?}, clientMutationId: \"x\" }}");
        let fields = "clientMutationId errors { code message path } rollout { releaseId }";
        house.ask(&format!("mutation {{ payload: {mutation}({input}) {{ {fields} }} }}")).await["payload"].clone()
    };
    for mutation in ["pauseRollout", "resumeRollout", "abortRollout"] {
        let expected =
            json!({ "clientMutationId": "x", "errors": [], "rollout": { "releaseId": RELEASE.to_string() } });
        assert_eq!(steer(mutation, &RELEASE.to_string()).await, expected);
    }
    assert_eq!(*house.rollouts.steered.lock().unwrap(), [Steering::Pause, Steering::Resume, Steering::Abort]);

    let ended = SteerError::Ended { release: RELEASE, wanted: Steering::Resume };
    for (refusal, release, code, words) in [
        (None, "0000000000000002", "NOT_FOUND", "there is no rollout of release 0000000000000002"),
        (None, "2", "INVALID_INPUT", "16 hex digits"),
        (Some(ended), "0000000000000001", "INVALID_INPUT", "was aborted, and cannot be resumed"),
        (Some(SteerError::Store { reason: "full".to_owned() }), "0000000000000001", "STORE_FAILED", "could not store"),
    ] {
        *house.rollouts.refuses.lock().unwrap() = refusal;
        let payload = steer("resumeRollout", release).await;
        assert_eq!((&payload["errors"][0]["code"], &payload["rollout"]), (&code.into(), &Value::Null), "{payload}");
        assert!(payload["errors"][0]["message"].as_str().unwrap().contains(words), "{payload}");
    }
}
