//! The hub with a simulated house: a year behind it, and today as it happens.

mod arguments;
mod clock;
mod failure;
mod folder;

use std::{
    io::{IsTerminal, Write},
    process::ExitCode,
    sync::Arc,
    time::Duration,
};

use arguments::Arguments;
use clap::Parser;
use clock::DemoClock;
use failure::Failure;
use folder::Folder;
use fw_host::Listening;
use hub_assembly::{ADVERT_QUEUE, Config, Hub, Luck, NoLinks, Surroundings, chain};
use hub_link::first_settings;
use hub_model::{Clock, Epoch, RawAdvert, ReceiverId, SensorSettings};
use hub_sim::{Air, House, Past, furnish, live_through};
use rand::{RngCore as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;

const DAY_MS: i64 = 86_400_000;
/// Shares of frames lost by each of the two simulated receivers.
const LOSS: f64 = 0.15;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let filter = EnvFilter::try_new(if arguments.verbose { "info" } else { "warn" }).unwrap_or_default();
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            say(&format!("the demonstration ended: {}", chain(&failure)));
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<(), Failure> {
    let folder = Folder::create(arguments.store.as_deref())?;
    let clock = Arc::new(DemoClock::default());
    let mut config = Config::with_store(folder.path())?;
    let mut listen = config.server.listen();
    listen.set_port(arguments.port);
    config.server = config.server.with_listen(listen);
    let hub = open(config, &clock, arguments.seed)?;
    let house = live_a_year(&hub, &clock, arguments.seed)?;

    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        let bound = hub.bind().await?;
        let url = format!("http://{}/", bound.address());
        let (adverts, heard) = mpsc::channel(ADVERT_QUEUE);
        let running = hub.run(heard, bound, NoLinks::default)?;
        for (receiver, name) in [(ReceiverId(1), "simulated, living room"), (ReceiverId(2), "simulated, attic")] {
            hub.receivers().begun(receiver, name);
        }
        let air = Air::new(arguments.seed, 2, LOSS);
        announce(&url, arguments.headless);
        // The house stays on this thread: sensors have no other.
        let live = live(house, air, &clock, adverts, running.stopping());
        let (stopped, ()) = tokio::join!(running.until(stop_signal()), live);
        Ok(stopped?)
    })
}

fn open(config: Config, clock: &Arc<DemoClock>, seed: u64) -> Result<Hub, Failure> {
    let shown = Arc::clone(clock) as Arc<dyn Clock>;
    let around = Surroundings {
        kernel_boot: [0; 16],
        epoch_if_new: Epoch(u64::try_from(clock.real().0).unwrap_or(1)),
        luck: luck(seed),
        clock: Box::new(move |_, _| shown),
    };
    clock.replay().set(clock.real());
    Ok(Hub::open(config, around)?)
}

/// How the sensors lived for a year: they measure every five minutes, and their hub may connect once an hour.
fn for_a_year() -> SensorSettings {
    SensorSettings { sampling_s: 300, window_every_s: 3600, ..first_settings() }
}

/// How they lived since yesterday.
fn since_yesterday() -> SensorSettings {
    SensorSettings { sampling_s: 60, heartbeat_s: 60, ..first_settings() }
}

/// How they live while somebody watches.
fn watched() -> SensorSettings {
    SensorSettings { advert_interval_ms: 1000, sampling_s: 5, heartbeat_s: 10, ..first_settings() }
}

/// Keys of a demonstration follow from its seed.
fn luck(seed: u64) -> Luck {
    let mut luck = ChaCha8Rng::seed_from_u64(seed);
    Box::new(move |bytes| luck.fill_bytes(bytes))
}

/// A year that ends now: coarse at first, finer in the last day.
fn live_a_year(hub: &Hub, clock: &Arc<DemoClock>, seed: u64) -> Result<House, Failure> {
    let now = clock.real();
    let (begin, yesterday) = (now + -366 * DAY_MS, now + -DAY_MS);
    let pasts = [
        Past { span: begin..yesterday, settings: for_a_year() },
        Past { span: yesterday..now, settings: since_yesterday() },
    ];
    clock.replay().set(begin);
    let mut house = House::new(seed, begin)?;
    furnish(hub, house.sensors())?;
    let is_terminal = std::io::stderr().is_terminal();
    let summary = live_through(hub, clock.replay(), &mut house, &pasts, |share| {
        if is_terminal {
            eprint!("\rliving through a year … {:3.0} %", share * 100.0);
        }
    })?;
    clock.go_live();
    if is_terminal {
        eprintln!();
    }
    say(&format!(
        "a year of {} sensors, each its whole firmware: {} encrypted adverts, {} readings, {:.1} MB on disk, {:.1} s",
        house.sensors().len(),
        summary.adverts,
        summary.readings,
        summary.bytes_stored as f64 / 1e6,
        clock.since_start().as_secs_f64()
    ));
    house.set(&watched())?;
    house.listen(Listening::Every);
    Ok(house)
}

/// Today: the sensors live on, and two receivers hear most of what they send.
async fn live(
    mut house: House,
    mut air: Air,
    clock: &DemoClock,
    adverts: mpsc::Sender<RawAdvert>,
    stop: CancellationToken,
) {
    let mut tick = tokio::time::interval(Duration::from_millis(250));
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = tick.tick() => {}
        }
        let now = clock.now();
        for sent in house.live_until(now.wall.at) {
            let age_ms = u64::try_from(now.wall.at - sent.at).unwrap_or(0);
            let received_us = now.us.saturating_sub(age_ms * 1000);
            for advert in air.carry(&RawAdvert { received_us, ..sent.advert }) {
                if adverts.send(advert).await.is_err() {
                    return;
                }
            }
        }
    }
}

fn announce(url: &str, is_headless: bool) {
    say("the hub runs; open this page (Ctrl-C ends it):");
    let mut out = std::io::stdout().lock();
    // Nobody reads on: the hub runs all the same.
    let _ = writeln!(out, "{url}").and_then(|()| out.flush());
    let has_screen = std::env::var_os("DISPLAY").is_some() || std::env::var_os("WAYLAND_DISPLAY").is_some();
    if !is_headless && has_screen {
        let opened = std::process::Command::new("xdg-open").arg(url).spawn();
        if let Err(error) = opened {
            tracing::info!(%error, "no browser was opened");
        }
    }
}

/// A line for whoever watches.
fn say(text: &str) {
    eprintln!("{text}");
}

async fn stop_signal() {
    use tokio::signal::unix::{SignalKind, signal};
    match (signal(SignalKind::terminate()), signal(SignalKind::interrupt())) {
        (Ok(mut terminate), Ok(mut interrupt)) => {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
        }
        _ => std::future::pending().await,
    }
}
