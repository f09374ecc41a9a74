//! The firmware of a sensor on a computer: [`fw_app`] with a radio behind a socket, flash in a file and a simulated room.
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
//! Does not know: pins and chips; power cuts, which `fw_logic::nor` makes; the hub.

mod console;
mod flash;
mod hci;
mod identity;
mod run;
mod values;

pub use console::parse;
pub use flash::{FlashError, FlashFile, OpenError};
pub use hci::{Hci, HciError, Unreachable};
pub use identity::{Identity, IdentityError};
pub use run::{RunError, Sensor, run};
pub use values::{Table, Values, ValuesError};
