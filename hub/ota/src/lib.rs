//! New programs for the home's sensors: which there are, who gets one next, and what is said in a link.
//!
//! | what | where |
//! |---|---|
//! | the bytes of an update, verified | [`Image`], [`Release`] |
//! | the folder of updates, which holds nothing else | [`Catalogue`], by a [`Config`] |
//! | who is next: rings, batteries, quiet hours, halt | [`Plan`] by a [`Policy`] |
//! | one link's worth: which question comes next | [`Transfer`] |
//!
//! Whoever has the radio drives it: it asks the plan, opens the link, and reports what came of it.
//!
//! ```
//! use hub_model::{Now, Zone};
//! use hub_ota::{Image, Next, Outcome, Plan, Sensor, Transfer};
//! use wire::{firmware::Version, service::Answer};
//!
//! /// A link that somebody opened, to a sensor that said in the handshake what it runs.
//! trait Link {
//!     fn running(&self) -> Version;
//!     /// The bytes of an answer; `None` when the link is lost.
//!     fn ask(&mut self, question: &[u8]) -> Option<Vec<u8>>;
//! }
//!
//! /// Does what there is to do now.
//! fn drive<L: Link>(
//!     plan: &mut Plan,
//!     image: &Image,
//!     sensors: &[Sensor],
//!     mut open: impl FnMut(&hub_ota::Order) -> Option<L>,
//!     mut now: impl FnMut() -> Now,
//! ) {
//!     while let Next::Link(order) = plan.next(sensors, &Zone::UTC, &now()) {
//!         // Here, and when the link has ended, the plan is kept: `plan.to_bytes()`.
//!         let Some(mut link) = open(&order) else {
//!             plan.report(order.sensor, Outcome::LinkLost { was_asked: false }, &now());
//!             continue;
//!         };
//!         plan.report(order.sensor, Outcome::Started, &now());
//!         let mut transfer = Transfer::new(image.clone(), order.task, link.running());
//!         while let Some(ask) = transfer.ask().filter(|_| plan.wants(&order)) {
//!             let mut question = [0; 1024];
//!             let length = ask.write(&mut question).unwrap_or(0);
//!             let Some(bytes) = link.ask(question.get(..length).unwrap_or_default()) else { break };
//!             let Ok(answer) = Answer::parse(&bytes) else { break };
//!             if let Some(outcome) = transfer.take(&answer) {
//!                 plan.report(order.sensor, outcome, &now());
//!             }
//!         }
//!         // The link was lost, or is not wanted any more. What has ended was reported already.
//!         if transfer.ended().is_none() {
//!             plan.report(order.sensor, transfer.lost(), &now());
//!         }
//!     }
//! }
//! ```
//!
//! Does not know: radios, keys of sensors, files but its own folder, what time it is.

mod catalogue;
mod config;
mod image;
mod plan;
mod policy;
mod release;
#[cfg(test)]
mod signed;
mod transfer;

pub use catalogue::{AddError, Added, Catalogue, CatalogueError, Damage, Damaged, Listing};
pub use config::Config;
pub use image::{Image, ImageError, MAX_IMAGE};
pub use plan::{Failure, Next, Order, Outcome, Plan, PlanRecordError, Postponement, Sensor, SensorStanding, Task};
pub use policy::{ParseQuietHoursError, Policy, QuietHours};
pub use release::Release;
pub use transfer::{End, Transfer};
pub use wire::{
    firmware::{Hardware, Version},
    manifest::TrustedKey,
    service::Answer,
    setup_code::Product,
};
