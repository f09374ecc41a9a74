use std::time::Duration;

use super::Config;
use crate::Limits;

#[test]
fn an_origin_is_a_scheme_and_a_host() {
    let check = |origin: &str| Config::default().with_allowed_origins(&[origin]);
    for good in ["https://app.example", "http://localhost:5173", "http://[::1]:80", "https://APP.example"] {
        assert_eq!(check(good).unwrap().allowed_origins(), [good.to_ascii_lowercase()]);
    }
    for bad in
        ["", "*", "https://*", "app.example", "https://app.example/", "https://a/b", "ftp://a", "https://u@a", "null"]
    {
        let error = check(bad).unwrap_err();
        assert_eq!((error.key, error.value.as_str()), ("server.allowed_origins", bad));
    }
}

#[test]
fn a_host_is_a_name_alone() {
    let check = |host: &str| Config::default().with_allowed_hosts(&[host]);
    assert_eq!(check("Hub.Example").unwrap().allowed_hosts(), ["hub.example"]);
    for bad in ["", "*", "*.example", "hub.example:80", "http://hub", "a b", "a..b", &"a".repeat(64)] {
        assert_eq!(check(bad).unwrap_err().key, "server.allowed_hosts", "{bad}");
    }
}

#[test]
fn a_limit_outside_its_range_is_refused_with_the_range() {
    let check = |limits: Limits| Config::default().with_limits(limits).unwrap_err();
    let wrong = check(Limits { connections: 7, ..Limits::default() });
    assert_eq!(wrong.to_string(), "server.connections is \"7\"; expected 8 to 10000");
    assert_eq!(check(Limits { message_bytes: 1_000, ..Limits::default() }).key, "server.message_bytes");
    assert_eq!(check(Limits { heartbeat: Duration::ZERO, ..Limits::default() }).key, "server.heartbeat");
    assert!(Config::default().with_limits(Limits::default()).is_ok());
}
