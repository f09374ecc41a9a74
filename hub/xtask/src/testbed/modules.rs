//! The kernel's modules: which ones a few of them need, in the order in which they can be loaded.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

/// A module, unpacked.
pub(super) struct Module {
    pub(super) name: String,
    pub(super) bytes: Vec<u8>,
}

/// The modules of that name below `folder`, and before each those that it needs. A name that is missing is built into
/// the kernel, or that kernel has it not; the guest finds out which.
pub(super) fn with_needs(folder: &Path, wanted: &[&str]) -> Result<Vec<Module>> {
    let mut files = BTreeMap::new();
    collect(folder, &mut files)?;
    let mut modules = Vec::new();
    for name in wanted {
        load(name, &files, &mut modules)?;
    }
    ensure!(!modules.is_empty(), "{} has no module of {}", folder.display(), wanted.join(", "));
    Ok(modules)
}

fn load(name: &str, files: &BTreeMap<String, PathBuf>, modules: &mut Vec<Module>) -> Result<()> {
    let Some(path) = files.get(name) else { return Ok(()) };
    if modules.iter().any(|module| module.name == name) {
        return Ok(());
    }
    let bytes = unpacked(path)?;
    for need in needs(&bytes) {
        load(&need, files, modules)?;
    }
    modules.push(Module { name: name.to_owned(), bytes });
    Ok(())
}

/// Modules by name. A file may be called with dashes; a module never is.
fn collect(folder: &Path, files: &mut BTreeMap<String, PathBuf>) -> Result<()> {
    for entry in std::fs::read_dir(folder).with_context(|| format!("failed to list {}", folder.display()))? {
        let path = entry.with_context(|| format!("failed to list {}", folder.display()))?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if let Some((name, _)) = path.file_name().and_then(|name| name.to_str()?.split_once(".ko")) {
            files.insert(name.replace('-', "_"), path);
        }
    }
    Ok(())
}

fn unpacked(path: &Path) -> Result<Vec<u8>> {
    if path.extension().is_none_or(|extension| extension != "xz") {
        return std::fs::read(path).with_context(|| format!("failed to read {}", path.display()));
    }
    let output = Command::new("xz").arg("-dc").arg(path).output().context("failed to start xz")?;
    ensure!(output.status.success(), "xz cannot unpack {}", path.display());
    Ok(output.stdout)
}

/// What a module says of itself in its section `.modinfo`: texts, each ended by a zero, one of them `depends=a,b`.
fn needs(module: &[u8]) -> Vec<String> {
    let says = module.split(|byte| *byte == 0).find_map(|text| text.strip_prefix(b"depends="));
    let names = String::from_utf8_lossy(says.unwrap_or_default());
    names.split(',').filter(|name| !name.is_empty()).map(|name| name.replace('-', "_")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_module_needs_comes_before_it() {
        let folder = tempfile::tempdir().unwrap();
        let put = |path: &str, text: &[u8]| {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        put("net/radio.ko", b"ELF\0license=GPL\0depends=curve-maths,sums\0name=radio\0");
        put("crypto/curve-maths.ko", b"\0depends=sums\0");
        put("lib/sums.ko", b"\0depends=\0");
        put("lib/other.ko", b"\0depends=\0");
        let modules = with_needs(folder.path(), &["radio", "sums", "built_in"]).unwrap();
        let names: Vec<&str> = modules.iter().map(|module| module.name.as_str()).collect();
        assert_eq!(names, ["sums", "curve_maths", "radio"]);
        assert!(with_needs(folder.path(), &["nothing"]).is_err());
    }
}
