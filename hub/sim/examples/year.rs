//! A year of sensors, each the whole firmware, that measure every minute and send every five seconds: how long does it take?
//!
//! ```text
//! cargo run --release -p hub-sim --example year -- 1
//! ```
#![expect(clippy::print_stdout, clippy::disallowed_methods, reason = "a measurement: it reads the clock and prints")]

use std::{error::Error, time::Instant};

use fw_host::{Identity, Listening, NO_UPDATES, Simulated, Values, World};
use hub_link::{Label, first_settings};
use hub_model::Wishes;
use hub_sim::Owner;
use wire::{firmware::Hardware, setup_code::Product};

const MINUTE_US: u64 = 60_000_000;
const DAY_US: u64 = 1440 * MINUTE_US;

fn main() -> Result<(), Box<dyn Error>> {
    let count: u64 = std::env::args().nth(1).map_or(Ok(1), |count| count.parse())?;
    let began = Instant::now();
    let (mut world, mut owner, mut luck) = (World::new(1), Owner::new(1), fw_host::luck(1));
    let mut ids = Vec::new();
    for seed in 0..count {
        let hardware = Hardware::new(0).ok_or("there are 32 revisions")?;
        let (identity, values) = (Identity::generate(Product(1), hardware, &mut luck), Values::Room { seed });
        let label = Label::parse(&identity.setup_code().label().to_string())?;
        let (channels, model) = (values.channels(), values.model());
        ids.push(world.add(Simulated { identity, channels, model, trusted: NO_UPDATES, watcher: None }));
        owner.pair(&mut world, &label, (Wishes::default(), first_settings()), 10 * MINUTE_US)?;
    }
    println!("paired {count} in {:.2} s", began.elapsed().as_secs_f64());
    let (mut events, mut frames) = (0, 0);
    for day in 1..=365 {
        // One day in ten is listened to in full, the others to new frames only: the air does the same work for both.
        world.listen(if day % 10 == 0 { Listening::Every } else { Listening::First(1) });
        let sent = world.run_until(day * DAY_US).len();
        if day % 10 == 0 { events += sent } else { frames += sent }
    }
    let wear = ids.iter().map(|id| world.wear(*id)).max().unwrap_or(0);
    println!(
        "a year of {count} in {:.1} s: {} adverts a day each, {} of them new; flash erased {wear} times a page",
        began.elapsed().as_secs_f64(),
        events / 36 / count as usize,
        frames / 329 / count as usize,
    );
    Ok(())
}
