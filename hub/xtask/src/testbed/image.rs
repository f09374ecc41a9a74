//! The guest: Debian's kernel, and a file system in memory with BlueZ, D-Bus and what we want to test.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::apt::Apt;
use super::initramfs::Initramfs;
use super::modules;
use crate::checkout::Checkout;
use crate::process;

const FOLDER: &str = "target/testbed";

/// Goes up with every change of what is in the image, and so makes it anew.
const RECIPE: u32 = 1;

/// The kernel for real machines: the smaller one for clouds has no Bluetooth.
const KERNEL: &str = "linux-image-amd64";
const PACKAGES: [&str; 3] = ["bluez", "dbus-daemon", "dbus-system-bus-common"];
/// The controllers that we make; and what pairing and the daemon calculate with.
const MODULES: [&str; 6] = ["hci_vhci", "bluetooth", "ecdh_generic", "cmac", "algif_hash", "algif_skcipher"];

const PROGRAMS: [&str; 2] = ["usr/libexec/bluetooth/bluetoothd", "usr/bin/dbus-daemon"];
const FILES: [&str; 3] =
    ["etc/bluetooth/main.conf", "usr/share/dbus-1/system.conf", "usr/share/dbus-1/system.d/bluetooth.conf"];
const LIBRARIES: &str = "usr/lib/x86_64-linux-gnu";
const LOADER: &str = "usr/lib64/ld-linux-x86-64.so.2";

/// Who there is in the guest.
const PEOPLE: [(&str, &str); 3] = [
    ("etc/passwd", "root:x:0:0::/:/\nmessagebus:x:100:100::/:/\nnobody:x:65534:65534::/:/\n"),
    ("etc/group", "root:x:0:\nmessagebus:x:100:\nbluetooth:x:101:\nnogroup:x:65534:\n"),
    ("etc/nsswitch.conf", "passwd: files\ngroup: files\n"),
];

/// What a guest is started from.
pub(super) struct Image {
    folder: PathBuf,
}

impl Image {
    /// The image of last time, or a new one.
    pub(super) fn prepare(checkout: &Checkout) -> Result<Self> {
        let image = Self { folder: checkout.join(FOLDER).join("image") };
        let recipe = format!("{RECIPE} {KERNEL} {PACKAGES:?} {MODULES:?}");
        if fs::read_to_string(image.folder.join("recipe")).is_ok_and(|made| made == recipe) {
            return Ok(image);
        }
        println!("going to make the guest from Debian's packages, in {FOLDER} (140 MB are fetched, 60 MB kept)");
        // Only what is whole is found the next time.
        let part = checkout.join(FOLDER).join("part");
        for folder in [&part, &image.folder] {
            remove(folder)?;
        }
        make(&part)?;
        write(&part.join("image/recipe"), recipe.as_bytes())?;
        fs::rename(part.join("image"), &image.folder).context("failed to rename the image")?;
        remove(&part)?;
        Ok(image)
    }

    /// The kernel's file.
    pub(super) fn kernel(&self) -> PathBuf {
        self.folder.join("vmlinuz")
    }

    /// Which versions are in it.
    pub(super) fn versions(&self) -> Result<String> {
        fs::read_to_string(self.folder.join("versions")).context("failed to read the versions of the guest's packages")
    }

    /// The guest's file system with programs of this machine in it, which find their own libraries and not the guest's:
    /// those may be older.
    pub(super) fn with(&self, programs: &[PathBuf]) -> Result<PathBuf> {
        let mut archive = Initramfs::default();
        let mut needed = BTreeSet::new();
        for program in programs {
            let name = program.file_name().and_then(|name| name.to_str()).context("a program has a name")?;
            let stripped = self.folder.join(name);
            process::run(Command::new("strip").arg("-o").arg(&stripped).arg(program))?;
            archive.program(&format!("ours/{name}"), &read(&stripped)?);
            needed.extend(libraries(Command::new("ldd").arg(program))?);
        }
        for library in needed {
            let name = library.file_name().and_then(|name| name.to_str()).context("a library has a name")?;
            // All loaders are called alike, whatever the machine calls its own.
            let name = if name.starts_with("ld-linux") { "loader" } else { name };
            archive.program(&format!("ours/{name}"), &read(&library)?);
        }
        let path = self.folder.join("initrd");
        write(&path, &[read(&self.folder.join("base.cpio"))?, archive.finish()].concat())?;
        Ok(path)
    }
}

fn make(part: &Path) -> Result<()> {
    let (root, image) = (part.join("root"), part.join("image"));
    for folder in [&root, &image] {
        fs::create_dir_all(folder).with_context(|| format!("failed to make {}", folder.display()))?;
    }
    let apt = Apt::fresh(&part.join("apt"))?;
    let kernel = apt.first_need(KERNEL)?;
    apt.fetch(&PACKAGES)?;
    apt.fetch_alone(&kernel)?;
    let packages = apt.fetched()?;
    println!("unpacking {} packages", packages.len());
    // As Debian has it, and as its packages take for granted.
    for (name, target) in [("lib", "usr/lib"), ("lib64", "usr/lib64"), ("bin", "usr/bin"), ("sbin", "usr/sbin")] {
        fs::create_dir_all(root.join(target)).with_context(|| format!("failed to make {target}"))?;
        std::os::unix::fs::symlink(target, root.join(name)).with_context(|| format!("failed to link {name}"))?;
    }
    for package in &packages {
        let status = Command::new("dpkg-deb").arg("-x").arg(package).arg(&root).status();
        let status = status.context("failed to start dpkg-deb")?;
        ensure!(status.success(), "dpkg-deb cannot unpack {}", package.display());
    }
    let release = kernel.strip_prefix("linux-image-").context("a kernel's package is called after it")?;
    write(&image.join("vmlinuz"), &read(&root.join(format!("boot/vmlinuz-{release}")))?)?;
    write(&image.join("base.cpio"), &base(&root, release)?)?;
    write(&image.join("versions"), versions(&packages, &[&kernel, "bluez", "dbus-daemon"]).as_bytes())
}

/// What is in the guest whatever is tested.
fn base(root: &Path, release: &str) -> Result<Vec<u8>> {
    let mut archive = Initramfs::default();
    for (name, target) in [("lib", "usr/lib"), ("lib64", "usr/lib64"), ("bin", "usr/bin")] {
        archive.folder(target);
        archive.link(name, target);
    }
    for folder in ["proc", "sys", "run/dbus", "tmp", "var/lib/bluetooth", "var/lib/dbus"] {
        archive.folder(folder);
    }
    archive.link("var/run", "/run");
    // The kernel writes to it before anything is mounted.
    archive.device("dev/console", 5, 1);
    for (path, text) in PEOPLE {
        archive.file(path, text.as_bytes());
    }
    for path in FILES {
        archive.file(path, &read(&root.join(path))?);
    }
    let mut needed = vec![root.join(LOADER)];
    for path in PROGRAMS {
        archive.program(path, &read(&root.join(path))?);
        let mut list = Command::new(root.join(LOADER));
        list.arg("--library-path").arg(root.join(LIBRARIES)).arg("--list").arg(root.join(path));
        needed.extend(libraries(&mut list)?);
    }
    needed.sort();
    needed.dedup();
    for path in needed {
        let name = path.strip_prefix(root).ok().and_then(Path::to_str);
        let name = name.with_context(|| format!("{} is none of the guest's libraries", path.display()))?;
        archive.program(name, &read(&path)?);
    }
    let mut order = String::new();
    for module in modules::with_needs(&root.join("usr/lib/modules").join(release), &MODULES)? {
        // Writing to a String does not fail.
        let _ = writeln!(order, "{}", module.name);
        archive.file(&format!("modules/{}.ko", module.name), &module.bytes);
    }
    archive.file("modules/order", order.as_bytes());
    Ok(archive.finish())
}

fn libraries(list: &mut Command) -> Result<Vec<PathBuf>> {
    let text = process::output(list)?;
    ensure!(!text.contains("not found"), "a library is missing:\n{text}");
    Ok(listed(&text).map(PathBuf::from).collect())
}

/// The files in what `ldd` prints: `name => path (address)`, or the loader's path alone.
fn listed(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter_map(|line| {
        let path = line.split_once("=> ").map_or(line, |(_, path)| path);
        path.split_whitespace().next().filter(|path| path.starts_with('/'))
    })
}

/// `bluez 5.82-1.1, …`: what the files of packages are called after.
fn versions(files: &[PathBuf], names: &[&str]) -> String {
    let stems = files.iter().filter_map(|path| path.file_stem()?.to_str());
    let parts = stems.filter_map(|stem| stem.split_once('_'));
    let wanted = parts.filter(|(name, _)| names.contains(name)).map(|(name, rest)| {
        let version = rest.rsplit_once('_').map_or(rest, |(version, _)| version);
        format!("{name} {}", version.replace("%3a", ":"))
    });
    wanted.collect::<Vec<_>>().join(", ")
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("failed to read {}", path.display()))
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    fs::write(path, bytes).with_context(|| format!("failed to write {}", path.display()))
}

fn remove(folder: &Path) -> Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("failed to remove {}", folder.display()))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_are_read_off_what_the_loader_lists() {
        let text = "\tlinux-vdso.so.1 (0x00007ffd)\n\tlibz.so.1 => /usr/lib/libz.so.1 (0x00007f01)\n\
                    \t/lib64/ld-linux-x86-64.so.2 (0x00007f02)\n";
        assert_eq!(listed(text).collect::<Vec<_>>(), ["/usr/lib/libz.so.1", "/lib64/ld-linux-x86-64.so.2"]);
        let guest = "\t/lib64/ld-linux-x86-64.so.2 => /r/usr/lib64/ld-linux-x86-64.so.2 (0x00007f02)\n";
        assert_eq!(listed(guest).collect::<Vec<_>>(), ["/r/usr/lib64/ld-linux-x86-64.so.2"]);
    }

    #[test]
    fn versions_are_read_off_the_names_of_files() {
        let files = ["/c/bluez_5.82-1.1_amd64.deb", "/c/libattr1_1%3a2.5.2-3_amd64.deb", "/c/zlib1g_1.3_amd64.deb"];
        let files: Vec<PathBuf> = files.iter().map(PathBuf::from).collect();
        assert_eq!(versions(&files, &["bluez", "libattr1"]), "bluez 5.82-1.1, libattr1 1:2.5.2-3");
    }
}
