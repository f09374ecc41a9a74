use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use super::{Gate, Visitor, host_of};
use crate::Config;

fn gate() -> Gate {
    let config = Config::default().with_allowed_hosts(&["Hub.Example"]).unwrap();
    Gate::new(&config.with_allowed_origins(&["https://App.example", "http://localhost:5173"]).unwrap())
}

#[test]
fn only_names_that_nobody_else_can_own_are_answered() {
    let gate = gate();
    for name in [
        "127.0.0.1",
        "192.168.1.5:8080",
        "[::1]:8080",
        "[fe80::1]",
        "localhost:1",
        "LOCALHOST",
        "hub.local",
        "hub.local.:80",
        "hub.example",
        "HUB.example:8080",
    ] {
        assert!(gate.knows_host(name), "{name}");
    }
    for name in [
        "",
        ":80",
        "evil.example",
        "hub.example.evil.example",
        "evil.example:8080",
        "127.0.0.1.evil.example",
        ".local",
        "local",
        "hub.local.evil.example",
        "[::1",
        "[evil]",
        "[::1]x",
        "hub.local:99999",
        "hub.local:80:80",
        "a@127.0.0.1",
    ] {
        assert!(!gate.knows_host(name), "{name}");
    }
}

#[test]
fn a_host_is_read_without_its_port() {
    assert_eq!(host_of("[::1]:80"), Some("::1"));
    assert_eq!(host_of("[::1]"), Some("::1"));
    assert_eq!(host_of("hub:80"), Some("hub"));
    assert_eq!(host_of("hub:"), None);
}

fn check(headers: &[(&str, &str)]) -> Result<Visitor, StatusCode> {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.insert(HeaderName::try_from(*name).unwrap(), HeaderValue::try_from(*value).unwrap());
    }
    gate().check(Some("hub.local:8080"), "/graphql", &map).map_err(|refusal| refusal.status)
}

#[test]
fn a_page_from_elsewhere_is_turned_away() {
    assert_eq!(check(&[]), Ok(Visitor::Own));
    assert_eq!(check(&[("origin", "http://hub.local:8080")]), Ok(Visitor::Own));
    assert_eq!(check(&[("origin", "https://HUB.local:8080")]), Ok(Visitor::Own));
    assert_eq!(check(&[("origin", "https://app.example")]), Ok(Visitor::Allowed));
    assert_eq!(check(&[("origin", "http://localhost:5173")]), Ok(Visitor::Allowed));
    for origin in [
        "http://evil.example",
        "http://hub.local",
        "http://hub.local:8081",
        "http://app.example",
        "null",
        "",
        "https://app.example.evil.example",
        "file://",
        "hub.local:8080",
    ] {
        assert_eq!(check(&[("origin", origin)]), Err(StatusCode::FORBIDDEN), "{origin:?}");
    }
}

#[test]
fn a_request_that_hides_its_origin_may_not_reach_graphql() {
    assert_eq!(check(&[("sec-fetch-site", "same-origin")]), Ok(Visitor::Own));
    assert_eq!(check(&[("sec-fetch-site", "none")]), Ok(Visitor::Own));
    assert_eq!(check(&[("sec-fetch-site", "cross-site")]), Err(StatusCode::FORBIDDEN));
    assert_eq!(check(&[("sec-fetch-site", "same-site")]), Err(StatusCode::FORBIDDEN));
    assert_eq!(check(&[("sec-fetch-site", "cross-site"), ("origin", "https://app.example")]), Ok(Visitor::Allowed));
    let mut headers = HeaderMap::new();
    headers.insert("sec-fetch-site", HeaderValue::from_static("cross-site"));
    let page = gate().check(Some("hub.local"), "/graphiql", &headers);
    assert!(page.is_ok(), "a link to the page is no attack");
}

#[test]
fn a_request_without_a_host_is_refused() {
    let refusal = gate().check(None, "/", &HeaderMap::new()).unwrap_err();
    assert_eq!(refusal.status, StatusCode::BAD_REQUEST);
}
