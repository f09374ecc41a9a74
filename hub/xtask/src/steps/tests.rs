use super::*;

fn line(step: &'static Step, outcome: Outcome, passed: u64, failed: u64) -> Line {
    Line { step, outcome, took: Duration::from_secs(61), tally: Tally { passed, failed } }
}

#[test]
fn a_step_alone_brings_what_it_needs_in_order() {
    let names: Vec<&str> = with_needs(&[&SMOKE]).iter().map(|step| step.name).collect();
    assert_eq!(names, ["web", "build", "demo-smoke"]);
}

#[test]
fn every_need_is_a_step_that_stands_before_what_needs_it() {
    for (place, step) in ALL.iter().enumerate() {
        for need in step.needs {
            let found = ALL.iter().position(|other| other.name == *need);
            assert!(found.is_some_and(|found| found < place), "{} needs {need}", step.name);
        }
    }
}

#[test]
fn a_step_that_is_not_there_is_told_with_those_that_are() {
    let error = named("tests").err().unwrap().to_string();
    assert!(error.starts_with("no step is called `tests`; there are format, arrows, tidy,"), "{error}");
}

#[test]
fn the_last_line_sums_what_the_runners_counted() {
    let lines = [line(&RUST, Outcome::Green, 12, 0), line(&WEB_PAGE, Outcome::Red("1 tests failed".into()), 3, 1)];
    assert_eq!(
        summary(&lines, Duration::from_secs(125)),
        "rust            ok          1:01  12 tests\n\
         web-page        FAILED      1:01  4 tests\n\
         together                    2:05\n\n\
         15 passed, 1 failed\n"
    );
}

#[test]
fn without_tests_nothing_is_counted() {
    let lines = [line(&TIDY, Outcome::Green, 0, 0)];
    assert!(!summary(&lines, Duration::ZERO).contains("passed"));
}

#[test]
fn a_runner_that_ran_no_test_is_red() {
    let nowhere = Checkout::at(std::path::Path::new("."));
    let none = Work::Tests(|_, _| Ok(()));
    assert!(matches!(none.outcome(&nowhere, &mut Tally::default()), Outcome::Red(why) if why == "no test ran"));
    let one = Work::Tests(|_, tally| {
        tally.passed = 1;
        Ok(())
    });
    assert!(matches!(one.outcome(&nowhere, &mut Tally::default()), Outcome::Green));
}
