use std::time::Duration;

use api_graphql::{Code, LimitError, Limits};
use hub_model::Quantity;

use crate::house::House;

/// What graphql-js 16 asks with every option on, as GraphiQL and code generators do.
const INTROSPECTION: &str = include_str!("introspection.graphql");

/// Asks a house with default limits, but for the change; gives the name of the limit that was reached.
async fn limited_by(query: &str, change: impl FnOnce(&mut Limits)) -> String {
    let mut limits = Limits::default();
    change(&mut limits);
    let (code, message, errors) = House::with(limits, 8).refuse(query).await;
    assert_eq!(code, "LIMIT_EXCEEDED", "{query}: {message}");
    errors[0]["extensions"]["limit"].as_str().unwrap().to_owned()
}

fn unchanged(_: &mut Limits) {}

#[tokio::test]
async fn tools_can_ask_for_the_schema() {
    let answer = House::new().ask(INTROSPECTION).await;
    let types = answer["__schema"]["types"].as_array().unwrap();
    assert!(types.iter().any(|kind| kind["name"] == "HistorySeries"));
    assert!(
        House::new().ask("{ __typename __type(name: \"Sensor\") { name fields { name } } }").await["__type"]
            .is_object()
    );
}

#[tokio::test]
async fn each_limit_bites() {
    let deep = format!("{{ home {}{{ id }}{} }}", "{ rooms { devices ".repeat(8), " } }".repeat(8));
    let aliases: String = (0..51).map(|n| format!(" n{n}: name")).collect();
    let directed = " name @skip(if: false)".repeat(51);
    let roots = " home { name }".repeat(21);
    let fields = " name".repeat(2_001);
    let tokens = "# comments and, commas, are no tokens\n".repeat(3_000) + &"name ".repeat(5_001);
    let costly = "{ home { rooms { devices { sensors { device { sensors { device { sensors { id } } } } } } } } }";
    for (query, limit) in [
        (format!("{{ home {{ {tokens} }} }}"), "tokens"),
        (format!("{{ node(id: {}1{}) {{ id }} }}", "[".repeat(64), "]".repeat(64)), "nesting"),
        (deep, "depth"),
        (format!("{{ home {{{aliases} }} }}"), "aliases"),
        (format!("{{ home {{{directed} }} }}"), "directives"),
        (format!("{{{roots} }}"), "root_fields"),
        (format!("{{ home {{{fields} }} }}"), "fields"),
        (
            "{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }".into(),
            "introspection_lists",
        ),
        (costly.into(), "complexity"),
        (
            "{ devices(first: 100) { nodes { sensors { device { sensors { device { sensors { id } } } } } } } }".into(),
            "complexity",
        ),
    ] {
        assert_eq!(limited_by(&query, unchanged).await, limit, "{}", &query[..query.len().min(80)]);
    }
    assert_eq!(limited_by("{ home { name } }", |limits| limits.complexity = 1).await, "complexity");
    assert_eq!(limited_by("subscription { events { __typename } }", |limits| limits.tokens = 2).await, "tokens");
}

#[tokio::test]
async fn limits_hold_behind_fragments_too() {
    let aliases: String = (0..26).map(|n| format!(" n{n}: name")).collect();
    let twice = format!("{{ home {{ ...A x: name }} h: home {{ ...A }} }} fragment A on Home {{{aliases} }}");
    assert_eq!(limited_by(&twice, unchanged).await, "aliases");
    let roots = "{ ...A ...A ...A } fragment A on Query { home { name } rooms { id } }";
    assert_eq!(limited_by(roots, |limits| limits.root_fields = 5).await, "root_fields");
    let lists = "{ __schema { types { ...T } } } fragment T on __Type { fields { type { ...U } } }
                 fragment U on __Type { interfaces { possibleTypes { name } } }";
    assert_eq!(limited_by(lists, unchanged).await, "introspection_lists");
    let inline = "{ home { ... on Home @skip(if: true) { ... @skip(if: false) { name } } } }";
    assert_eq!(limited_by(inline, |limits| limits.directives = 1).await, "directives");
}

#[tokio::test]
async fn a_few_lines_that_write_out_to_billions_of_fields_are_refused_at_once() {
    let mut bomb = "{ home { ...F0 } } fragment F40 on Home { name }".to_owned();
    for level in 0..40 {
        bomb += &format!(" fragment F{level} on Home {{ ...F{0} ...F{0} }}", level + 1);
    }
    let refused = tokio::time::timeout(Duration::from_secs(5), limited_by(&bomb, unchanged)).await;
    assert_eq!(refused.unwrap(), "fields");
    let cycle = "{ home { ...A } } fragment A on Home { ...B ...B } fragment B on Home { ...A ...A }";
    let (code, message, _) = House::new().refuse(cycle).await;
    assert_eq!((code.as_str(), message.contains("contains itself")), ("GRAPHQL_VALIDATION_FAILED", true), "{message}");
}

#[tokio::test]
async fn what_the_page_asks_costs_less_than_half_of_what_it_may() {
    let sensor = "id quantity instance label kind unit precision calibrationOffset
                  current { value at ageMs isStale timeQuality }";
    let device = format!(
        "id address name isAdopted format isEncrypted protection lastSeen rssi room {{ id name }} battery {{ id }}
         sensors {{ {sensor} }}"
    );
    let half = Limits { complexity: Limits::default().complexity / 2, ..Limits::default() };
    let house = House::with(half, 8);
    house.ask(&format!("{{ home {{ cursor rooms {{ id name }} devices {{ {device} }} }} }}")).await;
    house.ask(&format!("{{ devices(first: 50) {{ nodes {{ {device} }} }} }}")).await;
    let ids = vec!["A4:C1:38:00:11:01"; 8];
    house
        .respond(&format!(
        "{{ history(sensorIds: {ids:?}, quantity: CO2, from: \"2026-01-01T00:00:00Z\", to: \"2026-11-01T00:00:00Z\",
            maxPoints: 2000) {{ sensor {{ id }} t min mean max count gaps {{ from to }} }} }}"
    ))
        .await
        .errors
        .iter()
        .for_each(|error| assert_eq!(Code::of(error), Some(Code::NotFound)));
}

#[tokio::test]
async fn a_house_larger_than_estimated_is_not_listed_without_end() {
    let house = House::with(Limits { objects: 20, ..Limits::default() }, 8);
    for number in 0..5 {
        house.adopt(number, "a device", None);
        house.measure(number, &[(Quantity::Temperature, 1), (Quantity::Co2, 2)]);
    }
    house.ask("{ home { devices { sensors { id } } } }").await;
    let query = "{ home { devices { sensors { device { sensors { id } } } } } }";
    let (code, _, errors) = house.refuse(query).await;
    assert_eq!((code.as_str(), &errors[0]["extensions"]["limit"]), ("LIMIT_EXCEEDED", &"objects".into()));
}

#[tokio::test]
async fn schema_and_suggestions_can_be_kept_back() {
    let house = House::with(Limits { allows_introspection: false, allows_suggestions: false, ..Limits::default() }, 8);
    let (_, message, _) = house.refuse("{ home { nam } }").await;
    assert!(!message.contains("Did you mean"), "{message}");
    let (code, _, _) = house.refuse("{ __schema { types { name } } }").await;
    assert_eq!(code, "GRAPHQL_VALIDATION_FAILED");
    let many = house.respond(&format!("{{ home {{ {} }} }}", "nam ".repeat(1_000))).await;
    assert_eq!(many.errors.len(), 20, "nobody reads more");
    let (_, message, _) = House::new().refuse("{ home { nam } }").await;
    assert!(message.contains("Did you mean"), "{message}");
}

#[tokio::test]
async fn every_error_of_a_request_has_a_code() {
    let house = House::new();
    for (query, code) in [
        ("{", Code::ParseFailed),
        ("", Code::ParseFailed),
        ("{ home { name } } }", Code::ParseFailed),
        ("{ nothing }", Code::ValidationFailed),
        ("{ home }", Code::ValidationFailed),
        ("{ device { name } }", Code::ValidationFailed),
        ("{ devices(first: \"x\") { nodes { id } } }", Code::ValidationFailed),
        ("query A { home { name } } query B { home { name } }", Code::OperationUnresolved),
        ("{ home { ...F } }", Code::ValidationFailed),
        ("{ eventsSince(after: \"nonsense\") { hasMore } }", Code::BadUserInput),
        ("{ eventsSince(after: 5) { hasMore } }", Code::BadUserInput),
    ] {
        let response = house.respond(query).await;
        assert!(!response.errors.is_empty(), "{query}");
        for error in &response.errors {
            assert_eq!(Code::of(error), Some(code), "{query}: {}", error.message);
        }
        let was_begun = code == Code::BadUserInput;
        assert_eq!(Code::of_refused_request(&response), (!was_begun).then_some(code), "{query}");
    }
    let named = async_graphql::Request::new("query A { home { name } }").operation_name("B");
    let response = house.schema.execute(named).await;
    assert_eq!(Code::of_refused_request(&response), Some(Code::OperationUnresolved));
    let wrong = async_graphql::Request::new("query A($id: ID!) { device(id: $id) { name } }");
    assert_eq!(Code::of_refused_request(&house.schema.execute(wrong).await), Some(Code::BadUserInput));
}

#[test]
fn tokens_are_counted_as_graphql_has_them() {
    let check = |text: &str, expected: usize| {
        let at = |tokens| Limits { tokens, ..Limits::default() }.check(text);
        assert_eq!(at(expected), Ok(()), "{text}");
        assert_eq!(at(expected - 1), Err(LimitError::TooMuch { what: "tokens", limit: expected - 1 }), "{text}");
    };
    check("{ a }", 3);
    check("query Q($a: [Int!]! = -1.5e3, $b: ID) @d { ...F }", 24);
    check("{ a(b: \"x { \\\" y\") } # {{{ }", 8);
    check("{ a(b: \"\"\"x { \\\"\"\" \" y\"\"\") }", 8);
    check("\u{feff}{\r\n\ta,,,b }", 4);
    check("\"unterminated {{{", 1);
    check("\"\"\"unterminated {{{", 1);
    check("\"ends with the line\n{", 2);
}

proptest::proptest! {
    #[test]
    fn any_text_is_counted_without_panic(text in "\\PC*", bytes in ".{0,40}") {
        let tight = Limits { tokens: 5, nesting: 2, ..Limits::default() };
        let wide = Limits { tokens: 500, nesting: 500, ..Limits::default() };
        for text in [text, bytes] {
            let is_small = tight.check(&text).is_ok();
            let is_allowed = wide.check(&text).is_ok();
            proptest::prop_assert!(is_allowed || !is_small);
        }
    }

    #[test]
    fn no_text_makes_the_schema_panic(text in "[\\{\\}\\(\\)a-z\\$:!\\. \"@\\[\\]]{0,60}") {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let response = runtime.block_on(async { House::new().schema.execute(text.as_str()).await });
        proptest::prop_assert!(response.errors.iter().all(|error| Code::of(error).is_some()));
    }
}
