use super::*;

fn check(lines: &str, passed: u64, failed: u64) {
    let mut tally = Tally::default();
    lines.lines().for_each(|line| tally.read(line));
    assert_eq!(tally, Tally { passed, failed });
}

#[test]
fn cargos_summaries_are_added_up() {
    check(
        "running 12 tests\n\
         test bus::keeps_order ... ok\n\
         test result: ok. 12 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s\n\
         test result: FAILED. 3 passed; 2 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s\n",
        15,
        2,
    );
}

#[test]
fn nodes_summary_is_read_in_both_forms() {
    check("ok 1 - audit\n1..61\n# tests 61\n# suites 0\n# pass 60\n# fail 1\n# cancelled 0\n", 60, 1);
    check("✔ audit (1 ms)\nℹ tests 2\nℹ pass 2\nℹ fail 0\n", 2, 0);
}

#[test]
fn vitests_files_and_totals_do_not_count() {
    check(" Test Files  3 passed (3)\n      Tests  1 failed | 11 passed | 2 skipped (14)\n", 11, 1);
    check(
        "\u{1b}[2m      Tests \u{1b}[22m \u{1b}[1m\u{1b}[32m28 passed\u{1b}[39m\u{1b}[22m\u{1b}[90m (28)\u{1b}[39m",
        28,
        0,
    );
}

#[test]
fn what_a_test_itself_prints_does_not_count() {
    check("the log says: 12 passed\n# pass the salt\nTests are fun\n", 0, 0);
}
