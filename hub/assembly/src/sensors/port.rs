//! What the owner asks of our own sensors.

use std::collections::BTreeSet;

use hub_link::{Label, check};
use hub_model::{
    Claim, CommandError, DeviceId, Estimates, EventBody, HistoryError, Pairing, PairingId, PairingStep, SensorError,
    SensorKey, SensorPort, SensorSettings, SensorStanding, Wishes, chain,
};

use super::{
    Sensors,
    pairings::{MOST_UNDERWAY, Pairings},
};

impl SensorPort for Sensors {
    fn pair(&self, requests: Vec<(String, Wishes)>) -> Result<Vec<Pairing>, SensorError> {
        let now_ms = self.clock.now().stamp.ms;
        let mut labels = Vec::with_capacity(requests.len());
        for (text, wishes) in requests {
            let label = Label::parse(&text).map_err(|error| SensorError::SetupCode(error.to_string()))?;
            labels.push((label, wishes));
        }
        let begun: Vec<Pairing> = {
            let mut state = self.state();
            let mut uids: BTreeSet<u64> = state.pairings.underway().map(|each| each.pairing.uid).collect();
            let asked = uids.len() + labels.len();
            if asked > MOST_UNDERWAY {
                return Err(SensorError::TooMany { asked, most: MOST_UNDERWAY });
            }
            if let Some((label, _)) = labels.iter().find(|(label, _)| !uids.insert(label.uid())) {
                return Err(SensorError::Underway { uid: label.uid() });
            }
            labels.into_iter().map(|(label, wishes)| state.pairings.begin(label, wishes, now_ms)).collect()
        };
        for pairing in &begun {
            self.tell(EventBody::PairingProgressed { pairing: pairing.id, step: PairingStep::Looking });
        }
        self.wake.notify_one();
        Ok(begun)
    }

    fn cancel(&self, pairing: PairingId) -> Result<Pairing, SensorError> {
        let now_ms = self.clock.now().stamp.ms;
        let cancelled = self.state().pairings.cancel(pairing, now_ms).ok_or(SensorError::NoPairing(pairing))?;
        self.wake.notify_one();
        Ok(cancelled)
    }

    fn pairings(&self) -> Vec<Pairing> {
        let now_ms = self.clock.now().stamp.ms;
        self.state().pairings.all.iter().map(|each| Pairings::shown(each, now_ms)).collect()
    }

    fn set(&self, device: DeviceId, settings: SensorSettings) -> Result<(), SensorError> {
        check(&settings)?;
        self.change(device, |claim| {
            // Another revision than the present one, whatever the sensor has: so its adverts tell whether it does this.
            let revision = claim.desired.revision.wrapping_add(1);
            claim.desired = SensorSettings { revision, ..settings };
        })
    }

    fn rotate(&self, device: DeviceId) -> Result<(), SensorError> {
        let key = SensorKey::new(self.luck());
        // A next key that the sensor may have taken already is never given up for another.
        self.change(device, |claim| {
            claim.next_key.get_or_insert(key);
        })
    }

    fn release(&self, device: DeviceId) -> Result<(), SensorError> {
        self.change(device, |claim| claim.is_leaving = true)
    }

    fn standing(&self, device: DeviceId) -> Option<SensorStanding> {
        let is_in_house = self.bus.household().devices.contains_key(&device);
        self.standing_of(device).filter(|_| is_in_house)
    }

    fn estimated(&self, device: DeviceId) -> Result<Estimates, HistoryError> {
        self.registry().estimates(device).map_err(|error| HistoryError::Store(Box::new(error)))
    }
}

impl Sensors {
    /// Changes what is wanted of a sensor in the house, and tells so.
    fn change(&self, device: DeviceId, change: impl FnOnce(&mut Claim)) -> Result<(), SensorError> {
        let claim = self.standing(device).ok_or(SensorError::NotOurs { device })?.claim;
        let mut changed = claim.clone();
        change(&mut changed);
        if changed != claim {
            let store = |error| SensorError::Command(CommandError::Store { reason: chain(&error) });
            self.keep(device, changed).map_err(store)?;
            self.tell(EventBody::DeviceChanged { device });
        }
        self.wake.notify_one();
        Ok(())
    }
}
