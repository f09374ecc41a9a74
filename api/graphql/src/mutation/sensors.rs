//! What is asked of our own sensors: pairing, settings, keys, release.

use std::sync::Arc;

use async_graphql::{ID, InputObject, SimpleObject};
use hub_model::{DeviceId, SensorError, SensorSettings, Wishes};

use super::{
    checked::Checked,
    error::{InvalidInputError, LimitReachedError, MutationError, MutationErrorCode, NotFoundError, OutOfRangeError},
};
use crate::{device::Device, paired::DeadBandInput, pairing::Pairing, view::View};

/// Which sensor to pair, and what to make of it.
#[derive(InputObject)]
pub(crate) struct SensorToPair {
    /// The text of the QR code on its label: `HS1:…`.
    #[graphql(secret)]
    setup_code: String,
    /// What to call it, 1 to 64 characters; null: a name from its address.
    name: Option<String>,
    /// Where it is; null: in no room.
    room_id: Option<ID>,
}

/// Which sensor to pair.
#[derive(InputObject)]
pub(crate) struct PairSensorInput {
    /// The text of the QR code on its label: `HS1:…`.
    #[graphql(secret)]
    setup_code: String,
    /// What to call it, 1 to 64 characters; null: a name from its address.
    name: Option<String>,
    /// Where it is; null: in no room.
    room_id: Option<ID>,
    /// An id that the client chooses; it is only given back.
    client_mutation_id: Option<String>,
}

/// Which sensors to pair, one after the other as they are heard.
#[derive(InputObject)]
pub(crate) struct PairSensorsInput {
    /// The sensors, 1 to 50.
    sensors: Vec<SensorToPair>,
    /// An id that the client chooses; it is only given back.
    client_mutation_id: Option<String>,
}

/// Which pairing to call off.
#[derive(InputObject)]
pub(crate) struct CancelPairingInput {
    /// Its `pairingId`.
    pairing_id: i32,
    /// An id that the client chooses; it is only given back.
    client_mutation_id: Option<String>,
}

/// What a sensor of ours is to do; what is null stays as it is.
#[derive(InputObject)]
pub(crate) struct SetSensorSettingsInput {
    /// The device: global id or Bluetooth address.
    device_id: ID,
    /// Milliseconds between adverts, 100 to 10240.
    advert_interval_ms: Option<i32>,
    /// Transmit power in dBm, -40 to 8.
    tx_power_dbm: Option<i32>,
    /// Seconds after which it tells anew what has not changed, 10 to 3600.
    heartbeat_s: Option<i32>,
    /// Seconds between samples, 1 to 3600.
    sampling_s: Option<i32>,
    /// Seconds between windows in which the hub may connect, 60 to 43200; 0: none but at start and on the button.
    window_every_s: Option<i32>,
    /// How far values may move before they are told anew, at most 8; a quantity that is not in the list has its product's.
    dead_bands: Option<Vec<DeadBandInput>>,
    /// An id that the client chooses; it is only given back.
    client_mutation_id: Option<String>,
}

/// Which sensor of ours.
#[derive(InputObject)]
pub(crate) struct SensorInput {
    /// The device: global id or Bluetooth address.
    device_id: ID,
    /// An id that the client chooses; it is only given back.
    client_mutation_id: Option<String>,
}

/// What became of `pairSensor`, `pairSensors` or `cancelPairing`.
#[derive(SimpleObject)]
pub(crate) struct PairingsPayload {
    /// The id that the client sent.
    client_mutation_id: Option<String>,
    /// Why it was refused; empty when it was done. Then none of the pairings was begun.
    errors: Vec<MutationError>,
    /// The pairings, in the order of the request; how they go on is told by events (`PairingEvent`).
    pairings: Vec<Pairing>,
}

/// What became of a wish for a sensor of ours; it is carried out when the sensor can be reached.
#[derive(SimpleObject)]
pub(crate) struct SensorPayload {
    /// The id that the client sent.
    client_mutation_id: Option<String>,
    /// Why it was refused; empty when it was taken.
    errors: Vec<MutationError>,
    /// The device as it is now; null when the wish was refused.
    device: Option<Device>,
}

impl PairingsPayload {
    pub(super) fn pair_one(view: &Arc<View>, input: PairSensorInput) -> Self {
        let PairSensorInput { setup_code, name, room_id, client_mutation_id } = input;
        Self::pair(view, vec![SensorToPair { setup_code, name, room_id }], client_mutation_id)
    }

    pub(super) fn pair_all(view: &Arc<View>, input: PairSensorsInput) -> Self {
        Self::pair(view, input.sensors, input.client_mutation_id)
    }

    fn pair(view: &Arc<View>, sensors: Vec<SensorToPair>, client_mutation_id: Option<String>) -> Self {
        let mut checked = Checked::default();
        if sensors.is_empty() {
            let expected = "1 to 50 sensors";
            checked.errors.push(InvalidInputError::at("sensors", "sensors is empty".to_owned(), expected).into());
        }
        let wishes = sensors.into_iter().filter_map(|sensor| {
            let name = checked.optional(sensor.name.as_deref(), |checked, name| checked.name("name", name));
            let room = checked.optional(sensor.room_id.as_ref(), |checked, id| checked.room("roomId", id));
            Some((sensor.setup_code, Wishes { name: name?, room: room? }))
        });
        let wishes: Vec<_> = wishes.collect();
        let rooms = &view.state().household.rooms;
        for (_, wishes) in &wishes {
            if let Some(room) = wishes.room.filter(|room| !rooms.contains_key(room)) {
                checked.errors.push(hub_model::CommandError::RoomNotFound { room }.into());
            }
        }
        let begun = match checked.errors.is_empty() {
            true => view.ports().sensors.pair(wishes).map_err(|error| vec![error.into()]),
            false => Err(checked.errors),
        };
        Self::new(client_mutation_id, begun)
    }

    pub(super) fn cancel(view: &Arc<View>, input: CancelPairingInput) -> Self {
        let id = hub_model::PairingId(u32::try_from(input.pairing_id).unwrap_or(0));
        let cancelled = view.ports().sensors.cancel(id).map(|pairing| vec![pairing]);
        Self::new(input.client_mutation_id, cancelled.map_err(|error| vec![error.into()]))
    }

    fn new(client_mutation_id: Option<String>, done: Result<Vec<hub_model::Pairing>, Vec<MutationError>>) -> Self {
        match done {
            Ok(pairings) => {
                let pairings = pairings.into_iter().map(Pairing::from).collect();
                Self { client_mutation_id, errors: Vec::new(), pairings }
            }
            Err(errors) => Self { client_mutation_id, errors, pairings: Vec::new() },
        }
    }
}

impl SensorPayload {
    pub(super) async fn set(view: Arc<View>, input: SetSensorSettingsInput) -> Self {
        let mut checked = Checked::default();
        let device = checked.device("deviceId", &input.device_id);
        let standing = device.and_then(|device| view.ports().sensors.standing(device));
        let (Some(device), Some(standing)) = (device, standing) else {
            let missing = device.map(|device| MutationError::from(SensorError::NotOurs { device }));
            checked.errors.extend(missing);
            return Self::new(&view, input.client_mutation_id, None, Err(checked.errors));
        };
        let present = standing.claim.desired;
        let settings = SensorSettings {
            revision: present.revision,
            advert_interval_ms: checked.number(
                "advertIntervalMs",
                input.advert_interval_ms,
                present.advert_interval_ms,
            ),
            tx_power_dbm: checked.number("txPowerDbm", input.tx_power_dbm, present.tx_power_dbm),
            heartbeat_s: checked.number("heartbeatS", input.heartbeat_s, present.heartbeat_s),
            sampling_s: checked.number("samplingS", input.sampling_s, present.sampling_s),
            window_every_s: checked.number("windowEveryS", input.window_every_s, present.window_every_s),
            bands: match input.dead_bands {
                Some(bands) => bands.iter().filter_map(|band| checked.band(band)).collect(),
                None => present.bands,
            },
        };
        if !checked.errors.is_empty() {
            return Self::new(&view, input.client_mutation_id, None, Err(checked.errors));
        }
        Self::ask(view, input.client_mutation_id, device, move |port, device| port.set(device, settings)).await
    }

    pub(super) async fn rotate(view: Arc<View>, input: SensorInput) -> Self {
        Self::for_device(view, input, |port, device| port.rotate(device)).await
    }

    pub(super) async fn release(view: Arc<View>, input: SensorInput) -> Self {
        Self::for_device(view, input, |port, device| port.release(device)).await
    }

    async fn for_device(
        view: Arc<View>,
        input: SensorInput,
        ask: impl FnOnce(&dyn hub_model::SensorPort, DeviceId) -> Result<(), SensorError> + Send + 'static,
    ) -> Self {
        let mut checked = Checked::default();
        match checked.device("deviceId", &input.device_id) {
            Some(device) => Self::ask(view, input.client_mutation_id, device, ask).await,
            None => Self::new(&view, input.client_mutation_id, None, Err(checked.errors)),
        }
    }

    /// Asks on a thread that may wait for the disk.
    async fn ask(
        view: Arc<View>,
        client_mutation_id: Option<String>,
        device: DeviceId,
        ask: impl FnOnce(&dyn hub_model::SensorPort, DeviceId) -> Result<(), SensorError> + Send + 'static,
    ) -> Self {
        let port = Arc::clone(&view.ports().sensors);
        let asked = tokio::task::spawn_blocking(move || ask(port.as_ref(), device)).await;
        let done = asked.unwrap_or(Err(SensorError::Stopping)).map_err(|error| vec![error.into()]);
        Self::new(&view, client_mutation_id, Some(device), done)
    }

    fn new(
        view: &Arc<View>,
        client_mutation_id: Option<String>,
        device: Option<DeviceId>,
        done: Result<(), Vec<MutationError>>,
    ) -> Self {
        match done {
            Ok(()) => {
                let device = device.and_then(|device| Device::find(&view.renewed(), device));
                Self { client_mutation_id, errors: Vec::new(), device }
            }
            Err(errors) => Self { client_mutation_id, errors, device: None },
        }
    }
}

impl Checked {
    /// A number that fits where it goes; what is not given is as it was.
    fn number<T: TryFrom<i32>>(&mut self, field: &str, given: Option<i32>, present: T) -> T {
        let Some(given) = given else { return present };
        T::try_from(given).unwrap_or_else(|_| {
            let expected = "a number in the range that the schema gives".to_owned();
            self.errors.push(OutOfRangeError::at(field, format!("{field} is {given}"), expected).into());
            present
        })
    }

    fn band(&mut self, given: &DeadBandInput) -> Option<hub_model::DeadBand> {
        let quantity = given.quantity.0;
        let steps =
            quantity.from_f64(given.width).and_then(|steps| u32::try_from(steps).ok()).filter(|steps| *steps > 0);
        if steps.is_none() {
            let expected = format!("at least {} {}", quantity.display(1), quantity.unit());
            let message = format!("deadBands is {} for {}", given.width, quantity.name());
            self.errors.push(OutOfRangeError::at("deadBands", message, expected.trim_end().to_owned()).into());
        }
        Some(hub_model::DeadBand { quantity, steps: steps? })
    }
}

impl From<SensorError> for MutationError {
    fn from(error: SensorError) -> Self {
        let message = error.to_string();
        match error {
            SensorError::SetupCode(_) => {
                InvalidInputError::at("setupCode", message, "the text of the sensor's QR code, HS1:…").into()
            }
            SensorError::Underway { .. } => {
                InvalidInputError::at("setupCode", message, "a sensor that is not being paired").into()
            }
            SensorError::TooMany { most, .. } => {
                let limit = i32::try_from(most).unwrap_or(i32::MAX);
                LimitReachedError { code: MutationErrorCode::LimitReached, message, path: None, limit }.into()
            }
            SensorError::NoPairing(_) => NotFoundError::at("pairingId", message).into(),
            SensorError::NotOurs { .. } => NotFoundError::at("deviceId", message).into(),
            SensorError::Setting { .. } => {
                OutOfRangeError::at("settings", message, "what the schema says".to_owned()).into()
            }
            SensorError::Command(error) => error.into(),
            SensorError::Stopping => hub_model::CommandError::Store { reason: message }.into(),
        }
    }
}
