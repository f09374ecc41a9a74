//! Debian's packages for the guest, fetched by apt into a folder of our own: nothing is installed by it, and apt checks
//! signatures by Debian's keys as ever.

mod sources;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::process;

/// The release that the hub's image is made of.
const SUITE: &str = "trixie";
const KEYS: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";

const CONFIG: &str = "apt.conf";

/// What has to be on this machine: a file that shows it, and the package that has it.
const TOOLS: [(&str, &str); 5] = [
    ("/usr/bin/qemu-system-x86_64", "qemu-system-x86"),
    (KEYS, "debian-archive-keyring"),
    ("/usr/bin/xz", "xz-utils"),
    ("/usr/bin/strip", "binutils"),
    ("/usr/bin/ldd", "libc-bin"),
];

/// Installs what is missing on this machine, and says so before.
pub(super) fn install_tools() -> Result<()> {
    let missing: Vec<&str> =
        TOOLS.iter().filter(|(file, _)| !Path::new(file).exists()).map(|(_, name)| *name).collect();
    let has_apt = Path::new("/usr/bin/apt-get").exists() && Path::new("/usr/bin/dpkg-deb").exists();
    ensure!(
        has_apt,
        "the guest is made of Debian's packages, and this machine has no apt; run this step on Debian or Ubuntu"
    );
    if missing.is_empty() {
        return Ok(());
    }
    println!("going to install with apt: {}", missing.join(" "));
    as_root(&["apt-get", "update", "-qq"])?;
    let install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends"];
    as_root(&[&["env", "DEBIAN_FRONTEND=noninteractive"], install.as_slice(), &missing].concat())
}

fn as_root(words: &[&str]) -> Result<()> {
    let is_root = process::output(Command::new("id").arg("-u"))?.trim() == "0";
    let words = if is_root { words.to_vec() } else { [&["sudo"], words].concat() };
    let (program, arguments) = words.split_first().context("no command")?;
    process::run(Command::new(program).args(arguments))
        .with_context(|| format!("as root, run this and start again: {}", words.join(" ")))
}

/// apt with lists, cache and idea of what is installed (nothing) of its own.
pub(super) struct Apt {
    folder: PathBuf,
}

impl Apt {
    /// Fetches the lists of packages.
    pub(super) fn fresh(folder: &Path) -> Result<Self> {
        let apt = Self { folder: folder.to_path_buf() };
        for part in ["state/lists/partial", "cache/archives/partial"] {
            fs::create_dir_all(folder.join(part)).with_context(|| format!("failed to make {}", folder.display()))?;
        }
        let sources = sources::of_this_machine().lines(SUITE, KEYS);
        for (name, text) in [(CONFIG, config(folder).as_str()), ("sources.list", &sources), ("status", "")] {
            fs::write(folder.join(name), text).with_context(|| format!("failed to write {name}"))?;
        }
        process::run(apt.command("apt-get").args(["update", "-qq"]))?;
        Ok(apt)
    }

    /// What a package needs first, as its control file says it.
    pub(super) fn first_need(&self, package: &str) -> Result<String> {
        let show = process::output(self.command("apt-cache").args(["show", "--no-all-versions", package]))?;
        let needs = show.lines().find_map(|line| line.strip_prefix("Depends: "));
        let first = needs.and_then(|needs| needs.split([' ', ',']).next());
        first.map(str::to_owned).with_context(|| format!("{package} needs nothing"))
    }

    /// Fetches packages with all that they need.
    pub(super) fn fetch(&self, packages: &[&str]) -> Result<()> {
        let arguments = ["install", "--download-only", "--no-install-recommends", "-y", "-qq"];
        process::run(self.command("apt-get").args(arguments).args(packages))
    }

    /// Fetches one package without what it needs.
    pub(super) fn fetch_alone(&self, package: &str) -> Result<()> {
        let archives = self.folder.join("cache/archives");
        process::run(self.command("apt-get").args(["download", "-qq", package]).current_dir(archives))
    }

    /// The files fetched so far.
    pub(super) fn fetched(&self) -> Result<Vec<PathBuf>> {
        let folder = self.folder.join("cache/archives");
        let entries = fs::read_dir(&folder).and_then(Iterator::collect::<std::io::Result<Vec<_>>>);
        let entries = entries.with_context(|| format!("failed to list {}", folder.display()))?;
        let mut files: Vec<PathBuf> = entries.into_iter().map(|entry| entry.path()).collect();
        files.retain(|path| path.extension().is_some_and(|extension| extension == "deb"));
        files.sort();
        Ok(files)
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.arg("-c").arg(self.folder.join(CONFIG));
        command
    }
}

/// This is read last, so of the machine's own settings only the way to the network is left.
fn config(folder: &Path) -> String {
    let own = |name: &str| folder.join(name).display().to_string();
    let mut text = String::new();
    // What the machine does after its own updates is not for these.
    for list in [
        "APT::Architectures",
        "APT::Update::Pre-Invoke",
        "APT::Update::Post-Invoke",
        "APT::Update::Post-Invoke-Success",
    ] {
        text += &format!("#clear {list};\n");
    }
    for (option, value) in [
        ("Dir::Etc::sourcelist", own("sources.list").as_str()),
        ("Dir::Etc::sourceparts", "/dev/null"),
        ("Dir::Etc::preferences", "/dev/null"),
        ("Dir::Etc::preferencesparts", "/dev/null"),
        ("Dir::State", &own("state")),
        ("Dir::State::status", &own("status")),
        ("Dir::Cache", &own("cache")),
        ("APT::Architecture", "amd64"),
        ("APT::Architectures::", "amd64"),
        ("APT::Default-Release", ""),
        // Its folders are of whoever runs this, and perhaps nobody else's business.
        ("APT::Sandbox::User", "root"),
        ("Acquire::Languages", "none"),
    ] {
        text += &format!("{option} \"{value}\";\n");
    }
    text
}
