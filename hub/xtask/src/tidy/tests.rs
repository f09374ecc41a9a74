use super::*;

fn check(path: &str, text: &str, expected: &[&str]) {
    let found: Vec<String> =
        findings(&Source::new(PathBuf::from(path), text.to_owned())).iter().map(ToString::to_string).collect();
    assert_eq!(found, expected);
}

fn lines(count: usize) -> String {
    "let x = 1;\n".repeat(count)
}

#[test]
fn an_ordinary_file_is_tidy() {
    check("hub/bus/src/step.rs", "/// Steps.\npub fn step() {}\n", &[]);
}

#[test]
fn a_long_file_is_found_and_its_own_tests_do_not_count() {
    check("a/src/b.rs", &lines(400), &[]);
    check("a/src/b.rs", &lines(401), &["a/src/b.rs:1: 401 lines; 400 are the most"]);
    check("a/src/b.rs", &format!("{}#[cfg(test)]\nmod tests {{\n{}}}\n", lines(400), lines(100)), &[]);
    check("a/src/b/tests.rs", &lines(900), &[]);
    check("a/tests/day.rs", &lines(900), &[]);
}

#[test]
fn a_long_function_is_found_where_it_begins() {
    let short = format!("    pub(crate) async fn run(&self) {{\n{}    }}\n", "        x();\n".repeat(68));
    check("a/src/b.rs", &short, &[]);
    let long = format!(
        "impl A {{\n    const fn run<T>(\n        a: T,\n    ) {{\n{}    }}\n}}\n",
        "        x();\n".repeat(67)
    );
    check("a/src/b.rs", &long, &["a/src/b.rs:2: run has 71 lines; 70 are the most"]);
}

#[test]
fn a_function_without_a_body_ends_at_its_semicolon() {
    check("a/src/b.rs", &format!("trait T {{\n    fn run(&self);\n{}}}\n", "    // why\n".repeat(90)), &[]);
}

#[test]
fn names_that_say_nothing_are_found() {
    check("a/src/utils.rs", "", &["a/src/utils.rs:1: `utils` says nothing; name the thing"]);
    check("a/src/helpers/x.ts", "", &["a/src/helpers/x.ts:1: `helpers` says nothing; name the thing"]);
    check("a/src/b/mod.rs", "", &["a/src/b/mod.rs:1: `foo.rs` beside `foo/`, no mod.rs"]);
}

#[test]
fn a_crate_says_what_it_does_not_know() {
    check("a/src/lib.rs", "//! Does not know: the air.\n", &[]);
    check("a/src/lib.rs", "", &["a/src/lib.rs:1: a crate's head says what is deliberately absent: `Does not know:`"]);
}

#[test]
fn unfinished_and_silenced_code_is_found_with_its_line() {
    let unfinished = concat!("\n// TO", "DO later\n");
    check("a/x.py", unfinished, &[concat!("a/x.py:2: `TO", "DO`: do it, or write an issue")]);
    let silenced = concat!("#[al", "low(dead_code)]\n");
    check("a/src/b.rs", silenced, &[concat!("a/src/b.rs:1: `#[al", "low(`: use #[expect(…, reason = \"…\")]")]);
    check("a/x.svelte", silenced, &[]);
}

#[test]
fn folders_that_nobody_writes_by_hand_are_not_read() {
    let folder = tempfile::tempdir().unwrap();
    for path in ["hub/src/a.rs", "target/debug/b.rs", "web/node_modules/c.ts", "web/src/d.svelte", "notes.txt"] {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, "").unwrap();
    }
    let mut sources = Vec::new();
    collect(folder.path(), Path::new(""), &mut sources).unwrap();
    let paths: Vec<&Path> = sources.iter().map(Source::path).collect();
    assert_eq!(paths, [Path::new("hub/src/a.rs"), Path::new("web/src/d.svelte")]);
}

#[test]
fn findings_are_told_with_their_number() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("utils.rs"), "").unwrap();
    let error = check_folder(folder.path()).unwrap_err().to_string();
    assert_eq!(error, "1 places are not tidy:\n  utils.rs:1: `utils` says nothing; name the thing");
}

fn check_folder(root: &Path) -> Result<()> {
    super::check(&Checkout::at(root))
}

#[test]
fn what_the_compiler_cannot_check_has_its_places() {
    let text = concat!("#![expect(un", "safe_code, reason = \"why\")]\n");
    check("hub/radio/src/kernel/socket.rs", text, &[]);
    check("sensor-fw/boards/boot/src/step.rs", text, &[]);
    let found = concat!(
        "hub/bus/src/step.rs:1: `un",
        "safe_code`: its only places are hub/radio/src/kernel/socket.rs and sensor-fw/boards"
    );
    check("hub/bus/src/step.rs", text, &[found]);
}
