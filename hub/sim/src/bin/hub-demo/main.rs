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
use hub_assembly::{ADVERT_QUEUE, Config, Hub, Surroundings, chain};
use hub_model::{Clock, Epoch, RawAdvert, ReceiverId};
use hub_sim::{Air, House, Past, furnish, live_through};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;

const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 86_400_000;
/// Milliseconds between two frames of one sensor today.
const LIVE_INTERVAL_MS: i64 = 5_000;
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
    let hub = open(config, &clock)?;
    let mut house = House::new(arguments.seed);
    live_a_year(&hub, &clock, &mut house)?;

    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        let bound = hub.bind().await?;
        let url = format!("http://{}/", bound.address());
        let (adverts, heard) = mpsc::channel(ADVERT_QUEUE);
        let running = hub.run(heard, bound);
        for (receiver, name) in [(ReceiverId(1), "simulated, living room"), (ReceiverId(2), "simulated, attic")] {
            hub.receivers().begun(receiver, name);
        }
        let air = Air::new(arguments.seed, 2, LOSS);
        let live = tokio::spawn(live(house, air, Arc::clone(&clock), adverts, running.stopping()));
        announce(&url, arguments.headless);
        running.until(stop_signal()).await?;
        live.await.map_err(std::io::Error::other)?;
        Ok(())
    })
}

fn open(config: Config, clock: &Arc<DemoClock>) -> Result<Hub, Failure> {
    let shown = Arc::clone(clock) as Arc<dyn Clock>;
    let around = Surroundings {
        kernel_boot: [0; 16],
        epoch_if_new: Epoch(u64::try_from(clock.real().0).unwrap_or(1)),
        clock: Box::new(move |_, _| shown),
    };
    clock.replay().set(clock.real());
    Ok(Hub::open(config, around)?)
}

/// Thirteen months that end now: coarse at first, finer in the last day.
fn live_a_year(hub: &Hub, clock: &Arc<DemoClock>, house: &mut House) -> Result<(), Failure> {
    let now = clock.real();
    let yesterday = now + -DAY_MS;
    let pasts = [
        Past { span: now + -366 * DAY_MS..yesterday, interval_ms: 5 * MINUTE_MS },
        Past { span: yesterday..now, interval_ms: MINUTE_MS },
    ];
    clock.replay().set(pasts.first().map_or(now, |past| past.span.start));
    furnish(hub, house)?;
    let is_terminal = std::io::stderr().is_terminal();
    let summary = live_through(hub, clock.replay(), house, &pasts, |share| {
        if is_terminal {
            eprint!("\rliving through a year … {:3.0} %", share * 100.0);
        }
    })?;
    clock.go_live();
    if is_terminal {
        eprintln!();
    }
    say(&format!(
        "a year of {} sensors: {} encrypted adverts, {} readings, {:.1} MB on disk, {:.1} s",
        house.sensors().len(),
        summary.adverts,
        summary.readings,
        summary.bytes_stored as f64 / 1e6,
        clock.since_start().as_secs_f64()
    ));
    Ok(())
}

/// Today: every sensor sends every few seconds, two receivers hear most of it.
async fn live(
    mut house: House,
    mut air: Air,
    clock: Arc<DemoClock>,
    adverts: mpsc::Sender<RawAdvert>,
    stop: CancellationToken,
) {
    let mut tick = tokio::time::interval(Duration::from_millis(250));
    let mut due = Vec::new();
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = tick.tick() => {}
        }
        let now = clock.now();
        for sent in house.send_due_stamped(now.wall.at, LIVE_INTERVAL_MS, now.stamp, now.us) {
            due.extend(air.carry(&sent.advert, 2));
        }
        for advert in due.drain(..) {
            if adverts.send(advert).await.is_err() {
                return;
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
