use std::collections::BTreeSet;

use hub_model::Quantity;

use crate::house::House;

#[test]
fn the_contract_in_the_repository_is_the_one_that_is_served() {
    let kept = include_str!("../../../schema.graphql");
    assert!(
        kept == api_graphql::sdl(),
        "api/schema.graphql is out of date: run `cargo xtask bless` and review the diff"
    );
}

#[test]
fn every_quantity_is_in_the_contract_with_unit_and_resolution() {
    let sdl = api_graphql::sdl();
    let (_, sdl) = sdl.split_once("enum Quantity {").unwrap();
    for quantity in Quantity::ALL {
        let name = quantity.name().to_ascii_uppercase();
        let at = sdl.find(&format!("\n  {name}\n")).unwrap_or_else(|| panic!("{name} is missing"));
        let described = sdl[..at].lines().last().unwrap();
        assert!(described.contains(quantity.label()) && described.contains(quantity.unit()), "{described}");
    }
    assert!(sdl.contains("\"Temperature: resolution 0.001 °C, plausible from -100 to 350 °C.\"\n  TEMPERATURE\n"));
}

#[tokio::test]
async fn everything_in_the_contract_is_described() {
    let described = "name description";
    let query = format!(
        "{{ __schema {{ types {{ kind {described} enumValues {{ {described} }} inputFields {{ {described} }}
             fields {{ {described} args {{ {described} }} }} }} }} }}"
    );
    let schema = House::new().ask(&query).await;
    let mut silent = BTreeSet::new();
    for kind in schema["__schema"]["types"].as_array().unwrap() {
        let name = kind["name"].as_str().unwrap();
        if name.starts_with("__") || name == "ID" {
            continue;
        }
        let mut check = |part: &serde_json::Value, path: String| {
            if part["description"].as_str().is_none_or(str::is_empty) {
                silent.insert(path);
            }
        };
        check(kind, name.to_owned());
        for part in ["enumValues", "inputFields", "fields"] {
            for member in kind[part].as_array().into_iter().flatten() {
                let path = format!("{name}.{}", member["name"].as_str().unwrap());
                check(member, path.clone());
                // The one argument of a mutation is described by its type.
                let is_told = |argument: &&serde_json::Value| argument["name"] != "input";
                for argument in member["args"].as_array().into_iter().flatten().filter(is_told) {
                    check(argument, format!("{path}({})", argument["name"].as_str().unwrap()));
                }
            }
        }
    }
    assert!(silent.is_empty(), "not described: {silent:?}");
}
