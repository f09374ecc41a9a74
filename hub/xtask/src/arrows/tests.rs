use super::*;

const HOUSE: &[Row] = &[Row { name: "cellar", may_import: &[] }, Row { name: "kitchen", may_import: &["cellar"] }];
const KEYS: &[(&str, &[&str])] = &[("fire", &["kitchen"])];

fn house(json: &str) -> Metadata {
    let packages = format!(r#"{{"target_directory":"target","packages":{json}}}"#);
    serde_json::from_str(&packages).unwrap()
}

fn check(json: &str, expected: &[&str]) {
    assert_eq!(findings(&house(json), HOUSE, KEYS), expected);
}

#[test]
fn a_house_that_keeps_to_its_table_has_no_findings() {
    check(
        r#"[{"name":"cellar","dependencies":[{"name":"serde","kind":null}]},
            {"name":"kitchen","dependencies":[{"name":"cellar","kind":null},{"name":"fire","kind":null}]}]"#,
        &[],
    );
}

#[test]
fn an_arrow_against_the_flow_is_found() {
    check(
        r#"[{"name":"cellar","dependencies":[{"name":"kitchen","kind":null}]},{"name":"kitchen"}]"#,
        &["cellar imports kitchen; it may import –"],
    );
}

#[test]
fn a_build_script_counts_and_a_test_does_not() {
    check(
        r#"[{"name":"cellar","dependencies":[{"name":"kitchen","kind":"dev"},{"name":"fire","kind":"build"}]},
            {"name":"kitchen"}]"#,
        &["cellar touches fire; only kitchen may"],
    );
}

#[test]
fn table_and_workspace_name_the_same_crates() {
    check(
        r#"[{"name":"cellar"},{"name":"attic"}]"#,
        &["the table has a row for kitchen, which is no crate of the workspace", "attic has no row in the table"],
    );
}

#[test]
fn the_real_table_has_no_circle() {
    let mut settled: BTreeSet<&str> = BTreeSet::new();
    while settled.len() < ROWS.len() {
        let next = ROWS
            .iter()
            .find(|row| !settled.contains(row.name) && row.may_import.iter().all(|name| settled.contains(name)));
        settled.insert(next.expect("every crate left waits for another that is left: a circle").name);
    }
}

#[test]
fn only_what_stands_between_the_markers_is_rewritten() {
    let page = format!("before\n{BEGIN}\nold\n{END}\nafter\n");
    let written = insert_table(&page).unwrap();
    assert!(written.starts_with(&format!("before\n{BEGIN}\n\n| crate | may import |")));
    assert!(written.ends_with(&format!("|\n\n{END}\nafter\n")));
    assert_eq!(insert_table(&written).unwrap(), written, "a second time changes nothing");
    assert!(insert_table("no markers").is_err());
}
