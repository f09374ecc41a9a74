use std::{
    io::{BufRead, BufReader},
    process::Stdio,
};

use crate::{Owner, capture};

const DEVICE: &str = "A4:C1:38:00:11:22";

/// Kills replays in the middle, again and again: what was said to be on disk is there, and nothing is there twice.
#[test]
fn kill_9_during_a_replay_loses_nothing_that_was_acknowledged() {
    let owner = Owner::new();
    const ADVERTS: u32 = 60_000;
    let file = owner.file("capture.jsonl", &capture(ADVERTS));
    for kill_after in [1, 2, 4] {
        let mut child = owner
            .command("replay")
            .args(["--from", file.to_str().unwrap(), "--adopt-all"])
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let said = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
        let last = said.filter(|line| line.starts_with("on disk:")).nth(kill_after - 1).unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        let acknowledged: usize = last.split(' ').nth(2).unwrap().parse().unwrap();
        let kept = owner.temperatures(DEVICE);
        assert!(kept.len() >= acknowledged, "{} kept, {acknowledged} acknowledged", kept.len());
        let mut times: Vec<_> = kept.iter().map(|(t, _)| t).collect();
        times.dedup();
        assert_eq!(times.len(), kept.len(), "no reading twice");
    }
    owner.replay(&file);
    let kept = owner.temperatures(DEVICE);
    assert_eq!(kept.len(), ADVERTS as usize);
    assert_eq!(kept.first().unwrap(), &("2026-11-21T00:00:00.000Z".to_owned(), "20".to_owned()));
}
