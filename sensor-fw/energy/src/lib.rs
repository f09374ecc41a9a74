//! What a sensor takes from its battery: every event of a simulated week, counted and multiplied by datasheet figures.
//!
//! The firmware's own brain runs for a week on flash that counts ([`week`]); each advert, wake-up, reading, sealed frame
//! and word of flash is then charged for ([`Bill`]) by the one table of figures with their sources ([`table`]). The same
//! arithmetic, set up like devices whose makers measured them, says what they measured ([`published`]); and
//! `budget.toml` holds what each of our sensors may take ([`budget`]), so that nobody makes one hungrier unnoticed. What a
//! decision costs is told by the same week with one thing changed ([`variant`]).
//!
//! ```
//! use fw_energy::{Air, Bill, Radio, profile, table::{chips, stacks}, week};
//!
//! let radio = Radio { chip: &chips::NRF54L15, stack: &stacks::NORDIC, dbm: 0 };
//! let advert = radio.advert(Air { data_bytes: 31, is_connectable: false });
//! assert!((5.0..10.0).contains(&advert.as_microcoulombs()));
//!
//! let counts = week::live::<16>(&profile::ROOM, 1)?;
//! let bill = Bill::new(&counts, &profile::ROOM, radio);
//! assert!(bill.average().as_microamps() < 5.0);
//! # Ok::<(), week::WeekError>(())
//! ```
//!
//! # What it cannot see
//!
//! A board leaks (0.1 to 1 µA through capacitors and flux), a battery ages and sags in the cold, a chip takes more when it
//! is hot, an antenna off its mark makes the amplifier draw more, datasheets say what is typical, a scanner may ask for a
//! scan response in a window. Take its figures ±30 %. And it cannot see what nobody counts: a bus, converter or debugger
//! that stays on takes 400 to 1200 µA, a hundred times the rest. That is found with an ammeter, or by a check that every
//! peripheral is given back before the chip sleeps.
//!
//! Does not know: the hub, the air and who hears anything; voltages, temperatures, pins, registers.

mod bill;
pub mod budget;
pub mod charge;
mod flash;
mod life;
mod luck;
pub mod profile;
pub mod published;
mod radio;
mod surroundings;
pub mod table;
pub mod variant;
pub mod week;

pub use bill::Bill;
pub use flash::Tally;
pub use life::years;
pub use radio::{Air, Meeting, Radio};
