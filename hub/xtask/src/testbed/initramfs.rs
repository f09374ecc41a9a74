//! A guest's first file system: a cpio archive as the kernel unpacks it into memory.
//!
//! The format is "newc" (Linux, `Documentation/driver-api/early-userspace/buffer-format.rst`): for each entry a magic
//! and thirteen numbers of eight hexadecimal digits, its name, its bytes; name and bytes are padded to four. Archives
//! may stand one behind the other.

use std::collections::BTreeSet;

const FOLDER: u32 = 0o040_755;
const LINK: u32 = 0o120_777;
const PLAIN: u32 = 0o100_644;
const PROGRAM: u32 = 0o100_755;
const CHARACTER_DEVICE: u32 = 0o020_600;

/// An archive that grows.
#[derive(Default)]
pub(super) struct Initramfs {
    bytes: Vec<u8>,
    entries: u32,
    folders: BTreeSet<String>,
}

impl Initramfs {
    /// A file, for everybody to read.
    pub(super) fn file(&mut self, path: &str, content: &[u8]) {
        self.parents(path);
        self.entry(path, PLAIN, (0, 0), content);
    }

    /// A file, for everybody to run.
    pub(super) fn program(&mut self, path: &str, content: &[u8]) {
        self.parents(path);
        self.entry(path, PROGRAM, (0, 0), content);
    }

    /// Another name of `target`.
    pub(super) fn link(&mut self, path: &str, target: &str) {
        self.parents(path);
        self.entry(path, LINK, (0, 0), target.as_bytes());
    }

    /// A character device by its numbers.
    pub(super) fn device(&mut self, path: &str, major: u32, minor: u32) {
        self.parents(path);
        self.entry(path, CHARACTER_DEVICE, (major, minor), &[]);
    }

    /// A folder, and those above it.
    pub(super) fn folder(&mut self, path: &str) {
        self.parents(path);
        if self.folders.insert(path.to_owned()) {
            self.entry(path, FOLDER, (0, 0), &[]);
        }
    }

    /// The whole archive.
    pub(super) fn finish(mut self) -> Vec<u8> {
        self.entry("TRAILER!!!", 0, (0, 0), &[]);
        self.bytes
    }

    /// The kernel makes no folder that was not listed before what is in it.
    fn parents(&mut self, path: &str) {
        if let Some((folder, _)) = path.rsplit_once('/') {
            self.folder(folder);
        }
    }

    fn entry(&mut self, path: &str, mode: u32, device: (u32, u32), content: &[u8]) {
        self.entries += 1;
        // Nothing here comes near 4 GiB.
        let [length, name_length] = [content.len(), path.len() + 1].map(|length| length as u32);
        let links = 1;
        let (user, group, time, checksum) = (0, 0, 0, 0);
        let numbers =
            [self.entries, mode, user, group, links, time, length, 0, 0, device.0, device.1, name_length, checksum];
        self.bytes.extend_from_slice(b"070701");
        for number in numbers {
            self.bytes.extend_from_slice(format!("{number:08x}").as_bytes());
        }
        self.bytes.extend_from_slice(path.as_bytes());
        self.bytes.push(0);
        self.pad();
        self.bytes.extend_from_slice(content);
        self.pad();
    }

    fn pad(&mut self) {
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_come_before_what_is_in_them_and_once() {
        let mut archive = Initramfs::default();
        archive.file("etc/group", b"root");
        archive.program("etc/a/run", b"#!");
        archive.link("lib", "usr/lib");
        archive.device("dev/console", 5, 1);
        let bytes = archive.finish();
        assert_eq!(bytes.len() % 4, 0);
        let text = String::from_utf8_lossy(&bytes);
        let entries: Vec<&str> = text.split("070701").skip(1).collect();
        let field = |entry: &str, nth: usize| u32::from_str_radix(&entry[nth * 8..nth * 8 + 8], 16).unwrap();
        let names: Vec<&str> = entries.iter().map(|entry| entry[13 * 8..].split('\0').next().unwrap()).collect();
        assert_eq!(names, ["etc", "etc/group", "etc/a", "etc/a/run", "lib", "dev", "dev/console", "TRAILER!!!"]);
        let modes: Vec<u32> = entries.iter().map(|entry| field(entry, 1)).collect();
        assert_eq!(modes, [FOLDER, PLAIN, FOLDER, PROGRAM, LINK, FOLDER, CHARACTER_DEVICE, 0]);
        assert_eq!((field(entries[1], 6), field(entries[6], 9), field(entries[6], 10)), (4, 5, 1));
        assert!(entries[4].ends_with("lib\0\0\0usr/lib\0"), "{:?}", entries[4]);
    }
}
