use std::fmt;

use fw_app::Happening;
use fw_host::{Identity, Listening, NO_UPDATES, QueueFull, SensorId, Simulated, World, luck};
use hub_link::{Label, TalkError, first_settings};
use hub_model::{Name, SensorSettings, Stamp, UnixMillis, Wishes};
use thiserror::Error;
use units::{Measure, Quantity};
use wire::{bthome::v2, firmware::Hardware, setup_code::Product};

use crate::{Climate, Owner, OwnerError, Profile, Sensor, Sent, air::heard, at_once};

const MINUTE_MS: i64 = 60_000;
/// How long before the house begins its batteries were put in, and its sensors paired.
const MOVING_IN_MS: i64 = 5 * MINUTE_MS;
/// Within this a sensor is heard whose button was pressed, or whose battery is new.
const PATIENCE_US: u64 = 60_000_000;

/// A house with six sensors in six rooms: each the whole firmware on simulated air, paired as a hub would pair it.
///
/// They measure, log, tell and listen as their settings say; nobody here decides when. The house cannot be sent to another
/// thread, what it hands out can.
pub struct House {
    climate: Climate,
    world: World,
    owner: Owner,
    sensors: Vec<Sensor>,
    pub(crate) watches: Vec<Watch>,
    /// When somebody may pass next.
    next_minute: UnixMillis,
    /// The world's zero.
    zero: UnixMillis,
    /// Which settings the sensors have.
    revision: u8,
}

/// Where a sensor watches who passes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Watch {
    pub(crate) id: SensorId,
    pub(crate) number: u64,
    quantity: Quantity,
    /// What it told last.
    is_passing: bool,
}

/// Why a house is not as it should be.
#[derive(Debug, Error)]
pub enum HouseError {
    /// A sensor could not be paired.
    #[error("the sensor {name:?} could not be paired")]
    Unpaired {
        /// Which.
        name: &'static str,
        /// Why.
        source: Box<OwnerError>,
    },
    /// A sensor could not be reached, or did not listen.
    #[error("the sensor {name:?} did not do what its owner wants")]
    Untold {
        /// Which.
        name: &'static str,
        /// Why.
        source: Box<TalkError>,
    },
    /// A sensor has other settings than it was given.
    #[error("the sensor {name:?} took other settings than it was given")]
    Settings {
        /// Which.
        name: &'static str,
    },
    /// A sensor does not even take what happens to it.
    #[error("the sensor {name:?} does not notice what happens")]
    Deaf {
        /// Which.
        name: &'static str,
        /// Why.
        source: QueueFull,
    },
    /// A number or a word is none for a sensor.
    #[error("the sensor {name:?} cannot be described")]
    Words {
        /// Which.
        name: &'static str,
    },
}

const FURNITURE: [(&str, &str, Profile); 6] = [
    ("Living room sensor", "Living room", Profile::Co2),
    ("Bedroom air", "Bedroom", Profile::Dust),
    ("Kitchen air", "Kitchen", Profile::Compounds),
    ("Front door", "Hall", Profile::Door),
    ("Bathroom motion", "Bathroom", Profile::Motion),
    ("Balcony weather", "Balcony", Profile::Weather),
];

impl fmt::Debug for House {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("House").field("now", &self.now()).field("sensors", &self.sensors).finish_non_exhaustive()
    }
}

impl House {
    /// The house of a seed, which begins then: its climate, identities, keys and luck follow from the seed. Of each frame
    /// that its sensors send, whoever listens is told every copy.
    ///
    /// # Errors
    /// [`HouseError`] when a sensor cannot be paired.
    pub fn new(seed: u64, begins: UnixMillis) -> Result<Self, HouseError> {
        let zero = begins + -MOVING_IN_MS;
        let mut house = Self {
            climate: Climate::new(seed),
            world: World::new(seed),
            owner: Owner::new(seed),
            sensors: Vec::new(),
            watches: Vec::new(),
            next_minute: begins,
            zero,
            revision: first_settings().revision,
        };
        for (furniture, number) in FURNITURE.into_iter().zip(1_u64..) {
            let sensor = house.move_in(furniture, number, seed)?;
            if let Some(quantity) = sensor.profile.watched() {
                let is_passing = house.climate.passing(begins, number);
                house.watches.push(Watch { id: sensor.id, number, quantity, is_passing });
                let told = house.world.happen(sensor.id, told(quantity, is_passing));
                told.map_err(|source| HouseError::Deaf { name: sensor.name, source })?;
            }
            house.sensors.push(sensor);
        }
        house.live_until(begins);
        Ok(house)
    }

    /// Puts the battery into a sensor and pairs it.
    fn move_in(
        &mut self,
        (name, room, profile): (&'static str, &'static str, Profile),
        number: u64,
        seed: u64,
    ) -> Result<Sensor, HouseError> {
        let words = || HouseError::Words { name };
        let hardware = Hardware::new(0).ok_or_else(words)?;
        let product = Product(u16::try_from(number).map_err(|_| words())?);
        let identity = Identity::generate(product, hardware, &mut luck(seed ^ number << 48));
        let label = Label::parse(&identity.setup_code().label().to_string()).map_err(|_| words())?;
        let (climate, zero) = (self.climate, self.zero);
        let id = self.world.add(Simulated {
            identity,
            channels: profile.channels(),
            model: Box::new(move |now_us| profile.measure(number, climate, at(zero, now_us))),
            trusted: NO_UPDATES,
            watcher: None,
        });
        let wishes = Wishes { name: Some(Name::parse(name).map_err(|_| words())?), room: None };
        let claim = self.owner.pair(&mut self.world, &label, (wishes, first_settings()), PATIENCE_US);
        let claim = claim.map_err(|source| HouseError::Unpaired { name, source: Box::new(source) })?;
        Ok(Sensor { address: claim.address, name, room, profile, id, claim })
    }

    /// The sensors.
    pub fn sensors(&self) -> &[Sensor] {
        &self.sensors
    }

    /// The climate.
    pub const fn climate(&self) -> Climate {
        self.climate
    }

    /// What time it is in the house.
    pub fn now(&self) -> UnixMillis {
        at(self.zero, self.world.now_us())
    }

    /// From now on whoever listens is told these copies of each frame.
    pub const fn listen(&mut self, listening: Listening) {
        self.world.listen(listening);
    }

    /// Lets time pass until then: people come and go, sensors measure and tell. Hands out what they sent, in order.
    pub fn live_until(&mut self, end: UnixMillis) -> Vec<Sent> {
        let mut sent = Vec::new();
        while self.next_minute < end {
            let minute = self.next_minute;
            self.next_minute = UnixMillis((minute.0.div_euclid(MINUTE_MS) + 1) * MINUTE_MS);
            let passes = |watch: &Watch| self.climate.passing(minute, watch.number) != watch.is_passing;
            if !self.watches.iter().any(passes) {
                continue;
            }
            self.pass_until(minute, &mut sent);
            let Self { climate, world, watches, .. } = self;
            for Watch { id, number, quantity, is_passing } in watches {
                let now = climate.passing(minute, *number);
                if std::mem::replace(is_passing, now) != now {
                    // A sensor takes what happens at once: its queue is empty whenever time has passed.
                    let _ = world.happen(*id, told(*quantity, now));
                }
            }
        }
        self.pass_until(end, &mut sent);
        sent
    }

    fn pass_until(&mut self, end: UnixMillis, sent: &mut Vec<Sent>) {
        let end_us = u64::try_from(end - self.zero).unwrap_or(0).saturating_mul(1000);
        for pdu in self.world.run_until(end_us) {
            let at = at(self.zero, pdu.at_us);
            let advert = heard(&pdu, Stamp::wall(at));
            // Others are pairing adverts.
            if advert.service_data.iter().any(|(uuid, _)| *uuid == v2::UUID) {
                sent.push(Sent { at, advert });
            }
        }
    }

    /// Tells all sensors to live so from now on: somebody presses the button of each, and their hub connects and says it.
    /// Their revision is counted here.
    ///
    /// # Errors
    /// [`HouseError`].
    pub fn set(&mut self, settings: &SensorSettings) -> Result<(), HouseError> {
        self.revision = self.revision.wrapping_add(1);
        let settings = SensorSettings { revision: self.revision, ..settings.clone() };
        for Sensor { id, name, claim, .. } in &self.sensors {
            let failed = |source| HouseError::Untold { name, source: Box::new(source) };
            self.world.happen(*id, Happening::Pressed).map_err(|source| HouseError::Deaf { name, source })?;
            let mut session = self.owner.reach(&mut self.world, claim, PATIENCE_US).map_err(failed)?;
            if at_once(session.set(&settings)).map_err(failed)? != settings {
                return Err(HouseError::Settings { name });
            }
            at_once(session.end());
        }
        Ok(())
    }
}

fn told(quantity: Quantity, is_passing: bool) -> Happening {
    Happening::Measured(Measure::new(quantity, is_passing.into()))
}

fn at(zero: UnixMillis, us: u64) -> UnixMillis {
    zero + i64::try_from(us / 1000).unwrap_or(i64::MAX)
}
