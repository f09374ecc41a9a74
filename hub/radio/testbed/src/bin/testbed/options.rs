//! The command line.

use std::{ffi::OsString, path::PathBuf};

use anyhow::{Context as _, Result, bail};

/// Where everything is that somebody else made.
pub(crate) struct Options {
    /// The guest's kernel, and its file system.
    pub(crate) kernel: PathBuf,
    pub(crate) initrd: PathBuf,
    /// A Python with bumble.
    pub(crate) python: PathBuf,
    /// The folder of the modules that `air` imports.
    pub(crate) python_path: PathBuf,
    /// The program that is the air.
    pub(crate) air: PathBuf,
    /// The sensor's firmware as a program.
    pub(crate) sensor: PathBuf,
    /// Parts of the names of wanted scenarios; none are all.
    pub(crate) names: Vec<String>,
}

impl Options {
    /// `--kernel FILE --initrd FILE --python FILE --python-path FOLDER --air FILE --sensor FILE [NAME…]`
    pub(crate) fn of_command_line(mut words: impl Iterator<Item = OsString>) -> Result<Self> {
        let options = ["--kernel", "--initrd", "--python", "--python-path", "--air", "--sensor"];
        let mut values = options.map(|_| None);
        let mut names = Vec::new();
        while let Some(word) = words.next() {
            let word = word.into_string().ok().context("an argument is no text")?;
            match options.iter().zip(&mut values).find(|(option, _)| **option == word) {
                Some((_, value)) => *value = words.next().map(PathBuf::from),
                None if word.starts_with('-') => bail!("no option is called {word}; there are {}", options.join(", ")),
                None => names.push(word),
            }
        }
        let [Some(kernel), Some(initrd), Some(python), Some(python_path), Some(air), Some(sensor)] = values else {
            bail!("{} are all needed; `cargo xtask test radio` gives them", options.join(", "));
        };
        Ok(Self { kernel, initrd, python, python_path, air, sensor, names })
    }
}
