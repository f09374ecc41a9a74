//! One file, seen the way the style rules speak of it.

use std::path::{Component, Path, PathBuf};

/// Files that people write by hand and machines run.
const CODE: &[&str] =
    &["rs", "toml", "sh", "py", "ts", "js", "mjs", "svelte", "css", "html", "graphql", "yml", "yaml", "service"];

/// A file of the repository: its path below the root, and its text.
pub(super) struct Source {
    path: PathBuf,
    text: String,
}

/// A function of a Rust file.
pub(super) struct Function<'text> {
    pub(super) name: &'text str,
    /// Where it begins, counted from 1.
    pub(super) line: usize,
    /// From `fn` to the closing brace, both counted.
    pub(super) lines: usize,
}

impl Source {
    pub(super) fn new(path: PathBuf, text: String) -> Self {
        Self { path, text }
    }

    /// Whether the rules speak of such a file at all.
    pub(super) fn is_code(path: &Path) -> bool {
        path.extension().is_some_and(|extension| CODE.iter().any(|code| extension == *code))
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn is_rust(&self) -> bool {
        self.path.extension().is_some_and(|extension| extension == "rs")
    }

    /// Whether it is tests, benches or examples from its first line to its last.
    pub(super) fn is_test(&self) -> bool {
        self.names().any(|name| matches!(name, "tests" | "benches" | "examples" | "fuzz"))
    }

    /// Whether it is where a crate says what it is.
    pub(super) fn is_crate_head(&self) -> bool {
        self.path.ends_with("src/lib.rs")
    }

    /// The folders above it and its own name without the ending.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        let folders = self.path.parent().unwrap_or(Path::new("")).components().filter_map(|part| match part {
            Component::Normal(name) => name.to_str(),
            _ => None,
        });
        folders.chain(self.path.file_stem().and_then(|stem| stem.to_str()))
    }

    /// Its lines, numbered from 1.
    pub(super) fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text.lines().enumerate().map(|(index, line)| (index + 1, line))
    }

    /// How many lines it has before a test module that is written into it.
    pub(super) fn product_lines(&self) -> usize {
        let mut lines = self.lines().peekable();
        while let Some((number, line)) = lines.next() {
            let opens_module = lines.peek().is_some_and(|(_, next)| next.starts_with("mod ") && next.ends_with('{'));
            if line == "#[cfg(test)]" && opens_module {
                return number - 1;
            }
        }
        self.text.lines().count()
    }

    /// The functions with a body, outside a test module that is written into the file.
    pub(super) fn functions(&self) -> impl Iterator<Item = Function<'_>> {
        let end = self.product_lines();
        self.lines().take(end).filter_map(|(line, text)| {
            let name = function_name(text)?;
            let indent = text.len() - text.trim_start().len();
            let lines = self.lines().skip(line - 1).take_while(|(_, text)| !ends_at(text, indent)).count() + 1;
            Some(Function { name, line, lines })
        })
    }
}

/// The name of the function that begins on this line.
fn function_name(line: &str) -> Option<&str> {
    let (before, after) = line.split_once("fn ")?;
    let is_head = before.split_whitespace().all(|word| {
        matches!(word, "pub" | "async" | "const" | "unsafe" | "extern" | "\"C\"") || word.starts_with("pub(")
    });
    if is_head { after.split(['(', '<']).next() } else { None }
}

/// Whether a function that is indented like this ends on this line: by its brace, on one line, or without a body.
fn ends_at(line: &str, indent: usize) -> bool {
    let own_indent = line.len() - line.trim_start().len();
    own_indent == indent && (line.ends_with('}') || line.ends_with(';'))
}
