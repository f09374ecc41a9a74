use async_graphql::{ID, InputObject};

use crate::quantity::Quantity;

/// Defines an input: its own fields, then the id that makes it safe to repeat.
macro_rules! input {
    ($(#[$about:meta])* $name:ident { $($(#[$field_about:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$about])*
        #[derive(InputObject)]
        pub(crate) struct $name {
            $($(#[$field_about])* pub(super) $field: $type,)*
            /// An id that the client chooses for this command, 1 to 128 visible ASCII characters, such as a UUID. Sent
            /// again within 24 hours, the command is not done again but answered again.
            pub(super) client_mutation_id: Option<String>,
        }
    };
}

input! {
    /// Which device to take into the house, and how.
    AdoptDeviceInput {
        /// The device: global id or Bluetooth address.
        device_id: ID,
        /// What to call it, 1 to 64 characters; null: a name from its format and address.
        name: Option<String>,
        /// Where it is; null: in no room.
        room_id: Option<ID>,
        /// Its key if it encrypts, 32 hex digits. A device with a key is never believed in plain text.
        #[graphql(secret)]
        bind_key: Option<String>,
        /// Accept a message counter that restarts, as some devices do at a battery change. Old messages can be
        /// replayed then: its protection is REDUCED.
        #[graphql(default = false)]
        allow_counter_restart: bool,
    }
}

input! {
    /// Which device to give which name.
    NameDeviceInput {
        /// The device: global id or Bluetooth address.
        device_id: ID,
        /// Its new name, 1 to 64 characters.
        name: String,
    }
}

input! {
    /// Which device to put where.
    PlaceDeviceInput {
        /// The device: global id or Bluetooth address.
        device_id: ID,
        /// The room; null: none.
        room_id: Option<ID>,
    }
}

input! {
    /// How a device is secured.
    SecureDeviceInput {
        /// The device: global id or Bluetooth address.
        device_id: ID,
        /// Its key, 32 hex digits; null keeps the present one.
        #[graphql(secret)]
        bind_key: Option<String>,
        /// Accept a message counter that restarts (protection REDUCED); null keeps the present rule.
        allow_counter_restart: Option<bool>,
    }
}

input! {
    /// Which sensor to correct by how much.
    CalibrateSensorInput {
        /// The sensor.
        sensor_id: ID,
        /// What to add to every reading, in the sensor's unit, a multiple of its resolution; 0 removes the offset.
        offset: f64,
    }
}

input! {
    /// How long the readings of a device are kept, or those of one of its quantities.
    SetRetentionInput {
        /// The device: global id or Bluetooth address.
        device_id: ID,
        /// Which of its readings; null: all whose quantity has no retention of its own.
        quantity: Option<Quantity>,
        /// Days that every single reading is kept, 1 to 36500; null: for ever.
        raw_days: Option<i32>,
        /// Days that hourly and daily figures are kept, 1 to 36500; null: for ever.
        rollup_days: Option<i32>,
        /// Give up this retention: a quantity is then kept like its device, a device as the hub's configuration says.
        /// `rawDays` and `rollupDays` have no effect then.
        #[graphql(default = false)]
        use_default: bool,
    }
}

input! {
    /// Which device to take out of the house.
    RemoveDeviceInput {
        /// The device: global id or Bluetooth address.
        device_id: ID,
        /// Keep what it measured? Otherwise its history is deleted, for good.
        #[graphql(default = false)]
        keep_history: bool,
    }
}

input! {
    /// Which room to make.
    CreateRoomInput {
        /// Its name, 1 to 64 characters, not the name of another room.
        name: String,
    }
}

input! {
    /// Which room to give which name.
    RenameRoomInput {
        /// The room.
        room_id: ID,
        /// Its new name, 1 to 64 characters, not the name of another room.
        name: String,
    }
}

input! {
    /// Which room to remove.
    RemoveRoomInput {
        /// The room.
        room_id: ID,
    }
}
