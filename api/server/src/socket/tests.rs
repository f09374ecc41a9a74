use async_graphql::{PathSegment, Response, ServerError, Value};
use serde_json::json;

use super::{
    message::Dialect,
    session::{Farewell, Session, Step},
};

fn introduced(dialect: Dialect) -> Session {
    let mut session = Session::new(dialect, 2);
    assert_eq!(session.hear(r#"{"type":"connection_init","payload":{"token":"x"}}"#), Step::Welcome);
    session
}

fn start(session: &mut Session, id: &str) -> Step {
    let kind = if session.dialect == Dialect::Transport { "subscribe" } else { "start" };
    session.hear(&json!({ "type": kind, "id": id, "payload": { "query": "{a}" } }).to_string())
}

fn code(step: &Step) -> Option<u16> {
    match step {
        Step::Close(farewell) => Some(farewell.code),
        _ => None,
    }
}

#[test]
fn nobody_may_ask_before_the_introduction() {
    for dialect in [Dialect::Transport, Dialect::Legacy] {
        assert_eq!(code(&start(&mut Session::new(dialect, 2), "1")), Some(4401));
    }
}

#[test]
fn one_introduction_is_enough() {
    for dialect in [Dialect::Transport, Dialect::Legacy] {
        assert_eq!(code(&introduced(dialect).hear(r#"{"type":"connection_init"}"#)), Some(4429));
    }
}

#[test]
fn an_id_is_used_once_at_a_time() {
    let mut session = introduced(Dialect::Transport);
    assert!(matches!(start(&mut session, "1"), Step::Start { .. }));
    assert_eq!(start(&mut session, "1"), Step::Close(Farewell::new(4409, "Subscriber for 1 already exists")));
    let stopped = session.hear(r#"{"type":"complete","id":"1"}"#);
    assert_eq!(stopped, Step::Stop { id: "1".to_owned(), reply: None });
    assert!(matches!(start(&mut session, "1"), Step::Start { .. }));
}

#[test]
fn one_socket_has_a_bounded_number_of_operations() {
    for dialect in [Dialect::Transport, Dialect::Legacy] {
        let mut session = introduced(dialect);
        start(&mut session, "1");
        start(&mut session, "2");
        let Step::Say(text) = start(&mut session, "3") else { panic!("the socket stays open") };
        assert!(text.contains("\"error\"") && text.contains("LIMIT_EXCEEDED") && text.contains("\"3\""), "{text}");
        session.forget("1");
        assert!(matches!(start(&mut session, "3"), Step::Start { .. }));
    }
}

#[test]
fn stopping_what_has_ended_is_no_mistake() {
    let mut session = introduced(Dialect::Transport);
    assert_eq!(session.hear(r#"{"type":"complete","id":"9"}"#), Step::Nothing);
}

#[test]
fn a_ping_is_answered_with_what_it_carries() {
    let mut session = Session::new(Dialect::Transport, 2);
    assert_eq!(session.hear(r#"{"type":"ping"}"#), Step::Say(json!({ "type": "pong" }).to_string()));
    let Step::Say(text) = session.hear(r#"{"type":"ping","payload":{"a":1}}"#) else { panic!("a pong") };
    assert_eq!(
        serde_json::from_str::<serde_json::Value>(&text).unwrap(),
        json!({ "type": "pong", "payload": { "a": 1 } })
    );
    assert_eq!(session.hear(r#"{"type":"pong"}"#), Step::Nothing);
}

#[test]
fn what_is_no_message_of_the_dialect_closes_the_socket() {
    let check = |dialect, text: &str| assert_eq!(code(&introduced(dialect).hear(text)), Some(4400), "{text}");
    for text in [
        "",
        "null",
        "[]",
        "{}",
        "7",
        "{\"type\":7}",
        "{\"type\":\"subscribe\"}",
        "{\"type\":\"subscribe\",\"id\":\"1\"}",
        "{\"type\":\"subscribe\",\"id\":\"\",\"payload\":{}}",
        "{\"type\":\"subscribe\",\"id\":7,\"payload\":{}}",
        "{\"type\":\"subscribe\",\"id\":\"1\",\"payload\":[]}",
        "{\"type\":\"complete\"}",
        "{\"type\":\"next\",\"id\":\"1\"}",
        "{\"type\":\"start\",\"id\":\"1\",\"payload\":{}}",
        "{\"type\":\"ping\",\"payload\":\"x\"}",
    ] {
        check(Dialect::Transport, text);
    }
    for text in ["{\"type\":\"subscribe\",\"id\":\"1\",\"payload\":{}}", "{\"type\":\"ping\"}", "{\"type\":\"stop\"}"] {
        check(Dialect::Legacy, text);
    }
}

#[test]
fn a_reason_fits_into_a_close_frame_and_stays_text() {
    assert_eq!(Farewell::new(4400, &"ä".repeat(100)).reason.len(), 122);
    assert_eq!(Farewell::new(4400, &"a".repeat(123)).reason.len(), 123);
    assert_eq!(Farewell::new(4400, "").reason, "");
}

#[test]
fn the_dialects_say_the_same_in_their_words() {
    let json = |text: String| serde_json::from_str::<serde_json::Value>(&text).unwrap();
    let good = Response::new(Value::from_json(json!({ "a": 1 })).unwrap());
    let refused = Response::from_errors(vec![ServerError::new("no such field", None)]);
    let fault = ServerError { path: vec![PathSegment::Field("a".to_owned())], ..ServerError::new("broken", None) };
    let faulty = Response::from_errors(vec![fault]);

    let new = Dialect::Transport;
    assert_eq!(
        json(new.result("\"1", &good)),
        json!({ "id": "\"1", "type": "next", "payload": { "data": { "a": 1 } } })
    );
    assert_eq!(
        json(new.result("1", &refused)),
        json!({ "id": "1", "type": "error", "payload": [{ "message": "no such field" }] })
    );
    let faulty_payload = json!({ "data": null, "errors": [{ "message": "broken", "path": ["a"] }] });
    assert_eq!(json(new.result("1", &faulty)), json!({ "id": "1", "type": "next", "payload": faulty_payload }));

    let old = Dialect::Legacy;
    assert_eq!(json(old.result("1", &good)), json!({ "id": "1", "type": "data", "payload": { "data": { "a": 1 } } }));
    assert_eq!(
        json(old.result("1", &refused)),
        json!({ "id": "1", "type": "error", "payload": { "message": "no such field" } })
    );
    assert_eq!(json(old.complete("1")), json!({ "id": "1", "type": "complete" }));
}
