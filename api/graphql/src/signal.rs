use std::{collections::BTreeMap, sync::Arc};

use async_graphql::{Enum, ID, Result, SimpleObject};
use hub_model::{Hearing, ReceiverId, Reception, SeriesKey};

use crate::{
    device::Device,
    error::internal,
    id::GlobalId,
    scalar::{DateTime, Long},
    view::View,
};

/// How well a device is heard.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "hub_model::Hearing")]
pub(crate) enum SignalVerdict {
    /// -75 dBm or more on average, and at least 80 % of what it sends, where that is known.
    Good,
    /// Neither good nor weak: it works, with little to spare.
    Fair,
    /// Less than -85 dBm on average, or less than 50 % of what it sends.
    Weak,
    /// Not heard for 20 minutes, or for three of its intervals where those are longer.
    Unheard,
}

/// How well one receiver hears one device, over the last 10 to 20 minutes.
#[derive(SimpleObject)]
pub(crate) struct ReceiverSignal {
    /// The number of the receiver, as in `health.receivers`.
    receiver_id: i32,
    /// The name of the receiver; null when it has not listened since the hub started.
    name: Option<String>,
    /// What the figures amount to.
    verdict: SignalVerdict,
    /// The mean strength, in dBm; null when it was not heard, or the receiver tells no strength.
    mean_dbm: Option<i32>,
    /// The least, in dBm.
    least_dbm: Option<i32>,
    /// The greatest, in dBm.
    greatest_dbm: Option<i32>,
    /// Advertisements heard, each repetition counted.
    adverts: Long,
    /// How much of what the device sends is heard, 0 to 100; null while its interval is not known or fewer than 8
    /// transmissions were to be expected. Adverts within half a second are one transmission.
    heard_percent: Option<i32>,
    /// When it was last heard; null when it was not, lately.
    last_heard: Option<DateTime>,
    /// By which `history`, `statistics` and `alignedHistory` know the strength over time, one mean every 10 minutes in which
    /// the device was heard. It is in no list of sensors. Null for what no history is kept of.
    sensor_id: Option<ID>,
}

/// How well a device is heard, by every receiver.
#[derive(SimpleObject)]
pub(crate) struct DeviceSignal {
    /// The device.
    device: Device,
    /// How well the receiver hears it that hears it best.
    verdict: SignalVerdict,
    /// The receiver that hears it best; null when none does.
    best: Option<i32>,
    /// What to do about it; null when it is heard well enough.
    advice: Option<String>,
    /// Every receiver that listens or hears it, the best first.
    receivers: Vec<ReceiverSignal>,
}

/// The map: every adopted device, the worst heard first, then by name.
pub(crate) async fn signal_map(view: &Arc<View>) -> Result<Vec<DeviceSignal>> {
    let hub = Arc::clone(view.hub());
    let read = tokio::task::spawn_blocking(move || hub.ports.health.health().receivers);
    let known = read.await.map_err(|error| internal(view.hub(), &error))?;
    let names: BTreeMap<ReceiverId, String> = known.into_iter().map(|receiver| (receiver.id, receiver.name)).collect();
    let devices = Device::adopted(view, |_| true);
    let mut map: Vec<_> = devices.into_iter().map(|device| DeviceSignal::new(device, &names)).collect();
    map.sort_by_key(|signal| std::cmp::Reverse(Hearing::from(signal.verdict)));
    view.listed(map)
}

impl DeviceSignal {
    fn new(device: Device, names: &BTreeMap<ReceiverId, String>) -> Self {
        let heard: BTreeMap<ReceiverId, Reception> = device.view().state().receptions_of(device.key()).collect();
        let mut all: Vec<ReceiverId> = names.keys().chain(heard.keys()).copied().collect();
        all.sort_by_cached_key(|receiver| {
            let reception = heard.get(receiver);
            let rank = |reception: &Reception| (reception.hearing(), std::cmp::Reverse(reception.mean));
            (reception.map_or((Hearing::Unheard, std::cmp::Reverse(None)), rank), *receiver)
        });
        all.dedup();
        let best = all.first().filter(|receiver| heard.contains_key(receiver));
        let hearing = best.and_then(|best| heard.get(best)).map_or(Hearing::Unheard, Reception::hearing);
        let (name, count) = (device.name_text(), all.len());
        let receivers = all.iter().map(|id| ReceiverSignal::new(&device, *id, names.get(id), heard.get(id))).collect();
        Self {
            verdict: hearing.into(),
            best: best.map(|best| best.0.into()),
            advice: advice(hearing, &name, count),
            receivers,
            device,
        }
    }
}

/// What an owner can do about a device that is heard so.
fn advice(hearing: Hearing, name: &str, receivers: usize) -> Option<String> {
    let all = if receivers > 1 { "Every receiver hears" } else { "The hub hears" };
    match hearing {
        Hearing::Good | Hearing::Fair => None,
        Hearing::Weak => Some(format!(
            "{all} {name} weakly. Move it or the hub away from metal and concrete, or put a receiver near it."
        )),
        Hearing::Unheard => Some(format!(
            "{name} is not heard. Look at its battery, bring it nearer to the hub, or put a receiver near it."
        )),
    }
}

impl ReceiverSignal {
    fn new(device: &Device, receiver: ReceiverId, name: Option<&String>, heard: Option<&Reception>) -> Self {
        let key = SeriesKey::signal(device.key(), receiver);
        Self {
            receiver_id: receiver.0.into(),
            name: name.cloned(),
            verdict: heard.map_or(Hearing::Unheard, Reception::hearing).into(),
            mean_dbm: heard.and_then(|heard| heard.mean).map(i32::from),
            least_dbm: heard.and_then(|heard| heard.least).map(i32::from),
            greatest_dbm: heard.and_then(|heard| heard.greatest).map(i32::from),
            adverts: u64::from(heard.map_or(0, |heard| heard.adverts)).into(),
            heard_percent: heard.and_then(Reception::heard_percent).map(i32::from),
            last_heard: heard.map(|heard| DateTime(heard.last.at)),
            sensor_id: key.map(|key| GlobalId::Sensor(key).encode()),
        }
    }
}
