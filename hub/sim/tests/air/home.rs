//! A sensor, and a world in which somebody owns it.

use std::{cell::RefCell, collections::BTreeMap, rc::Rc};

use fw_host::{AdvertisingPdu, Identity, NO_UPDATES, SensorId, Simulated, Values, World};
use hub_link::{Label, present_key};
use hub_model::{Claim, Name, SensorSettings, Wishes};
use hub_sim::Owner;
use units::Quantity;
use wire::{
    bthome::{Item, MAX_SERVICE_DATA, v2},
    firmware::Hardware,
    setup_code::Product,
};

pub(crate) const SECOND_US: u64 = 1_000_000;
pub(crate) const MINUTE_US: u64 = 60 * SECOND_US;
pub(crate) const HOUR_US: u64 = 60 * MINUTE_US;
pub(crate) const DAY_US: u64 = 24 * HOUR_US;

/// What was noted, and when.
pub(crate) type Notes = Rc<RefCell<Vec<(u64, String)>>>;

pub(crate) fn simulated(seed: u64) -> (Simulated, Label, Notes) {
    let identity = Identity::generate(Product(1), Hardware::new(0).unwrap(), &mut fw_host::luck(seed));
    let label = Label::parse(&identity.setup_code().label().to_string()).unwrap();
    let values = Values::Room { seed };
    let notes = Notes::default();
    let kept = Rc::clone(&notes);
    let simulated = Simulated {
        identity,
        channels: values.channels(),
        model: values.model(),
        trusted: NO_UPDATES,
        watcher: Some(Box::new(move |at_us, note| kept.borrow_mut().push((at_us, note.to_string())))),
    };
    (simulated, label, notes)
}

/// A world with one sensor that is owned.
pub(crate) struct Home {
    pub(crate) world: World,
    pub(crate) owner: Owner,
    pub(crate) claim: Claim,
    pub(crate) id: SensorId,
    pub(crate) notes: Notes,
}

/// Wishes for a sensor of this name.
pub(crate) fn named(name: &str) -> Wishes {
    Wishes { name: Some(Name::parse(name).unwrap()), room: None }
}

pub(crate) fn home(seed: u64, settings: SensorSettings) -> Home {
    let (mut world, mut owner) = (World::new(seed), Owner::new(seed));
    let (simulated, label, notes) = simulated(seed);
    let id = world.add(simulated);
    let claim = owner.pair(&mut world, &label, (named("Kitchen"), settings), MINUTE_US).unwrap();
    Home { world, owner, claim, id, notes }
}

/// Counter and values of a frame.
pub(crate) fn open(claim: &Claim, pdu: &AdvertisingPdu) -> Option<(u32, BTreeMap<Quantity, i64>)> {
    let frame = v2::Frame::parse(pdu.service_data_16(v2::UUID)?).ok()?;
    let mut buffer = [0; MAX_SERVICE_DATA];
    let items = frame.open(present_key(claim).bytes(), pdu.from, &mut buffer).ok()?;
    let values = items.filter_map(|item| match item {
        Item::Reading { quantity, value, .. } => Some((quantity, value)),
        _ => None,
    });
    Some((frame.counter()?, values.collect()))
}
