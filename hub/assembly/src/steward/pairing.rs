//! The whole ceremony with one sensor, from its pairing advert to its first reading.

use std::time::Duration;

use hub_link::{SampleId, Session, TalkError, present_key};
use hub_model::{Claim, DeviceId, LinkError, Links, PairingFailure, PairingStep, RawAdvert, SensorKey, chain};

use super::{Log, Notice, Steward};
use crate::{sensors::Found, supervise::StationResult};

/// How long the first advert under the new key may take, ms: two of the longest intervals that a sensor may have.
const FIRST_MS: u64 = 22_000;
/// A connection that is lost is tried again so often.
const TRIES: u32 = 3;
/// Below this a cell is as good as empty under load (CR2032: 2.0 V; Energizer, CR2032 datasheet), mV.
const LEAST_MV: u16 = 2_000;
/// Weaker than this hardly a connection holds, dBm: receivers end at −96 (nRF52840 product specification, 1 Mbit/s).
const WEAK_DBM: i8 = -88;

/// Why a try came to nothing.
enum Setback {
    /// The same may succeed the next time.
    Passing(PairingFailure),
    /// It will not.
    Final(PairingFailure),
}

impl Steward {
    /// Pairs a sensor that was just heard.
    ///
    /// # Errors
    /// When the bus is closed.
    pub(super) async fn pair(&mut self, links: &impl Links, found: Found, advert: &RawAdvert) -> StationResult {
        let id = found.id;
        let mut tries = 0;
        let end = loop {
            tries += 1;
            match self.try_to_pair(links, &found, advert).await {
                Ok(device) => break PairingStep::Paired { device },
                Err(_) if self.shared.sensors.is_cancelled(id) => {
                    break PairingStep::Failed { why: PairingFailure::Cancelled };
                }
                Err(Setback::Final(why)) => break PairingStep::Failed { why },
                Err(Setback::Passing(why)) if tries >= TRIES => {
                    let is_weak = why == PairingFailure::LinkLost && advert.rssi.is_some_and(|rssi| rssi < WEAK_DBM);
                    break PairingStep::Failed { why: if is_weak { PairingFailure::WeakSignal } else { why } };
                }
                Err(Setback::Passing(_)) => {}
            }
        };
        self.shared.sensors.step(id, end);
        self.shared.sensors.look_again();
        // What it sent meanwhile is old.
        self.later.retain(|notice| !matches!(notice, Notice::Waiting(other) if other.address == advert.address));
        Ok(())
    }

    async fn try_to_pair(
        &mut self,
        links: &impl Links,
        found: &Found,
        advert: &RawAdvert,
    ) -> Result<DeviceId, Setback> {
        let tell = |step| self.shared.sensors.step(found.id, step);
        tell(PairingStep::Found);
        let link = links
            .connect(advert.sender())
            .await
            .map_err(|error| setback(&TalkError::Link(error), PairingStep::Found))?;
        tell(PairingStep::Proving);
        let nonce = self.shared.sensors.luck();
        let begun = Session::pair(link, &found.label, self.shared.sensors.identity(), nonce).await;
        let mut session = begun.map_err(|error| setback(&error, PairingStep::Proving))?;
        if self.shared.sensors.is_cancelled(found.id) {
            session.end().await;
            return Err(Setback::Final(PairingFailure::Cancelled));
        }
        // 0: it does not measure that.
        if (1..LEAST_MV).contains(&session.info().battery_mv) {
            session.end().await;
            return Err(Setback::Final(PairingFailure::BatteryLow));
        }
        let key = SensorKey::new(self.shared.sensors.luck());
        let claim = session.new_claim(key, found.wishes.clone(), self.shared.clock.now().wall.at);
        let (device, boot) = (DeviceId::from(claim.address), session.info().boot);
        self.shared.sensors.keep(device, claim.clone()).map_err(|error| not_kept(&error))?;
        tell(PairingStep::SettingUp);
        let given = self.give_key(&mut session, &claim).await;
        given.map_err(|error| setback(&error, PairingStep::SettingUp))?;
        tell(PairingStep::FirstReading);
        self.logs.insert(device, Log::new(SampleId { boot, number: 0 }));
        self.kept.changed.insert(device);
        if !self.await_first(links, device, &claim).await {
            session.end().await;
            return Err(Setback::Final(PairingFailure::NoReading));
        }
        self.adopt(device, &claim).map_err(|error| not_kept(error.as_ref()))?;
        // Should it not hear this, it learns it from the next session.
        if let Err(error) = session.confirm().await {
            tracing::info!(%device, error = chain(&error), "a sensor does not know yet that it is paired");
        }
        session.end().await;
        Ok(device)
    }

    async fn give_key<L: hub_model::Link>(&self, session: &mut Session<L>, claim: &Claim) -> Result<(), TalkError> {
        let identity = self.shared.sensors.identity();
        let unix_time_s = u64::try_from(self.shared.clock.now().wall.at.0 / 1000).ok().filter(|_| self.knows_time());
        session.claim(claim, identity, unix_time_s).await.map(|_| ())
    }

    /// Waits for the first advert under the new key; other notices wait.
    async fn await_first(&mut self, links: &impl Links, device: DeviceId, claim: &Claim) -> bool {
        let key = present_key(claim);
        let end_ms = self.now_ms().saturating_add(FIRST_MS);
        loop {
            let left_ms = end_ms.saturating_sub(self.now_ms());
            if left_ms == 0 {
                return false;
            }
            let notice = tokio::select! {
                biased;
                notice = self.notices.recv() => notice,
                () = links.pass(Duration::from_millis(left_ms)) => None,
            };
            match notice {
                Some(Notice::Proven(other, under)) if other == device && under == key => return true,
                // Whoever waits says so again.
                Some(Notice::Waiting(_)) | None => {}
                Some(notice) if self.later.len() < super::NOTICE_QUEUE => self.later.push_back(notice),
                Some(_) => {}
            }
        }
    }
}

fn not_kept(error: &(dyn std::error::Error + 'static)) -> Setback {
    tracing::error!(error = chain(error), "a sensor that is being paired could not be kept");
    Setback::Final(PairingFailure::NotKept)
}

/// What an error means for a pairing that had come so far.
fn setback(error: &TalkError, at: PairingStep) -> Setback {
    tracing::info!(error = chain(error), ?at, "a pairing met an obstacle");
    match (error, at) {
        (TalkError::Link(LinkError::NoRadio | LinkError::Adapter(_)), _) => Setback::Passing(PairingFailure::NoRadio),
        // A sensor that cannot read the first message hangs up without a word: so does one that is another's.
        (TalkError::Link(LinkError::Lost), PairingStep::Proving) => Setback::Passing(PairingFailure::WrongCode),
        (TalkError::Link(_) | TalkError::Pipe(_), _) => Setback::Passing(PairingFailure::LinkLost),
        (TalkError::Stranger(_) | TalkError::AnotherSensor { .. }, _) => Setback::Final(PairingFailure::WrongCode),
        _ => Setback::Final(PairingFailure::Refused),
    }
}
