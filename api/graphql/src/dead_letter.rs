use std::sync::Arc;

use async_graphql::{ID, Object, Result};

use crate::{
    device::Device,
    error::internal,
    id::GlobalId,
    scalar::{DateTime, Long},
    view::View,
};

/// A frame that claimed a known format and could not be used.
#[derive(Clone)]
pub(crate) struct DeadLetter {
    view: Arc<View>,
    letter: hub_model::DeadLetter,
}

impl DeadLetter {
    /// The newest ones, with numbers below `before`; at most `limit`.
    pub(crate) async fn newest(view: &Arc<View>, before: Option<u64>, limit: usize) -> Result<Vec<Self>> {
        let hub = Arc::clone(view.hub());
        let read = tokio::task::spawn_blocking(move || hub.ports.dead_letters.newest(before, limit));
        let letters = read.await.map_err(|error| internal(view.hub(), &error))?;
        Ok(letters.into_iter().map(|letter| Self { view: Arc::clone(view), letter }).collect())
    }

    /// The one of this number, if it is still kept.
    pub(crate) async fn find(view: &Arc<View>, number: u64) -> Result<Option<Self>> {
        let newest = Self::newest(view, number.checked_add(1), 1).await?;
        Ok(newest.into_iter().find(|found| found.letter.id == number))
    }

    pub(crate) const fn number(&self) -> u64 {
        self.letter.id
    }
}

/// A frame that claimed a known format and could not be used, kept for whoever looks for the reason.
#[Object]
impl DeadLetter {
    /// The global id.
    pub(crate) async fn id(&self) -> ID {
        GlobalId::DeadLetter(self.letter.id).encode()
    }

    /// Who sent it.
    async fn address(&self) -> String {
        self.letter.address.to_string()
    }

    /// The device of that address, if it is adopted or was understood before.
    async fn device(&self) -> Option<Device> {
        Device::find(&self.view, self.letter.address.into())
    }

    /// The reason, a stable snake_case code such as `bad_mic`.
    async fn code(&self) -> &str {
        &self.letter.code
    }

    /// What was wrong, in words.
    async fn detail(&self) -> &str {
        &self.letter.detail
    }

    /// Which part of the advertisement it was: `service_data:fcd2` or `manufacturer_data:0499`.
    async fn part(&self) -> &str {
        &self.letter.part
    }

    /// The bytes of that part, in hex.
    async fn bytes_hex(&self) -> String {
        hex::encode(&self.letter.bytes)
    }

    /// When frames of this device were first refused for this reason.
    async fn first_at(&self) -> DateTime {
        DateTime(self.letter.first_at)
    }

    /// When one was last.
    async fn last_at(&self) -> DateTime {
        DateTime(self.letter.last_at)
    }

    /// How many were since `firstAt`.
    async fn count(&self) -> Long {
        self.letter.count.into()
    }
}
