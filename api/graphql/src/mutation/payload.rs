use async_graphql::{ID, SimpleObject};

use super::{Done, error::MutationError};
use crate::{device::Device, room::Room, scalar::Cursor, sensor::Sensor};

/// Defines a payload: what every command answers, and its own object.
macro_rules! payload {
    ($(#[$about:meta])* $name:ident { $(#[$own_about:meta])* $own:ident: $type:ty }) => {
        $(#[$about])*
        #[derive(SimpleObject)]
        pub(crate) struct $name {
            /// The id that the client sent.
            client_mutation_id: Option<String>,
            /// Why the command was refused; empty when it was done.
            errors: Vec<MutationError>,
            /// Was it done before, under the same `clientMutationId`, and only answered again?
            is_repeat: bool,
            /// The last event that it caused; null when it was refused. A subscription that has passed it shows the change.
            cursor: Option<Cursor>,
            $(#[$own_about])*
            $own: Option<$type>,
        }

        impl $name {
            pub(super) fn new($own: Option<$type>, done: Done) -> Self {
                let Done { client_mutation_id, view, result } = done;
                match result {
                    Ok(outcome) => {
                        let cursor = hub_model::Cursor { seq: outcome.seq, ..view.state().cursor };
                        let cursor = Some(Cursor(cursor));
                        Self { client_mutation_id, errors: vec![], is_repeat: outcome.is_repeat, cursor, $own }
                    }
                    Err(errors) => Self { client_mutation_id, errors, is_repeat: false, cursor: None, $own: None },
                }
            }
        }
    };
}

payload! {
    /// What became of `adoptDevice`.
    AdoptDevicePayload {
        /// The device as it is now; null when the command was refused.
        device: Device
    }
}

payload! {
    /// What became of `nameDevice`.
    NameDevicePayload {
        /// The device as it is now; null when the command was refused.
        device: Device
    }
}

payload! {
    /// What became of `placeDevice`.
    PlaceDevicePayload {
        /// The device as it is now; null when the command was refused.
        device: Device
    }
}

payload! {
    /// What became of `secureDevice`.
    SecureDevicePayload {
        /// The device as it is now; null when the command was refused.
        device: Device
    }
}

payload! {
    /// What became of `calibrateSensor`.
    CalibrateSensorPayload {
        /// The sensor as it is now; null when the command was refused.
        sensor: Sensor
    }
}

payload! {
    /// What became of `setRetention`.
    SetRetentionPayload {
        /// The device as it is now; null when the command was refused.
        device: Device
    }
}

payload! {
    /// What became of `removeDevice`.
    RemoveDevicePayload {
        /// The global id that the device had; null when the command was refused.
        removed_device_id: ID
    }
}

payload! {
    /// What became of `createRoom`.
    CreateRoomPayload {
        /// The new room; null when the command was refused.
        room: Room
    }
}

payload! {
    /// What became of `renameRoom`.
    RenameRoomPayload {
        /// The room as it is now; null when the command was refused.
        room: Room
    }
}

payload! {
    /// What became of `removeRoom`.
    RemoveRoomPayload {
        /// The global id that the room had; null when the command was refused.
        removed_room_id: ID
    }
}
