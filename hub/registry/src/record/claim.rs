//! Records of our own sensors. As in the parent: version 1, and fields are never taken out or changed in meaning.

use hub_model::{
    Address, Anchor, BootId, Claim, DeadBand, EstimatedSpan, Estimates, FirmwareVersion, Had, LogPlace, Name, Quantity,
    RoomId, SampleHint, SensorKey, SensorSettings, Stamp, UnixMillis, Wishes,
};
use serde::{Deserialize, Serialize};

/// A claim as it is stored under its device. Not printable: it holds the keys.
#[derive(Serialize, Deserialize)]
pub(crate) struct ClaimRecord {
    uid: u64,
    product: u16,
    hardware: u8,
    firmware: [u8; 4],
    address: [u8; 6],
    is_random: bool,
    key: [u8; 32],
    key_epoch: u32,
    next_key: Option<[u8; 32]>,
    owner_epoch: u32,
    is_proven: bool,
    is_leaving: bool,
    desired: SettingsRecord,
    name: Option<String>,
    room: Option<u32>,
    since_ms: i64,
}

#[derive(Serialize, Deserialize)]
struct SettingsRecord {
    revision: u8,
    advert_interval_ms: u16,
    tx_power_dbm: i8,
    heartbeat_s: u16,
    sampling_s: u16,
    window_every_s: u16,
    bands: Vec<(u16, u32)>,
}

impl From<&Claim> for ClaimRecord {
    fn from(claim: &Claim) -> Self {
        let desired = &claim.desired;
        Self {
            uid: claim.uid,
            product: claim.product,
            hardware: claim.hardware,
            firmware: claim.firmware.0,
            address: claim.address.bytes(),
            is_random: claim.is_random,
            key: *claim.key.expose(),
            key_epoch: claim.key_epoch,
            next_key: claim.next_key.as_ref().map(|key| *key.expose()),
            owner_epoch: claim.owner_epoch,
            is_proven: claim.is_proven,
            is_leaving: claim.is_leaving,
            desired: SettingsRecord {
                revision: desired.revision,
                advert_interval_ms: desired.advert_interval_ms,
                tx_power_dbm: desired.tx_power_dbm,
                heartbeat_s: desired.heartbeat_s,
                sampling_s: desired.sampling_s,
                window_every_s: desired.window_every_s,
                bands: desired.bands.iter().map(|band| (band.quantity.code(), band.steps)).collect(),
            },
            name: claim.wishes.name.as_ref().map(ToString::to_string),
            room: claim.wishes.room.map(|room| room.0),
            since_ms: claim.since.0,
        }
    }
}

impl ClaimRecord {
    pub(crate) fn claim(self) -> Result<Claim, String> {
        let name = self.name.map(|name| Name::parse(&name)).transpose().map_err(|error| error.to_string())?;
        let band = |(code, steps)| match Quantity::from_code(code) {
            Some(quantity) => Ok(DeadBand { quantity, steps }),
            None => Err(format!("quantity {code} is not known")),
        };
        let desired = self.desired;
        Ok(Claim {
            uid: self.uid,
            product: self.product,
            hardware: self.hardware,
            firmware: FirmwareVersion(self.firmware),
            address: Address::new(self.address),
            is_random: self.is_random,
            key: SensorKey::new(self.key),
            key_epoch: self.key_epoch,
            next_key: self.next_key.map(SensorKey::new),
            owner_epoch: self.owner_epoch,
            is_proven: self.is_proven,
            is_leaving: self.is_leaving,
            desired: SensorSettings {
                revision: desired.revision,
                advert_interval_ms: desired.advert_interval_ms,
                tx_power_dbm: desired.tx_power_dbm,
                heartbeat_s: desired.heartbeat_s,
                sampling_s: desired.sampling_s,
                window_every_s: desired.window_every_s,
                bands: desired.bands.into_iter().map(band).collect::<Result<_, String>>()?,
            },
            wishes: Wishes { name, room: self.room.map(RoomId) },
            since: UnixMillis(self.since_ms),
        })
    }
}

/// Where the hub stands in a sensor's log, and the moments at which it was told the sensor's uptime.
#[derive(Serialize, Deserialize)]
pub(crate) struct LogRecord {
    next: (u32, u32),
    had: Vec<(u16, u32, u64)>,
    last: Option<(u32, u64)>,
    anchors: Vec<(u32, u32, i64)>,
}

impl LogRecord {
    pub(crate) fn new(place: &LogPlace, anchors: &[Anchor]) -> Self {
        Self {
            next: place.next,
            had: place.had.iter().map(|had| (had.hint.0, had.at.boot.0, had.at.ms)).collect(),
            last: place.last_at.map(|at| (at.boot.0, at.ms)),
            anchors: anchors.iter().map(|anchor| (anchor.boot, anchor.uptime_s, anchor.at.0)).collect(),
        }
    }

    pub(crate) fn parts(self) -> (LogPlace, Vec<Anchor>) {
        let stamp = |(boot, ms)| Stamp { boot: BootId(boot), ms };
        let had = |(hint, boot, ms)| Had { hint: SampleHint(hint), at: stamp((boot, ms)) };
        let anchor = |(boot, uptime_s, at)| Anchor { boot, uptime_s, at: UnixMillis(at) };
        let place =
            LogPlace { next: self.next, had: self.had.into_iter().map(had).collect(), last_at: self.last.map(stamp) };
        (place, self.anchors.into_iter().map(anchor).collect())
    }
}

/// Where in a device's past times are estimated: from and to, ms since 1970.
#[derive(Serialize, Deserialize)]
pub(crate) struct EstimatesRecord(Vec<(i64, i64)>);

impl EstimatesRecord {
    pub(crate) fn new(estimates: &Estimates) -> Self {
        Self(estimates.spans().iter().map(|span| (span.from.0, span.to.0)).collect())
    }

    pub(crate) fn estimates(self) -> Estimates {
        let span = |(from, to)| EstimatedSpan { from: UnixMillis(from), to: UnixMillis(to) };
        self.0.into_iter().map(span).collect()
    }
}
