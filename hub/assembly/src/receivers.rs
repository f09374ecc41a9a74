//! Who listens, and how well.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use hub_model::{ReceiverHealth, ReceiverId};

/// The receivers by their number.
#[derive(Default)]
pub struct Receivers {
    known: Mutex<BTreeMap<ReceiverId, ReceiverHealth>>,
}

impl Receivers {
    /// A receiver begins to listen under this name.
    pub fn begun(&self, receiver: ReceiverId, name: &str) {
        let mut known = self.lock();
        let health = known.entry(receiver).or_insert_with(|| blank(receiver, name));
        health.name = name.to_owned();
        health.is_listening = true;
        health.trouble = None;
    }

    /// A receiver has stopped listening, for this reason.
    pub fn failed(&self, receiver: ReceiverId, name: &str, trouble: &str) {
        let mut known = self.lock();
        let health = known.entry(receiver).or_insert_with(|| blank(receiver, name));
        health.is_listening = false;
        health.trouble = Some(trouble.to_owned());
    }

    /// A receiver was removed.
    pub fn gone(&self, receiver: ReceiverId) {
        self.lock().remove(&receiver);
    }

    /// A receiver heard an advert.
    pub(crate) fn heard(&self, receiver: ReceiverId) {
        if let Some(health) = self.lock().get_mut(&receiver) {
            health.adverts += 1;
        }
    }

    /// How they are doing, in order of their number.
    pub fn health(&self) -> Vec<ReceiverHealth> {
        self.lock().values().cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<ReceiverId, ReceiverHealth>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn blank(id: ReceiverId, name: &str) -> ReceiverHealth {
    ReceiverHealth { id, name: name.to_owned(), is_listening: false, adverts: 0, trouble: None }
}
