use async_graphql::{PathSegment, Response, ServerError, Value, parser::types::OperationType};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use serde_json::json;

use super::{
    accept::{Accept, Media},
    operation::Operation,
    parameters::{Parameters, check_content_type},
    result,
};

fn accept(header: &str) -> Accept {
    let mut headers = HeaderMap::new();
    headers.insert(header::ACCEPT, HeaderValue::from_str(header).unwrap());
    Accept::of(&headers)
}

#[test]
fn a_result_comes_in_the_media_type_that_is_liked_best() {
    let check = |header: &str, expected: Option<Media>| assert_eq!(accept(header).for_result(), expected, "{header}");
    check("*/*", Some(Media::Json));
    check("", Some(Media::Json));
    check("application/*", Some(Media::Json));
    check("application/json", Some(Media::Json));
    check("Application/GraphQL-Response+JSON", Some(Media::GraphqlResponse));
    check("application/graphql-response+json, application/json", Some(Media::GraphqlResponse));
    check("application/json, application/graphql-response+json", Some(Media::Json));
    check("application/json;q=0.8, application/graphql-response+json;q=0.9", Some(Media::GraphqlResponse));
    check("application/graphql-response+json;q=0.5, */*", Some(Media::Json));
    check("application/graphql-response+json, */*", Some(Media::GraphqlResponse));
    check("application/json;q=0, */*", Some(Media::GraphqlResponse));
    check("text/event-stream", Some(Media::EventStream));
    check("multipart/mixed;subscriptionSpec=\"1.0\", application/json", Some(Media::Json));
    check("text/html", None);
    check("application/json;q=2", Some(Media::Json));
}

#[test]
fn a_subscription_needs_a_stream_that_is_named() {
    let check = |header: &str, expected: Option<Media>| assert_eq!(accept(header).for_stream(), expected, "{header}");
    check("*/*", None);
    check("application/json", None);
    check("text/event-stream", Some(Media::EventStream));
    check("multipart/mixed;boundary=\"graphql\";subscriptionSpec=\"1.0\",application/json", Some(Media::Multipart));
    check("multipart/mixed;boundary=graphql;subscriptionSpec=1.0,application/json", Some(Media::Multipart));
    check("multipart/mixed; deferSpec=20220824, application/json", None);
    check(
        "multipart/mixed;boundary=\"a,b\";subscriptionSpec=\"1.0\";q=0.5, text/event-stream",
        Some(Media::EventStream),
    );
}

#[test]
fn a_request_is_formed_as_the_specification_says() {
    let check = |body: &str, expected: &str| {
        let refusal = Parameters::from_json(body.as_bytes()).unwrap_err();
        assert_eq!(refusal.status, StatusCode::BAD_REQUEST, "{body}");
        let message = refusal.error().get("message").unwrap().as_str().unwrap().to_owned();
        assert!(message.contains(expected), "{body}: {message}");
    };
    check("", "not JSON");
    check("{\"query\":", "not JSON");
    check("[]", "batches are not supported");
    check("[{\"query\":\"{a}\"}]", "batches are not supported");
    check("7", "is a number");
    check("{}", "\"query\" is missing");
    check("{\"query\":null}", "\"query\" is missing");
    check("{\"query\":7}", "\"query\" is a number");
    check("{\"query\":\"{a}\",\"operationName\":[]}", "\"operationName\" is a list");
    check("{\"query\":\"{a}\",\"variables\":\"x\"}", "\"variables\" is a string");
    check("{\"query\":\"{a}\",\"extensions\":false}", "\"extensions\" is a boolean");

    let good = json!({ "query": "{a}", "operationName": "", "variables": null, "extensions": {}, "id": 3 });
    let good = Parameters::from_value(good).unwrap();
    assert_eq!((good.query.as_str(), good.operation_name, good.variables.len()), ("{a}", None, 0));
}

#[test]
fn a_query_string_holds_the_same_parameters() {
    let pairs = |pairs: &[(&str, &str)]| {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect::<Vec<_>>()
    };
    let good = pairs(&[("query", "{a}"), ("variables", "{\"x\":1}"), ("token", "ignored")]);
    assert_eq!(Parameters::from_query(good).unwrap().variables.len(), 1);
    for bad in
        [&[("query", "{a}"), ("query", "{b}")], &[("query", "{a}"), ("variables", "{x")], &[("a", "b"), ("c", "d")]]
    {
        assert_eq!(Parameters::from_query(pairs(bad)).unwrap_err().status, StatusCode::BAD_REQUEST, "{bad:?}");
    }
}

#[test]
fn what_a_foreign_page_can_send_without_asking_is_no_json() {
    let check = |value: &str, is_right: bool| {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_str(value).unwrap());
        assert_eq!(check_content_type(&headers).is_ok(), is_right, "{value}");
    };
    check("application/json", true);
    check("Application/JSON; Charset=\"UTF-8\"", true);
    check("application/json; charset=latin1", false);
    check("text/plain", false);
    check("text/plain; application/json", false);
    check("application/x-www-form-urlencoded", false);
    check("multipart/form-data; boundary=application/json", false);
    check("application/graphql", false);
    check("", false);
    assert!(check_content_type(&HeaderMap::new()).is_err());
}

fn operation(query: &str, name: Option<&str>) -> Result<Operation, &'static str> {
    let parameters =
        Parameters { query: query.to_owned(), operation_name: name.map(str::to_owned), ..Parameters::default() };
    Operation::parse(parameters, None).map_err(|refusal| refusal.code)
}

#[test]
fn the_operation_that_is_meant_is_found() {
    let kind = |query, name| operation(query, name).map(|operation| operation.kind);
    assert_eq!(kind("{a}", None), Ok(OperationType::Query));
    assert_eq!(kind("query A {a} mutation B {b}", Some("B")), Ok(OperationType::Mutation));
    assert_eq!(kind("subscription A {a}", None), Ok(OperationType::Subscription));
    assert_eq!(kind("query A {a} mutation B {b}", None), Err("OPERATION_RESOLUTION_FAILURE"));
    assert_eq!(kind("query A {a} mutation B {b}", Some("C")), Err("OPERATION_RESOLUTION_FAILURE"));
    assert_eq!(kind("{a}", Some("A")), Err("OPERATION_RESOLUTION_FAILURE"));
    assert_eq!(kind("{", None), Err("GRAPHQL_PARSE_FAILED"));
    assert_eq!(kind("", None), Err("GRAPHQL_PARSE_FAILED"));
    assert_eq!(kind("fragment F on Q {a}", None), Err("GRAPHQL_PARSE_FAILED"));
}

#[test]
fn a_hostile_document_does_not_reach_the_parser() {
    for (open, close) in [("{a", "}"), ("{a(b:[", "])}"), ("{a(b:{c:", "})}")] {
        let deep = format!("{}{}", open.repeat(5_000), close.repeat(5_000));
        assert_eq!(operation(&deep, None).map(|operation| operation.kind), Err("LIMIT_EXCEEDED"));
    }
}

#[test]
fn a_parse_error_says_where() {
    let parameters = Parameters { query: "{\n  a(}".to_owned(), ..Parameters::default() };
    let error = Operation::parse(parameters, None).unwrap_err().error();
    assert_eq!(error.pointer("/locations/0/line"), Some(&json!(2)), "{error}");
}

/// Parses with a `Last-Event-ID`, and gives the document and the variables that reach the schema.
fn resumed(query: &str, variables: &serde_json::Value) -> (String, serde_json::Value) {
    let parameters = Parameters::from_value(json!({ "query": query, "variables": variables })).unwrap();
    let mut operation = Operation::parse(parameters, Some("3:9")).unwrap();
    let variables = serde_json::to_value(&operation.request.variables).unwrap();
    (format!("{:?}", operation.request.parsed_query().unwrap()), variables)
}

#[test]
fn a_stream_goes_on_after_the_last_event_that_was_seen() {
    let (_, variables) = resumed("subscription($from: Cursor) { events(after: $from) { cursor } }", &json!({}));
    assert_eq!(variables, json!({ "from": "3:9" }));
    let (_, variables) =
        resumed("subscription($from: Cursor) { events(after: $from) { cursor } }", &json!({ "from": "8:8" }));
    assert_eq!(variables, json!({ "from": "3:9" }));
    for query in ["subscription { e: events { cursor } }", "subscription { events(after: \"8:8\") { cursor } }"] {
        let (document, variables) = resumed(query, &json!({}));
        assert!(document.contains("3:9") && !document.contains("8:8"), "{document}");
        assert_eq!(variables, json!({}));
    }
    let (document, variables) = resumed("subscription { ticks(after: \"8:8\") }", &json!({}));
    assert!(document.contains("8:8") && !document.contains("3:9") && variables == json!({}), "other fields stay");
    let (document, _) = resumed("query { events(after: \"8:8\") { cursor } }", &json!({}));
    assert!(document.contains("8:8") && !document.contains("3:9"), "queries stay");
}

#[test]
fn the_id_of_an_event_is_its_cursor() {
    let check = |data: serde_json::Value, expected: Option<&str>| {
        let response = Response::new(Value::from_json(data.clone()).unwrap());
        assert_eq!(result::cursor(&response), expected, "{data}");
    };
    check(json!({ "events": { "cursor": "1:2", "number": 2 } }), Some("1:2"));
    check(json!({ "feed": { "cursor": "1:2" } }), Some("1:2"));
    check(json!({ "events": { "number": 2 } }), None);
    check(json!({ "events": { "cursor": "1\n2" } }), None);
    check(json!({ "events": { "cursor": 12 } }), None);
    check(json!(null), None);
}

#[test]
fn a_variable_that_is_needed_must_be_there() {
    let check = |definition: &str, variables: serde_json::Value| {
        let query = format!("query({definition}) {{ a }}");
        let parameters = Parameters::from_value(json!({ "query": query, "variables": variables })).unwrap();
        Operation::parse(parameters, None).map(|_| ()).map_err(|refusal| refusal.code)
    };
    assert_eq!(check("$x: Int", json!({})), Ok(()));
    assert_eq!(check("$x: Int! = 1", json!({})), Ok(()));
    assert_eq!(check("$x: Int!", json!({ "x": 1 })), Ok(()));
    assert_eq!(check("$x: Int!", json!({})), Err("BAD_USER_INPUT"));
    assert_eq!(check("$x: Int!", json!({ "x": null })), Err("BAD_USER_INPUT"));
    assert_eq!(check("$x: Int! = 1", json!({ "x": null })), Err("BAD_USER_INPUT"));
}

#[test]
fn a_field_that_failed_is_null_and_not_absent() {
    let check = |data: serde_json::Value, path: &[PathSegment], expected: serde_json::Value| {
        let mut response = Response::new(Value::from_json(data).unwrap());
        response.errors = vec![ServerError { path: path.to_vec(), ..ServerError::new("broken", None) }];
        result::null_what_failed(&mut response);
        assert_eq!(response.data.into_json().unwrap(), expected, "{path:?}");
    };
    let field = |name: &str| PathSegment::Field(name.to_owned());
    check(json!({ "b": 1 }), &[field("a")], json!({ "a": null, "b": 1 }));
    check(json!({ "b": 1 }), &[field("a"), PathSegment::Index(0), field("c")], json!({ "a": null, "b": 1 }));
    let list = json!({ "a": [{ "b": 1 }, { "b": 2 }] });
    let mended = json!({ "a": [{ "b": 1 }, { "b": 2, "c": null }] });
    check(list.clone(), &[field("a"), PathSegment::Index(1), field("c")], mended);
    check(list.clone(), &[field("a"), PathSegment::Index(7), field("c")], list);
    check(json!({ "a": 1 }), &[field("a")], json!({ "a": 1 }));
    check(json!(null), &[field("a")], json!(null));
    check(json!({}), &[], json!({}));
}
