use hub_model::{CommandError, DeviceId, EventBody, Outcome, Request, RoomId, Seq, UnixMillis};
use redb::{ReadableDatabase, ReadableTable, ReadableTableMetadata, WriteTransaction};

use super::{Change, Registry, Revision};
use crate::{
    RegistryError,
    fingerprint::fingerprint,
    record::{self, PendingRecord, RequestRecord},
    tables::{PENDING, REQUEST_ORDER, REQUESTS as TABLE},
};

/// Milliseconds for which a request id is remembered: 24 hours, by the wall clock.
pub const REQUEST_MS: i64 = 24 * 60 * 60 * 1_000;

/// The most request ids that are remembered; the oldest make room.
pub const REQUESTS: u64 = 10_000;

/// Whether a request was done before.
pub(super) enum Earlier {
    /// It was; this came of it.
    Outcome(Outcome),
    /// It was, but its events never reached the log.
    Unpublished(Change),
    /// It was not; the command has this fingerprint, if the request has an id.
    Nothing { fingerprint: Option<u128> },
}

impl Registry {
    pub(super) fn done_before(&self, request: &Request, now: UnixMillis) -> Result<Earlier, CommandError> {
        let Some(id) = &request.id else { return Ok(Earlier::Nothing { fingerprint: None }) };
        let fingerprint = fingerprint(&request.command)?;
        let Some(earlier) = self.request(&request.principal, id.as_str())? else {
            return Ok(Earlier::Nothing { fingerprint: Some(fingerprint) });
        };
        if is_old(&earlier, now) {
            return Ok(Earlier::Nothing { fingerprint: Some(fingerprint) });
        }
        if earlier.fingerprint != fingerprint {
            return Err(CommandError::RequestIdReused { id: id.as_str().to_owned() });
        }
        let (device, room) = (earlier.device.map(DeviceId::from_u64), earlier.room.map(RoomId));
        if let Some(seq) = earlier.seq {
            return Ok(Earlier::Outcome(Outcome { device, room, seq: Seq(seq), is_repeat: true }));
        }
        let revision = Revision(earlier.revision);
        let (household, events) = (self.household(), self.pending_events(revision)?);
        Ok(Earlier::Unpublished(Change { revision, household, events, device, room, is_repeat: true }))
    }

    fn request(&self, principal: &str, id: &str) -> Result<Option<RequestRecord>, RegistryError> {
        let table = self.database.begin_read()?.open_table(TABLE)?;
        let row = table.get((principal, id))?;
        row.map(|row| record::read("request", id, row.value(), Ok)).transpose()
    }

    fn pending_events(&self, revision: Revision) -> Result<Vec<EventBody>, RegistryError> {
        let table = self.database.begin_read()?.open_table(PENDING)?;
        let row = table.get(revision.0)?.ok_or_else(|| RegistryError::Damaged {
            table: "pending",
            key: revision.0.to_string(),
            reason: "it is missing".to_owned(),
        })?;
        let events = |record: PendingRecord| Ok(record.events.into_iter().map(EventBody::from).collect());
        record::read("pending", revision.0, row.value(), events)
    }
}

/// Is a request older than is remembered? One from the future (the clock went back) is not.
fn is_old(record: &RequestRecord, now: UnixMillis) -> bool {
    now - UnixMillis(record.at_ms) >= REQUEST_MS
}

/// Writes down a request and forgets old ones.
pub(super) fn remember(
    transaction: &WriteTransaction,
    principal: &str,
    id: &str,
    record: &RequestRecord,
    now: UnixMillis,
) -> Result<(), RegistryError> {
    let mut requests = transaction.open_table(TABLE)?;
    let mut order = transaction.open_table(REQUEST_ORDER)?;
    let bytes = record::write("request", record)?;
    let replaced = match requests.insert((principal, id), bytes.as_slice())? {
        Some(row) => Some(record::read("request", id, row.value(), Ok::<RequestRecord, _>)?),
        None => None,
    };
    if let Some(replaced) = replaced {
        order.remove(replaced.revision)?;
    }
    order.insert(record.revision, (principal, id))?;
    loop {
        let Some((revision, principal, id)) = oldest(&order)? else { return Ok(()) };
        let is_old = match requests.get((principal.as_str(), id.as_str()))? {
            Some(row) => is_old(&record::read("request", &id, row.value(), Ok)?, now),
            None => true,
        };
        if !is_old && order.len()? <= REQUESTS {
            return Ok(());
        }
        requests.remove((principal.as_str(), id.as_str()))?;
        order.remove(revision)?;
    }
}

fn oldest(
    order: &impl ReadableTable<u64, (&'static str, &'static str)>,
) -> Result<Option<(u64, String, String)>, RegistryError> {
    let Some((revision, request)) = order.first()? else { return Ok(None) };
    let (principal, id) = request.value();
    Ok(Some((revision.value(), principal.to_owned(), id.to_owned())))
}

/// Completes the outcome of a request, if it is still remembered and still of this change.
pub(super) fn set_seq(
    transaction: &WriteTransaction,
    principal: &str,
    id: &str,
    revision: Revision,
    seq: Seq,
) -> Result<(), RegistryError> {
    let mut requests = transaction.open_table(TABLE)?;
    let known = match requests.get((principal, id))? {
        Some(row) => Some(record::read("request", id, row.value(), Ok::<RequestRecord, _>)?),
        None => None,
    };
    if let Some(mut known) = known.filter(|record| record.revision == revision.0) {
        known.seq = Some(seq.0);
        requests.insert((principal, id), record::write("request", &known)?.as_slice())?;
    }
    Ok(())
}
