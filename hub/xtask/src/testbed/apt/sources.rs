//! Where this machine gets Debian from.

use std::fs;
use std::path::{Path, PathBuf};

/// Where Debian and its security updates are.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Sources {
    main: String,
    security: Option<String>,
}

/// What a machine that is no Debian asks (<https://deb.debian.org>: "the Debian mirror that is near you").
const MAIN: &str = "http://deb.debian.org/debian";
const SECURITY: &str = "http://deb.debian.org/debian-security";

/// The mirrors of this machine, if it is a Debian.
pub(super) fn of_this_machine() -> Sources {
    let mut texts = Vec::new();
    let parts = fs::read_dir("/etc/apt/sources.list.d").into_iter().flatten().flatten().map(|entry| entry.path());
    for path in parts.chain([PathBuf::from("/etc/apt/sources.list")]) {
        let is_new = path.extension().is_some_and(|extension| extension == "sources");
        let text = fs::read_to_string(&path).unwrap_or_default();
        texts.push((text, is_new));
    }
    Sources::read(&texts)
}

impl Sources {
    /// What the files of `/etc/apt` say: one-line entries, or stanzas (`true`).
    fn read(files: &[(String, bool)]) -> Self {
        let mut entries = Vec::new();
        for (text, is_new) in files {
            if *is_new {
                entries.extend(text.split("\n\n").filter_map(Entry::of_stanza))
            } else {
                entries.extend(text.lines().filter_map(Entry::of_line))
            }
        }
        let mirror = |of_security: bool| {
            let mut fitting = entries.iter().filter(|entry| entry.is_debian() && entry.is_security() == of_security);
            fitting.next().map(|entry| entry.uri.trim_end_matches('/').to_owned())
        };
        match mirror(false) {
            Some(main) => Self { main, security: mirror(true) },
            None => Self { main: MAIN.to_owned(), security: Some(SECURITY.to_owned()) },
        }
    }

    /// What to write for apt.
    pub(super) fn lines(&self, suite: &str, keys: &str) -> String {
        let mut text = format!("deb [signed-by={keys}] {} {suite} main\n", self.main);
        if let Some(security) = &self.security {
            text += &format!("deb [signed-by={keys}] {security} {suite}-security main\n");
        }
        text
    }
}

/// One source of packages.
struct Entry {
    uri: String,
    suite: String,
    components: Vec<String>,
}

impl Entry {
    /// `deb [options] URI suite component…`
    fn of_line(line: &str) -> Option<Self> {
        let rest = line.trim().strip_prefix("deb ")?.trim_start();
        let rest = if rest.starts_with('[') { rest.split_once(']')?.1 } else { rest };
        let mut words = rest.split_whitespace().map(str::to_owned);
        Some(Self { uri: words.next()?, suite: words.next()?, components: words.collect() })
    }

    /// Lines `Types:`, `URIs:`, `Suites:`, `Components:`.
    fn of_stanza(stanza: &str) -> Option<Self> {
        let field = |name: &str| {
            let lines = stanza.lines().filter(|line| !line.starts_with('#'));
            lines.filter_map(|line| line.split_once(':')).find(|(key, _)| key.eq_ignore_ascii_case(name))
        };
        let words = |name| field(name).map(|(_, value)| value.split_whitespace().map(str::to_owned));
        if !words("Types")?.any(|kind| kind == "deb") {
            return None;
        }
        Some(Self {
            uri: words("URIs")?.next()?,
            suite: words("Suites")?.next()?,
            components: words("Components")?.collect(),
        })
    }

    /// Others name their suites after Debian's releases, and have no `main`, or lie elsewhere.
    fn is_debian(&self) -> bool {
        let folder = Path::new(&self.uri).file_name().and_then(|name| name.to_str());
        let has_main = self.components.iter().any(|component| component == "main");
        has_main && folder.is_some_and(|name| name.starts_with("debian")) && !self.uri.starts_with("cdrom:")
    }

    fn is_security(&self) -> bool {
        self.suite.ends_with("-security") || self.suite.ends_with("/updates")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(new: &str, old: &str) -> Sources {
        Sources::read(&[(new.to_owned(), true), (old.to_owned(), false)])
    }

    #[test]
    fn a_debian_machine_says_where_its_mirrors_are() {
        let stanzas = "Types: deb\n# moved\nURIs: http://mirror.example/debian/\nSuites: bookworm bookworm-updates\n\
                       Components: main\n\nTypes: deb\nURIs: http://mirror.example/debian-security\n\
                       Suites: bookworm-security\nComponents: main\n";
        let expected = Sources {
            main: "http://mirror.example/debian".to_owned(),
            security: Some("http://mirror.example/debian-security".to_owned()),
        };
        assert_eq!(read(stanzas, ""), expected);
        let lines = "# deb http://old.example/debian bookworm main\n\
                     deb [arch=amd64] http://mirror.example/debian trixie main contrib\n\
                     deb http://mirror.example/debian-security trixie-security main\n";
        assert_eq!(read("", lines), expected);
        assert_eq!(
            expected.lines("trixie", "/keys.gpg"),
            "deb [signed-by=/keys.gpg] http://mirror.example/debian trixie main\n\
             deb [signed-by=/keys.gpg] http://mirror.example/debian-security trixie-security main\n"
        );
    }

    #[test]
    fn packages_of_others_are_not_debian() {
        let stanzas = "Types: deb\nURIs: https://node.example/node_24.x\nSuites: nodistro\nComponents: main\n\n\
                       Types: deb\nURIs: https://containers.example/linux/debian\nSuites: bookworm\nComponents: stable\n\n\
                       Types: deb-src\nURIs: http://mirror.example/debian\nSuites: trixie\nComponents: main\n";
        let lines = "deb http://archive.example/ubuntu noble main universe\n";
        let expected = Sources { main: MAIN.to_owned(), security: Some(SECURITY.to_owned()) };
        assert_eq!(read(stanzas, lines), expected);
    }
}
