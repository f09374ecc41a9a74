//! The guide for a new vendor holds what it says: its made-up decoder compiles, reads its vectors and never panics, and its
//! changes to files of ours fit those files.

use hub_model::Decoded;
use proptest::prelude::*;

mod meadow;

const GUIDE: &str = include_str!("../../../docs/guides/add-a-vendor.md");
const VECTORS: &str = include_str!("meadow.toml");

/// The contents of the fenced blocks whose first line begins so, each with the rest of that line.
fn blocks(language: &str) -> Vec<(&str, &str)> {
    let fences: Vec<&str> = GUIDE.split("\n```").collect();
    // Text and blocks take turns: what stands at odd places is inside a fence.
    assert_eq!(fences.len() % 2, 1, "a fence of the guide is not closed");
    let inside = fences.iter().skip(1).step_by(2);
    inside
        .filter_map(|block| {
            let (head, body) = block.split_once('\n')?;
            Some((head.strip_prefix(language)?.trim(), body))
        })
        .collect()
}

/// What the vectors' `expect` says.
fn in_words(decoded: &Decoded) -> Vec<String> {
    let values = decoded.values.iter();
    let measure = |value: &hub_model::Value| units::Measure::new(value.quantity, value.value);
    values.map(|value| format!("{}[{}] = {}", value.quantity.name(), value.instance, measure(value))).collect()
}

#[test]
fn the_guide_shows_the_decoder_and_the_vectors_that_are_tested_here() {
    let shown =
        |language| blocks(language).into_iter().map(|(_, body)| format!("{body}\n")).collect::<Vec<_>>().join("\n");
    assert_eq!(shown("rust"), include_str!("meadow.rs"));
    assert_eq!(shown("toml"), VECTORS);
}

#[test]
fn the_guides_changes_fit_the_files_that_they_change() {
    let repository = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let changes = blocks("diff");
    assert!(!changes.is_empty());
    for (path, change) in changes {
        let file = std::fs::read_to_string(repository.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
        let kept = change.lines().filter_map(|line| line.strip_prefix(' '));
        for line in kept {
            assert!(file.lines().any(|present| present.trim() == line.trim()), "{path} has no line {line:?}");
        }
    }
}

#[test]
fn the_made_up_decoder_reads_its_vectors() {
    let file: toml::Table = VECTORS.parse().unwrap();
    for row in file.get("vector").and_then(toml::Value::as_array).unwrap() {
        let text = |key| row.get(key).and_then(toml::Value::as_str);
        let name = text("name").unwrap();
        assert_eq!(row.get("company").and_then(toml::Value::as_integer), Some(meadow::COMPANY.into()), "{name}");
        let answer = meadow::decode(&hex::decode(text("manufacturer_data").unwrap()).unwrap());
        match text("error") {
            Some(code) => assert_eq!(answer.map_err(|error| error.code()), Err(code), "{name}"),
            None => {
                let expected = row.get("expect").and_then(toml::Value::as_array).unwrap();
                let expected: Vec<&str> = expected.iter().map(|line| line.as_str().unwrap()).collect();
                assert_eq!(in_words(&answer.unwrap()), expected, "{name}");
            }
        }
    }
}

proptest! {
    #[test]
    fn the_made_up_decoder_minds_no_bytes(data in prop::collection::vec(any::<u8>(), 0..40), is_marked: bool) {
        let data = if is_marked { [b"M1".as_slice(), &data].concat() } else { data };
        prop_assert_eq!(meadow::decode(&data), meadow::decode(&data));
    }
}
