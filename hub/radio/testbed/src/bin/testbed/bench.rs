//! What a scenario has: a fresh bluetoothd, the air, sensors, and room for figures.

use std::{collections::VecDeque, path::PathBuf, time::Duration};

use anyhow::{Context as _, Result, bail};
use hub_testbed::{API, Answer, Ask, Heard, RADIOS, Way};
use serde_json::Value;
use tempfile::TempDir;
use tokio::time::timeout;

use crate::{
    air::{Adverts, Air, Duplicates},
    api::Api,
    clock::Stopwatch,
    guest::{Guest, Machine},
    options::Options,
    scenarios::Scenario,
    sensor::{Make, Sensor, VALUES},
    update::{Update, public_key},
};

/// How long a scenario may take, on any machine.
const SCENARIO_LIMIT: Duration = Duration::from_secs(600);
/// How long it may take until a radio listens.
const LISTEN_MS: u64 = 60_000;
/// How long the hub may take to say something: it gives a sensor two minutes to change programs, and then waits for a window.
const SAY_MS: u64 = 240_000;
/// Lines of each log that are shown when a scenario fails.
const SHOWN: usize = 40;
/// How long the last advert may be on its way.
const LATE_MS: u64 = 3000;

/// The first radio, which every scenario finds plugged in.
pub(crate) const FIRST: u8 = 0;
/// How long bluetoothd may take to see an adapter.
pub(crate) const ADAPTER_MS: u64 = 60_000;

/// The test bed.
pub(crate) struct Bench {
    machine: Machine,
    pub(crate) guest: Guest,
    pub(crate) air: Air,
    /// The hub's API, for who asks.
    pub(crate) api: Api,
    /// The same, for who listens.
    pub(crate) events: Api,
    /// Events that were told and that nobody has looked at yet.
    pub(crate) told: VecDeque<Value>,
    pub(crate) boot: Boot,
    /// The kernel name of the first radio.
    pub(crate) adapter: String,
    options: SensorOptions,
    figures: Vec<String>,
    sensors: usize,
    folder: TempDir,
}

/// What came of adverts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Delivered {
    /// Which share of them was heard.
    pub(crate) share: f64,
    /// The longest time in which none was.
    pub(crate) pause_ms: u64,
}

struct SensorOptions {
    program: PathBuf,
}

/// How the guest came up.
pub(crate) struct Boot {
    pub(crate) kernel: String,
    pub(crate) seconds: f64,
}

impl Bench {
    pub(crate) async fn boot(options: &Options) -> Result<Self> {
        // Names of sockets are short: a hundred bytes at most.
        let folder = tempfile::Builder::new().prefix("ingle-radio-").tempdir().context("failed to make a folder")?;
        let radios: Vec<PathBuf> = (0..RADIOS).map(|radio| folder.path().join(format!("radio{radio}"))).collect();
        let air = Air::begin(options, &radios).await?;
        let watch = Stopwatch::start();
        let (api, events) = (Api::offer(folder.path(), API[0])?, Api::offer(folder.path(), API[1])?);
        let (machine, hello) = Machine::boot(options, folder.path(), &radios).await?;
        let (api, events) = (api.accept().await?, events.accept().await?);
        let boot = Boot { kernel: hello.kernel, seconds: watch.seconds() };
        let options = SensorOptions { program: options.sensor.clone() };
        Ok(Self {
            guest: machine.guest(),
            machine,
            air,
            api,
            events,
            told: VecDeque::new(),
            boot,
            adapter: String::new(),
            options,
            figures: Vec::new(),
            sensors: 0,
            folder,
        })
    }

    /// Makes everything fresh and runs a scenario.
    pub(crate) async fn run(&mut self, scenario: &Scenario) -> Result<()> {
        let run = async {
            self.fresh().await.context("failed to make everything fresh")?;
            (scenario.run)(self).await
        };
        timeout(SCENARIO_LIMIT, run).await.with_context(|| format!("longer than {} s", SCENARIO_LIMIT.as_secs()))?
    }

    async fn fresh(&mut self) -> Result<()> {
        for radio in 0..RADIOS {
            self.air.hang(radio, false).await?;
            self.air.deafen(radio, false).await?;
            self.air.filter(radio, Duplicates::Data).await?;
        }
        self.air.murmur(None).await?;
        self.guest.order(Ask::Fresh).await?;
        // Who spoke with the hub that is gone now has nothing more to hear.
        self.told.clear();
        self.api.ended().await?;
        self.events.ended().await?;
        self.adapter = self.plug(FIRST).await?;
        Ok(())
    }

    /// Plugs a radio in and waits until bluetoothd knows it; says what the kernel calls it.
    pub(crate) async fn plug(&mut self, radio: u8) -> Result<String> {
        let name = match self.guest.ask(Ask::Plug { radio }).await? {
            Answer::Adapter(name) => name,
            other => bail!("the guest answered {other:?}"),
        };
        self.await_adapter(&name).await?;
        Ok(name)
    }

    /// Waits until bluetoothd knows an adapter and has done with it what it does at first, which disturbs who listens; says
    /// bluetoothd's version.
    pub(crate) async fn await_adapter(&mut self, name: &str) -> Result<String> {
        match self.guest.ask(Ask::AwaitAdapter { name: name.to_owned(), within_ms: ADAPTER_MS }).await? {
            Answer::BlueZ { daemon, .. } => Ok(daemon),
            other => bail!("the guest answered {other:?}"),
        }
    }

    /// Has the first radio listen; says whether it does so actively.
    pub(crate) async fn listen(&mut self, way: Way) -> Result<bool> {
        let adapter = self.adapter.clone();
        self.listen_on(FIRST, &adapter, way).await
    }

    /// Has a radio listen by one of its names. It does when the hub says so and the controller does so: in between the kernel
    /// passes the first advert over.
    pub(crate) async fn listen_on(&mut self, radio: u8, name: &str, way: Way) -> Result<bool> {
        self.guest.order(Ask::Listen { adapter: name.to_owned(), way, ask_every_s: 0 }).await?;
        self.guest.report(0, "listening", LISTEN_MS).await?;
        self.await_listening(radio).await
    }

    /// Has the first radio listen by the kernel and ask for scan responses as often as this, s.
    pub(crate) async fn listen_and_ask(&mut self, ask_every_s: u32) -> Result<()> {
        let adapter = self.adapter.clone();
        self.guest.order(Ask::Listen { adapter, way: Way::Kernel, ask_every_s }).await?;
        self.guest.report(0, "listening", LISTEN_MS).await?;
        self.await_listening(FIRST).await.map(drop)
    }

    /// Waits until a radio listens; says whether it does so actively.
    pub(crate) async fn await_listening(&mut self, radio: u8) -> Result<bool> {
        self.air.await_listening(radio, Duration::from_millis(LISTEN_MS)).await
    }

    /// Ends the connection; says how long that took, ms.
    pub(crate) async fn hang_up(&mut self) -> Result<u64> {
        match self.guest.ask(Ask::Disconnect).await? {
            Answer::Took { ms } => Ok(ms),
            other => bail!("the guest answered {other:?}"),
        }
    }

    /// Has adverts sent that the listener should hear; says which share of them it heard since it was asked the last time, and
    /// notes what that cost.
    pub(crate) async fn deliver(&mut self, what: &str, adverts: Adverts) -> Result<f64> {
        let delivered = self.deliver_while(what, adverts, async || Ok(())).await?;
        Ok(delivered.share)
    }

    /// As [`deliver`](Self::deliver), and meanwhile something else is asked of the guest.
    pub(crate) async fn deliver_while(
        &mut self,
        what: &str,
        adverts: Adverts,
        meanwhile: impl AsyncFnOnce() -> Result<()>,
    ) -> Result<Delivered> {
        let before = self.guest.heard(0, 0).await?;
        let (said, done) = tokio::join!(self.air.advertise(adverts), meanwhile());
        let (said, ()) = (said?, done?);
        let after = self.guest.heard(before.adverts + said, LATE_MS).await?;
        Ok(self.note(what, said, &before, &after))
    }

    fn note(&mut self, what: &str, said: u64, before: &Heard, after: &Heard) -> Delivered {
        let share = (after.adverts - before.adverts) as f64 / said as f64;
        let each = |later: u64, earlier: u64| later.saturating_sub(earlier) / said.max(1);
        let [listener, bluetoothd, dbus] = [
            each(after.cost.listener_us, before.cost.listener_us),
            each(after.cost.bluetoothd_us, before.cost.bluetoothd_us),
            each(after.cost.dbus_us, before.cost.dbus_us),
        ];
        self.figure(format!(
            "{what}: {share:.4} of {said} delivered, longest pause {} ms; processor per advert: hub {listener} µs, bluetoothd \
             {bluetoothd} µs, D-Bus {dbus} µs",
            after.pause_ms
        ));
        if share < 1.0 {
            self.figure(format!(
                "not delivered: {}, …; dropped by the hub: {}",
                after.missing.join(", "),
                after.dropped
            ));
        }
        Delivered { share, pause_ms: after.pause_ms }
    }

    /// What the listener has told, the first so many passed over.
    pub(crate) async fn reports(&mut self, told: usize) -> Result<Vec<String>> {
        Ok(self.guest.heard(0, 0).await?.reports.split_off(told))
    }

    /// A sensor of ours, new.
    pub(crate) async fn sensor(&mut self) -> Result<Sensor> {
        self.make_sensor(Make { values: VALUES, trusted: None }).await
    }

    /// A sensor of ours as it is wanted.
    pub(crate) async fn make_sensor(&mut self, make: Make<'_>) -> Result<Sensor> {
        self.sensors += 1;
        let hci = self.air.socket().await?;
        let folder = self.folder.path().join(format!("sensor{}", self.sensors));
        Sensor::start(&self.options.program, &folder, &hci, make).await
    }

    /// Starts the hub, with a radio by its kernel name.
    pub(crate) async fn start_hub(&mut self, adapter: &str) -> Result<()> {
        let (adapter, trusted) = (adapter.to_owned(), Some(public_key()));
        self.guest.order(Ask::StartHub { adapter, trusted }).await
    }

    /// Has the hub's command take in an update; says what it says.
    pub(crate) async fn add_release(&mut self, update: &Update) -> Result<String> {
        self.said(Ask::AddRelease { file: update.file.clone() }).await
    }

    /// Waits until the hub has said these words; tells the line.
    pub(crate) async fn hub_says(&mut self, words: &str) -> Result<String> {
        self.said(Ask::HubSays { words: words.to_owned(), within_ms: SAY_MS }).await
    }

    async fn said(&mut self, ask: Ask) -> Result<String> {
        match self.guest.ask(ask).await? {
            Answer::Said(text) => Ok(text),
            other => bail!("the guest answered {other:?}"),
        }
    }

    /// Notes something to be read beside the scenario's name.
    pub(crate) fn figure(&mut self, figure: String) {
        self.figures.push(figure);
    }

    pub(crate) fn take_figures(&mut self) -> Vec<String> {
        std::mem::take(&mut self.figures)
    }

    /// What everybody said last.
    pub(crate) async fn logs(&mut self) -> Vec<String> {
        let guest = match self.guest.ask(Ask::Log).await {
            Ok(Answer::Log(lines)) => lines,
            Ok(_) => Vec::new(),
            // It is gone, or hangs; what its kernel thinks of that is on the console.
            Err(_) => self.machine.console().lines().map(str::to_owned).collect(),
        };
        let last = |name: &str, lines: &[String]| {
            let last = lines.iter().skip(lines.len().saturating_sub(SHOWN));
            last.map(|line| format!("| {name}: {line}")).collect::<Vec<_>>()
        };
        [last("guest", &guest), last("air", &self.air.log())].concat()
    }

    /// Ends everything in order.
    pub(crate) async fn stop(self) {
        self.machine.stop().await;
    }
}
