//! The GATT table: the service that [`wire::gatt`] describes, and what Bluetooth itself asks for.

use embassy_sync::blocking_mutex::raw::NoopRawMutex;
use trouble_host::prelude::*;
use wire::gatt;

/// What the GAP service calls every sensor: the name that its owner gave it is nobody else's business.
const NAME: &str = "Ingle";
/// One for the service, two for a characteristic and one more where there are notifications.
const ATTRIBUTES: usize = GAP_SERVICE_ATTRIBUTE_COUNT + 1 + 2 + 3;
/// One connection at a time.
pub(crate) const CONNECTIONS: usize = 1;
/// What a value has room for in the table. No value is ever kept there: pieces are taken and sent as they come.
type Nothing = [u8; 1];

/// The table and its server.
pub(crate) type Server<'a> = AttributeServer<'a, NoopRawMutex, DefaultPacketPool, ATTRIBUTES, CONNECTIONS>;

/// Where pieces come in and go out.
pub(crate) struct Gatt<'a> {
    pub(crate) server: Server<'a>,
    pub(crate) to_sensor: u16,
    pub(crate) to_hub: Characteristic<[u8]>,
}

impl Gatt<'_> {
    /// The table; `None` would mean that [`NAME`] is too long.
    pub(crate) fn new() -> Option<Self> {
        let mut table = AttributeTable::new();
        GapConfig::Peripheral(PeripheralConfig { name: NAME, appearance: &appearance::sensor::GENERIC_SENSOR })
            .build(&mut table)
            .ok()?;
        let uuid = |uuid: gatt::Uuid| Uuid::from(uuid.as_u128());
        let mut service = table.add_service(Service::new(uuid(gatt::SERVICE)));
        let to_sensor = service
            .add_characteristic_small::<Nothing, _, _>(uuid(gatt::TO_SENSOR), [CharacteristicProp::Write], [0])
            .build();
        let to_hub = service
            .add_characteristic_small::<Nothing, _, _>(uuid(gatt::TO_HUB), [CharacteristicProp::Notify], [0])
            .build();
        service.build();
        Some(Self { server: Server::new(table), to_sensor: to_sensor.handle, to_hub: to_hub.to_raw() })
    }
}
