//! Counts tests by the summary lines that the runners print.

#[cfg(test)]
mod tests;

/// How many tests passed and failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
}

impl Tally {
    /// Takes in one line of a runner's output; most lines say nothing.
    pub(crate) fn read(&mut self, line: &str) {
        let line = without_colours(line);
        let line = line.trim();
        if let Some(counts) = line.strip_prefix("test result: ") {
            self.add_counts(counts.split([';', '.']));
        } else if let Some(counts) = line.strip_prefix("Tests ") {
            // vitest; the total in brackets repeats the parts.
            self.add_counts(counts.split_once('(').map_or(counts, |(parts, _)| parts).split('|'));
        } else if let Some(counts) = line.strip_prefix("# ").or(line.strip_prefix("ℹ ")) {
            self.add_node(counts);
        }
    }

    /// Takes in what another one counted.
    pub(crate) fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }

    /// `12 passed`, `1 failed`, in any order and between other words.
    fn add_counts<'text>(&mut self, parts: impl Iterator<Item = &'text str>) {
        for part in parts {
            let mut words = part.split_whitespace();
            match (words.next().and_then(|word| word.parse::<u64>().ok()), words.next()) {
                (Some(count), Some("passed")) => self.passed += count,
                (Some(count), Some("failed")) => self.failed += count,
                _ => {}
            }
        }
    }

    /// node's own runner: `pass 12`.
    fn add_node(&mut self, counts: &str) {
        match counts.split_once(' ').map(|(word, count)| (word, count.parse::<u64>())) {
            Some(("pass", Ok(count))) => self.passed += count,
            Some(("fail", Ok(count))) => self.failed += count,
            _ => {}
        }
    }
}

/// The line without terminal colours (`ESC [ … m`).
fn without_colours(line: &str) -> String {
    let mut parts = line.split('\u{1b}');
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        text.push_str(part.split_once('m').map_or("", |(_, rest)| rest));
    }
    text
}
