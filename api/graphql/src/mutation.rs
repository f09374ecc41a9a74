//! Commands: each takes one input and answers with one payload, expected refusals in its `errors`.

mod checked;
mod error;
mod input;
mod payload;
mod rollouts;
mod sensors;

use std::sync::Arc;

use async_graphql::{Context, ID, Object, Result};
use hub_model::{Command, CommandError, Outcome, ReplayRule, Request, RequestId, RoomId, Steering};

use self::rollouts::{RolloutInput, RolloutPayload};
use self::sensors::{
    CancelPairingInput, PairSensorInput, PairSensorsInput, PairingsPayload, SensorInput, SensorPayload,
    SetSensorSettingsInput,
};
use self::{
    checked::Checked,
    error::MutationError,
    input::{
        AdoptDeviceInput, CalibrateSensorInput, CreateRoomInput, NameDeviceInput, PlaceDeviceInput, RemoveDeviceInput,
        RemoveRoomInput, RenameRoomInput, SecureDeviceInput, SetRetentionInput,
    },
    payload::{
        AdoptDevicePayload, CalibrateSensorPayload, CreateRoomPayload, NameDevicePayload, PlaceDevicePayload,
        RemoveDevicePayload, RemoveRoomPayload, RenameRoomPayload, SecureDevicePayload, SetRetentionPayload,
    },
};
use crate::{device::Device, id::GlobalId, room::Room, sensor::Sensor, view::View};

/// Who asks, until there are accounts.
const PRINCIPAL: &str = "local";

/// What became of a command, and the house as it is after it.
struct Done {
    client_mutation_id: Option<String>,
    view: Arc<View>,
    result: Result<Outcome, Vec<MutationError>>,
}

impl Done {
    fn device(&self) -> Option<Device> {
        Device::find(&self.view, self.result.as_ref().ok()?.device?)
    }

    fn room(&self) -> Option<Room> {
        Room::find(&self.view, self.result.as_ref().ok()?.room?)
    }
}

/// Checks an input and, if nothing is wrong with it, has the command done. Both kinds of refusal end in the payload.
async fn carry_out(
    view: Arc<View>,
    client_mutation_id: Option<String>,
    check: impl FnOnce(&mut Checked) -> Option<Command>,
) -> Done {
    let mut checked = Checked::default();
    let id = checked.optional(client_mutation_id.as_deref(), |checked, text| {
        checked.take("clientMutationId", "1 to 128 visible ASCII characters", RequestId::parse(text))
    });
    let command = check(&mut checked);
    let (Some(id), Some(command), true) = (id, command, checked.errors.is_empty()) else {
        return Done { client_mutation_id, view, result: Err(checked.errors) };
    };
    let request = Request { principal: PRINCIPAL.to_owned(), id, command };
    let result = view.ports().commands.execute(request).await.map_err(|error| {
        if let CommandError::Store { .. } = &error {
            tracing::error!(%error, "a command could not be stored");
        }
        vec![MutationError::from(error)]
    });
    Done { client_mutation_id, view: view.renewed(), result }
}

const fn replay_rule(allows_restart: bool) -> ReplayRule {
    if allows_restart { ReplayRule::Compat } else { ReplayRule::Strict }
}

/// What a client can change. Each command is durable when it is answered.
pub struct Mutation;

/// What a client can change. Each command is durable when it is answered; what was refused stands in the payload's
/// `errors`. A command that is sent again with the same `clientMutationId` within 24 hours is not done again: it is
/// answered again, with `isRepeat`.
#[Object]
impl Mutation {
    /// Takes a device into the house: from now on its readings are kept.
    async fn adopt_device(&self, ctx: &Context<'_>, input: AdoptDeviceInput) -> Result<AdoptDevicePayload> {
        let AdoptDeviceInput { device_id, name, room_id, bind_key, allow_counter_restart, client_mutation_id } = input;
        let done = carry_out(View::of(ctx)?, client_mutation_id, |checked| {
            let device = checked.device("deviceId", &device_id);
            let name = checked.optional(name.as_deref(), |checked, name| checked.name("name", name));
            let room = checked.optional(room_id.as_ref(), |checked, id| checked.room("roomId", id));
            let key = checked.optional(bind_key.as_deref(), |checked, key| checked.key("bindKey", key));
            let replay = replay_rule(allow_counter_restart);
            Some(Command::AdoptDevice { device: device?, name: name?, room: room?, key: key?, replay })
        });
        let done = done.await;
        Ok(AdoptDevicePayload::new(done.device(), done))
    }

    /// Gives a device another name.
    async fn name_device(&self, ctx: &Context<'_>, input: NameDeviceInput) -> Result<NameDevicePayload> {
        let done = carry_out(View::of(ctx)?, input.client_mutation_id, |checked| {
            let device = checked.device("deviceId", &input.device_id);
            let name = checked.name("name", &input.name);
            Some(Command::NameDevice { device: device?, name: name? })
        });
        let done = done.await;
        Ok(NameDevicePayload::new(done.device(), done))
    }

    /// Puts a device into a room, or into none.
    async fn place_device(&self, ctx: &Context<'_>, input: PlaceDeviceInput) -> Result<PlaceDevicePayload> {
        let done = carry_out(View::of(ctx)?, input.client_mutation_id, |checked| {
            let device = checked.device("deviceId", &input.device_id);
            let room = checked.optional(input.room_id.as_ref(), |checked, id| checked.room("roomId", id));
            Some(Command::PlaceDevice { device: device?, room: room? })
        });
        let done = done.await;
        Ok(PlaceDevicePayload::new(done.device(), done))
    }

    /// Sets the key of a device, and how strictly its message counter is taken.
    async fn secure_device(&self, ctx: &Context<'_>, input: SecureDeviceInput) -> Result<SecureDevicePayload> {
        let view = View::of(ctx)?;
        let household = Arc::clone(&view.state().household);
        let done = carry_out(view, input.client_mutation_id, |checked| {
            let device = checked.device("deviceId", &input.device_id);
            let key = checked.optional(input.bind_key.as_deref(), |checked, key| checked.key("bindKey", key));
            let device = device?;
            let present = || household.devices.get(&device).map(|device| device.replay).unwrap_or_default();
            let replay = input.allow_counter_restart.map_or_else(present, replay_rule);
            Some(Command::SecureDevice { device, key: key?, replay })
        });
        let done = done.await;
        Ok(SecureDevicePayload::new(done.device(), done))
    }

    /// Adds an offset to what a sensor measures from now on; stored readings stay as they are.
    async fn calibrate_sensor(&self, ctx: &Context<'_>, input: CalibrateSensorInput) -> Result<CalibrateSensorPayload> {
        let mut sensor = None;
        let done = carry_out(View::of(ctx)?, input.client_mutation_id, |checked| {
            let key = checked.sensor("sensorId", &input.sensor_id)?;
            sensor = Some(key);
            let offset = checked.offset("offset", key.quantity, input.offset)?;
            let hub_model::SeriesKey { device, quantity, instance } = key;
            Some(Command::CalibrateDevice { device, quantity, instance, offset })
        });
        let done = done.await;
        let sensor = sensor.filter(|_| done.result.is_ok()).and_then(|key| Sensor::of(&done.view, key));
        Ok(CalibrateSensorPayload::new(sensor, done))
    }

    /// Says how long the readings of a device are kept, or those of one of its quantities. Shortening deletes what is older,
    /// for good; `retentionPreview` tells how much that is.
    async fn set_retention(&self, ctx: &Context<'_>, input: SetRetentionInput) -> Result<SetRetentionPayload> {
        let done = carry_out(View::of(ctx)?, input.client_mutation_id, |checked| {
            let device = checked.device("deviceId", &input.device_id);
            let raw_days = checked.optional(input.raw_days, |checked, days| checked.days("rawDays", days));
            let rollup_days = checked.optional(input.rollup_days, |checked, days| checked.days("rollupDays", days));
            let own = hub_model::Retention { raw_days: raw_days?, rollup_days: rollup_days? };
            let quantity = input.quantity.map(|quantity| quantity.0);
            Some(Command::RetainDevice { device: device?, quantity, retention: (!input.use_default).then_some(own) })
        });
        let done = done.await;
        Ok(SetRetentionPayload::new(done.device(), done))
    }

    /// Takes a device out of the house.
    async fn remove_device(&self, ctx: &Context<'_>, input: RemoveDeviceInput) -> Result<RemoveDevicePayload> {
        let done = carry_out(View::of(ctx)?, input.client_mutation_id, |checked| {
            let device = checked.device("deviceId", &input.device_id)?;
            Some(Command::RemoveDevice { device, keeps_history: input.keep_history })
        });
        let done = done.await;
        let removed = done.result.as_ref().ok().and_then(|outcome| outcome.device);
        Ok(RemoveDevicePayload::new(removed.map(|id| GlobalId::Device(id).encode()), done))
    }

    /// Pairs one of our own sensors by the text of its QR code: it must be near the hub, and its button pressed or its
    /// battery put in within the last ten minutes. It counts as paired only when its first encrypted reading was heard.
    async fn pair_sensor(&self, ctx: &Context<'_>, input: PairSensorInput) -> Result<PairingsPayload> {
        Ok(PairingsPayload::pair_one(&View::of(ctx)?, input))
    }

    /// Pairs several of our own sensors, each when it is heard.
    #[graphql(complexity = "50 + 10 * child_complexity")]
    async fn pair_sensors(&self, ctx: &Context<'_>, input: PairSensorsInput) -> Result<PairingsPayload> {
        Ok(PairingsPayload::pair_all(&View::of(ctx)?, input))
    }

    /// Calls a pairing off. One that has ended stays as it ended.
    async fn cancel_pairing(&self, ctx: &Context<'_>, input: CancelPairingInput) -> Result<PairingsPayload> {
        Ok(PairingsPayload::cancel(&View::of(ctx)?, input))
    }

    /// Says what one of our own sensors is to do. It is told in its next window; `reportedSettings` shows when it does it.
    async fn set_sensor_settings(&self, ctx: &Context<'_>, input: SetSensorSettingsInput) -> Result<SensorPayload> {
        Ok(SensorPayload::set(View::of(ctx)?, input).await)
    }

    /// Gives one of our own sensors another key in its next window.
    async fn rotate_sensor_key(&self, ctx: &Context<'_>, input: SensorInput) -> Result<SensorPayload> {
        Ok(SensorPayload::rotate(View::of(ctx)?, input).await)
    }

    /// Releases one of our own sensors in its next window: it forgets its key, its settings and its log, says so, and leaves
    /// the house; its history stays. Another hub can pair it then. One that is gone for good is removed by `removeDevice`.
    async fn release_sensor(&self, ctx: &Context<'_>, input: SensorInput) -> Result<SensorPayload> {
        Ok(SensorPayload::release(View::of(ctx)?, input).await)
    }

    /// Stops a rollout for now. Sensors that were asked to install it are still proved, or they would take it back.
    async fn pause_rollout(&self, ctx: &Context<'_>, input: RolloutInput) -> Result<RolloutPayload> {
        Ok(RolloutPayload::steer(View::of(ctx)?, input, Steering::Pause).await)
    }

    /// Lets a rollout go on that was paused or halted; what led to the halt is not counted again.
    async fn resume_rollout(&self, ctx: &Context<'_>, input: RolloutInput) -> Result<RolloutPayload> {
        Ok(RolloutPayload::steer(View::of(ctx)?, input, Steering::Resume).await)
    }

    /// Stops a rollout for good: sensors on trial go back to the version before, the others stay as they are.
    async fn abort_rollout(&self, ctx: &Context<'_>, input: RolloutInput) -> Result<RolloutPayload> {
        Ok(RolloutPayload::steer(View::of(ctx)?, input, Steering::Abort).await)
    }

    /// Makes a room.
    async fn create_room(&self, ctx: &Context<'_>, input: CreateRoomInput) -> Result<CreateRoomPayload> {
        let done = carry_out(View::of(ctx)?, input.client_mutation_id, |checked| {
            Some(Command::CreateRoom { name: checked.name("name", &input.name)? })
        });
        let done = done.await;
        Ok(CreateRoomPayload::new(done.room(), done))
    }

    /// Gives a room another name.
    async fn rename_room(&self, ctx: &Context<'_>, input: RenameRoomInput) -> Result<RenameRoomPayload> {
        let done = carry_out(View::of(ctx)?, input.client_mutation_id, |checked| {
            let room = checked.room("roomId", &input.room_id);
            let name = checked.name("name", &input.name);
            Some(Command::NameRoom { room: room?, name: name? })
        });
        let done = done.await;
        Ok(RenameRoomPayload::new(done.room(), done))
    }

    /// Removes a room; its devices are then in none.
    async fn remove_room(&self, ctx: &Context<'_>, input: RemoveRoomInput) -> Result<RemoveRoomPayload> {
        let done = carry_out(View::of(ctx)?, input.client_mutation_id, |checked| {
            Some(Command::RemoveRoom { room: checked.room("roomId", &input.room_id)? })
        });
        let done = done.await;
        let removed: Option<RoomId> = done.result.as_ref().ok().and_then(|outcome| outcome.room);
        let removed: Option<ID> = removed.map(|id| GlobalId::Room(id).encode());
        Ok(RemoveRoomPayload::new(removed, done))
    }
}
