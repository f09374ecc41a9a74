use core::ops::ControlFlow;

use embedded_storage_async::nor_flash::NorFlash;
use wire::{
    bytes::NoRoom,
    log::SampleId,
    message::{MessageError, Refusal},
    service::{Answer, Ask, BlocksWriter, Health, ResetReason},
};

use crate::{brain::Brain, resets::Resets, update::Update};

/// What is true of the sensor when it is asked.
#[derive(Debug, Clone, Copy)]
pub struct Condition {
    /// Milliseconds since it started.
    pub now_ms: u64,
    /// Why it started.
    pub reset: ResetReason,
    /// How often it did not stop because it should.
    pub resets: Resets,
    /// The battery under load, mV.
    pub battery_mv: u16,
}

/// Answers a [question](crate::pairing::Output::Question) of the owner's hub about log, health or an update, and tells how long
/// the answer is.
///
/// # Errors
/// [`NoRoom`] when the buffer is shorter than [`MAX_ANSWER`](crate::pairing::MAX_ANSWER).
pub async fn answer<S: NorFlash, I: NorFlash + Clone>(
    question: &[u8],
    condition: &Condition,
    brain: &mut Brain<S>,
    update: &mut Update<I>,
    buffer: &mut [u8],
) -> Result<usize, NoRoom> {
    let mv = condition.battery_mv;
    let done = match Ask::parse(question) {
        Err(error) => Err(refusal(error)),
        Ok(Ask::Log { from }) => return blocks(from, brain, buffer).await,
        Ok(Ask::Health) => {
            let health = health(condition, brain, update);
            return Answer::Health(health).write(buffer);
        }
        Ok(Ask::Progress) => Ok(()),
        Ok(Ask::Offer { manifest }) => update.offer(brain.facts(), manifest, mv).await,
        Ok(Ask::Chunk { offset, bytes }) => update.chunk(brain.facts(), offset, bytes, mv).await,
        Ok(Ask::Install) => install(brain, update, mv).await,
        Ok(Ask::Abandon) => update.abandon(brain.facts()).await,
    };
    let answer = match done {
        Ok(()) => Answer::Progress(update.progress()),
        Err(refusal) => Answer::Refused(refusal),
    };
    answer.write(buffer)
}

/// What is in memory of the log is kept first: the program restarts next.
async fn install<S: NorFlash, I: NorFlash + Clone>(
    brain: &mut Brain<S>,
    update: &mut Update<I>,
    mv: u16,
) -> Result<(), Refusal> {
    update.install(brain.facts(), mv).await?;
    brain.log().keep().await.map_err(|_| Refusal::Storage)
}

async fn blocks<S: NorFlash>(from: SampleId, brain: &mut Brain<S>, buffer: &mut [u8]) -> Result<usize, NoRoom> {
    let mut writer = BlocksWriter::new(buffer)?;
    let shown = brain.log().each(from, async |block| match writer.push(block) {
        Ok(()) => ControlFlow::Continue(()),
        Err(_) => ControlFlow::Break(()),
    });
    match shown.await {
        Ok(()) => Ok(writer.len()),
        Err(_) => Answer::Refused(Refusal::Storage).write(buffer),
    }
}

fn health<S: NorFlash, I: NorFlash + Clone>(condition: &Condition, brain: &mut Brain<S>, update: &Update<I>) -> Health {
    let Condition { now_ms, reset, resets, battery_mv } = *condition;
    Health {
        boot: brain.boot(),
        uptime_s: u32::try_from(now_ms / 1000).unwrap_or(u32::MAX),
        reset,
        panics: resets.panics,
        watchdogs: resets.watchdogs,
        battery_mv,
        firmware: update.version(),
        security_counter: update.security_counter(brain.facts()),
    }
}

const fn refusal(error: MessageError) -> Refusal {
    match error {
        MessageError::Empty => Refusal::Malformed { kind: 0 },
        MessageError::UnknownKind { kind } => Refusal::UnknownKind { kind },
        MessageError::Short { kind, .. } | MessageError::Value { kind, .. } | MessageError::Settings { kind, .. } => {
            Refusal::Malformed { kind }
        }
    }
}

#[cfg(test)]
mod tests;
