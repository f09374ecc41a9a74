//! The firmware of a sensor on a computer: [`fw_app`] with a radio behind a socket or on simulated air, flash in a file or in
//! memory, and a simulated room.
//!
//! The program is `sensor-sim`:
//!
//! ```text
//! sensor-sim identity kitchen.toml
//! sensor-sim run --hci tcp:127.0.0.1:9001 --identity kitchen.toml --flash kitchen.flash
//! ```
//!
//! It prints its setup code, then what happens, a line each; it takes `press`, `hold` and `door 1` on stdin. Its
//! controller is whatever speaks HCI with H4 framing over a socket: PyPI's `bumble` (`tests/interop/air.py` opens its radios
//! on one air), or a real dongle behind a bridge. `tests/interop` runs it against a controller and a central that others
//! wrote.
//!
//! ```
//! use fw_host::{FlashFile, Identity};
//! use getrandom::SysRng;
//! use rand_core::UnwrapErr;
//! use wire::{firmware::Hardware, setup_code::{Product, SetupCode}};
//!
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("kitchen.toml");
//! let hardware = Hardware::new(0).ok_or("there are 32 revisions")?;
//! Identity::generate(Product(1), hardware, &mut UnwrapErr(SysRng)).write_new(&path)?;
//! let identity = Identity::read(&path)?;
//! let label = identity.setup_code().label().to_string();
//! assert_eq!(SetupCode::parse(&label)?, identity.setup_code());
//! let flash = FlashFile::open(&folder.path().join("kitchen.flash"))?;
//! # drop(flash);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A [`World`] has any number of sensors in one process, on [simulated air](AdvertisingPdu) and in simulated time: the same
//! program, a virtual controller instead of the socket, flash in memory. Whoever has it hears their adverts and connects to
//! them, as a hub does. A year of a sensor passes in seconds; the same seed gives the same adverts.
//!
//! ```
//! use fw_host::{Identity, NO_UPDATES, Simulated, Values, World, luck};
//! use wire::{firmware::Hardware, gatt, pairing_advert::PairingAdvert, setup_code::Product};
//!
//! let hardware = Hardware::new(0).ok_or("there are 32 revisions")?;
//! let (identity, room) = (Identity::generate(Product(1), hardware, &mut luck(7)), Values::Room { seed: 7 });
//! let label = identity.setup_code();
//!
//! let mut world = World::new(7);
//! let (channels, model) = (room.channels(), room.model());
//! world.add(Simulated { identity, channels, model, trusted: NO_UPDATES, watcher: None });
//!
//! // Its battery is new: it waits for whoever has its label.
//! let minute = world.run_until(60_000_000);
//! let data = minute.iter().find_map(|pdu| pdu.service_data_128(gatt::SERVICE)).ok_or("it is not heard")?;
//! assert!(PairingAdvert::parse(data)?.is_of(&label.secret));
//! let from = minute.first().ok_or("it is not heard")?.from;
//! let link = world.connect(from, 60_000_000)?;
//! # world.disconnect(link);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Does not know: pins and chips; how far radio reaches and what is lost on the way; the hub.

mod air;
mod boot;
mod clock;
mod console;
mod flash;
mod hci;
mod identity;
mod luck;
mod run;
mod values;
mod world;

pub use air::{AdvertisingPdu, Listening};
pub use console::parse;
pub use flash::{FlashError, FlashFile, OpenError};
pub use hci::{Hci, HciError, Unreachable};
pub use identity::{Identity, IdentityError};
pub use luck::luck;
pub use run::{RunError, Sensor, run};
pub use values::{Table, Values, ValuesError};
pub use world::{Flaw, Link, LinkError, Model, NO_UPDATES, QueueFull, SensorId, Simulated, Watcher, World};
