use std::{
    collections::HashSet,
    sync::{Mutex, PoisonError},
};

/// Records found damaged: each is named in the log once.
#[derive(Debug, Default)]
pub(crate) struct Damage {
    known: Mutex<HashSet<String>>,
}

impl Damage {
    pub(crate) fn found(&self, what: String) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if !known.contains(&what) {
            tracing::error!(record = what, "a record of the history is damaged and left out");
            known.insert(what);
        }
    }

    pub(crate) fn count(&self) -> u64 {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).len() as u64
    }
}

/// The name of a block in the log.
pub(crate) fn block_name((boot, device, start): (u32, u64, i64)) -> String {
    format!("block of device {device:x}, boot {boot}, from {start}")
}
