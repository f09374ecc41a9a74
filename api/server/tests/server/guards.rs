//! What a web page from elsewhere, or a name that was pointed here, can do: nothing.

use api_server::Limits;

use crate::{
    schema,
    wire::{Hub, config},
};

const BUMP: &str = "{\"query\":\"mutation{bump}\"}";
const FOREIGN: (&str, &str) = ("origin", "http://evil.example");

/// A request line, headers, a body, and the status that it gets.
type Attempt<'a> = (&'a str, &'a [(&'a str, &'a str)], &'a str, u16);

#[tokio::test]
async fn no_request_that_a_page_may_send_unasked_changes_the_hub() {
    let hub = Hub::start().await;
    let bump = "%6dutation%7Bbump%7D";
    let attempts: [Attempt; 12] = [
        (&format!("GET /graphql?query={bump}"), &[], "", 405),
        (&format!("GET /graphql/sse?query={bump}"), &[("accept", "text/event-stream")], "", 405),
        (&format!("GET /graphql?query={bump}"), &[("sec-fetch-site", "cross-site")], "", 403),
        (&format!("GET /graphql?query={bump}"), &[FOREIGN], "", 403),
        ("POST /graphql", &[("content-type", "text/plain")], BUMP, 415),
        ("POST /graphql", &[], BUMP, 415),
        ("POST /graphql", &[("content-type", "application/x-www-form-urlencoded")], "query=mutation{bump}", 415),
        ("POST /graphql", &[("content-type", "multipart/form-data; boundary=x")], BUMP, 415),
        ("POST /graphql", &[("content-type", "application/json"), FOREIGN], BUMP, 403),
        ("POST /graphql", &[("content-type", "application/json"), ("origin", "null")], BUMP, 403),
        ("POST /graphql/sse", &[("content-type", "text/plain"), ("accept", "text/event-stream")], BUMP, 415),
        ("POST /graphql", &[("content-type", "application/json"), ("host", "evil.example")], BUMP, 421),
    ];
    for (line, headers, body, status) in attempts {
        let answer = hub.ask(line, headers, body).await;
        assert_eq!(answer.status, status, "{line} {headers:?}");
        assert_eq!(answer.header("access-control-allow-origin"), "", "{line}");
    }
    assert_eq!(hub.bumps().await, 0);
    hub.post("mutation{bump}").await;
    assert_eq!(hub.bumps().await, 1, "the mutation itself works");
}

#[tokio::test]
async fn a_foreign_name_gets_nothing_whatever_it_asks() {
    let hub = Hub::start().await;
    for target in
        ["/", "/graphql?query=%7Bbumps%7D", "/graphiql", "/healthz", "/metrics", "/schema.graphql", "/graphql/ws"]
    {
        let answer = hub.ask(&format!("GET {target}"), &[("host", "evil.example:8080")], "").await;
        assert_eq!((answer.status, answer.code().as_str()), (421, "BAD_HOST"), "{target}");
    }
    let absolute = hub.ask("GET http://evil.example/healthz", &[("host", "localhost")], "").await;
    assert_eq!(absolute.status, 421, "the address in the request line counts");
}

#[tokio::test]
async fn a_page_that_the_owner_allows_may_use_the_api() {
    let config = config().with_allowed_origins(&["https://app.example"]).unwrap();
    let hub = Hub::with(config.with_limits(Limits::default()).unwrap(), schema::parts()).await;
    let origin = ("origin", "https://app.example");
    let asked = [origin, ("access-control-request-method", "POST"), ("access-control-request-headers", "content-type")];
    let preflight = hub.ask("OPTIONS /graphql", &asked, "").await;
    assert_eq!(preflight.status, 204);
    assert_eq!(preflight.header("access-control-allow-origin"), "https://app.example");
    assert!(preflight.header("access-control-allow-headers").contains("content-type"));
    assert_eq!(preflight.header("access-control-allow-credentials"), "", "there are no cookies to allow");

    let answer = hub.post_with("{bumps}", &[origin]).await;
    assert_eq!((answer.status, answer.header("access-control-allow-origin")), (200, "https://app.example"));
    assert!(answer.header("vary").contains("origin"));

    let other = [("origin", "https://other.example"), ("access-control-request-method", "POST")];
    assert_eq!(hub.ask("OPTIONS /graphql", &other, "").await.status, 403);
}

#[tokio::test]
async fn every_answer_forbids_what_it_does_not_need() {
    let hub = Hub::start().await;
    for target in ["/", "/graphiql", "/healthz", "/nowhere", "/graphql?query=%7Bbumps%7D"] {
        let answer = hub.get(target).await;
        let policy = answer.header("content-security-policy");
        assert!(policy.contains("frame-ancestors 'none'") && !policy.contains("script-src"), "{target}: {policy}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{target}");
        assert_eq!(answer.header("referrer-policy"), "no-referrer", "{target}");
        assert_eq!(answer.header("server"), "", "{target}");
    }
}
