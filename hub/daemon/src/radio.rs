//! The radio's station: which adapters listen, and who is told how they are doing.

use std::sync::Arc;

use hub_assembly::{Config, Hub, SERVICE};
use hub_model::ReceiverId;
use hub_radio::{AdapterLinks, AdapterName, Asking, Gap, Listening, Plan, Reports, Service, Way};

use crate::exit::Failure;

/// The adapters that the configuration asks for: none when the radio is off, the first when none is named.
pub(crate) fn plans(config: &Config) -> Result<Vec<Plan>, Failure> {
    if !config.radio_enabled {
        return Ok(Vec::new());
    }
    let parse = |text: &String| text.parse().map_err(Failure::Adapter);
    let named: Vec<AdapterName> = config.adapters.iter().map(parse).collect::<Result<_, _>>()?;
    let asking = config.ask_every_s.map_or(Some(Asking::NEVER), Asking::every_s).unwrap_or_default();
    let plans = listening_with(named, config.listen_percent);
    Ok(plans.into_iter().map(|plan| Plan { asking, ..plan }).collect())
}

/// How these adapters listen, or the first one where none is named.
pub(crate) fn listening_with(named: Vec<AdapterName>, listen_percent: u8) -> Vec<Plan> {
    let adapters = if named.is_empty() { vec![AdapterName::First] } else { named };
    let plan = |(adapter, number)| Plan {
        adapter,
        receiver: ReceiverId(number),
        listening: Listening::new(listen_percent).unwrap_or_default(),
        asking: Asking::default(),
        way: Way::Best,
    };
    adapters.into_iter().zip(1..).map(plan).collect()
}

/// How the hub connects to its sensors: by the adapters that it listens with.
pub(crate) fn links(plans: &[Plan]) -> impl Fn() -> AdapterLinks + Clone + Send + use<> {
    let [service, to_sensor, to_hub] = SERVICE;
    let (service, plans) = (Service { service, to_sensor, to_hub }, plans.to_vec());
    move || AdapterLinks::new(service, &plans)
}

/// Tells the hub how one adapter is doing.
pub(crate) struct Told {
    pub(crate) hub: Arc<Hub>,
    pub(crate) receiver: ReceiverId,
}

impl Reports for Told {
    fn listening(&self, adapter: &str) {
        self.hub.receiver_begun(self.receiver, adapter);
    }

    fn trouble(&self, adapter: &str, trouble: &str) {
        self.hub.receiver_failed(self.receiver, adapter, trouble);
    }

    fn gap(&self, adapter: &str, gap: Gap) {
        self.hub.receiver_gap(self.receiver, adapter, gap.length());
    }
}
