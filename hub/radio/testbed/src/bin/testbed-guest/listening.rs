//! The hub's own listener at work, on a thread of its own so that it can be told what it costs.

use std::{
    collections::{BTreeSet, HashMap},
    io::Write as _,
    sync::Arc,
    thread::{self, JoinHandle},
    time::Duration,
};

use anyhow::{Context as _, Result};
use hub_model::{BootId, Clock, Now, RawAdvert, ReceiverId, Stamp, TimeQuality, UnixMillis, WallTime};
use hub_radio::{Asking, Gap, Listener, Plan, Reports, Tally};
use hub_testbed::{Answer, COUNTING, Cost, Heard, Way};
use tokio::{
    sync::{mpsc, watch},
    time::timeout,
};
use tokio_util::sync::CancellationToken;

use crate::{cost, home};

/// Places in the queue behind the radio, as in the hub.
const QUEUE: usize = 2048;
/// BTHome: the one format of counting advertisers.
const BTHOME: u16 = 0xFCD2;

/// A listener.
pub(crate) struct Listening {
    stop: CancellationToken,
    thread: Option<JoinHandle<()>>,
    state: watch::Receiver<State>,
    change: Arc<watch::Sender<State>>,
    tally: Arc<Tally>,
    begin: Cost,
    told: HashMap<[u8; 6], u64>,
}

/// What was heard so far.
#[derive(Default)]
struct State {
    counters: HashMap<[u8; 6], BTreeSet<u32>>,
    adverts: u64,
    events: u64,
    pause: Pause,
    reports: Vec<String>,
    /// The last of everybody else, and which it was in turn.
    others: HashMap<[u8; 6], (u64, ServiceData)>,
    /// The last of everybody who sends service data of a long UUID, by that.
    seekers: HashMap<u128, Answer>,
}

/// The longest time between two adverts.
#[derive(Default)]
struct Pause {
    last_us: Option<u64>,
    longest_us: u64,
}

impl Pause {
    fn ends(&mut self, now_us: u64) {
        let last_us = self.last_us.replace(now_us).unwrap_or(now_us);
        self.longest_us = self.longest_us.max(now_us.saturating_sub(last_us));
    }
}

/// Service data by UUID.
type ServiceData = Vec<(u16, Vec<u8>)>;

impl Listening {
    pub(crate) fn begin(adapter: &str, way: Way, ask_every_s: u32) -> Result<Self> {
        let (state, seen) = watch::channel(State::default());
        let state = Arc::new(state);
        let (adverts, heard) = mpsc::channel(QUEUE);
        let plan = Plan {
            adapter: adapter.parse().context("failed to read which adapter")?,
            receiver: ReceiverId(1),
            listening: hub_radio::Listening::ALWAYS,
            asking: Asking::every_s(ask_every_s).unwrap_or(Asking::NEVER),
            way: match way {
                Way::Kernel => hub_radio::Way::Kernel,
                Way::Discovery => hub_radio::Way::Discovery,
                Way::Best => hub_radio::Way::Best,
            },
        };
        let listener = Listener::new(plan, Arc::new(BootClock), adverts, Arc::new(Written(Arc::clone(&state))));
        let (tally, stop) = (listener.tally(), CancellationToken::new());
        let (begin, stopped, change) = (cost::now(), stop.clone(), Arc::clone(&state));
        let thread = thread::Builder::new().name(cost::LISTENER.to_owned()).spawn(move || {
            if let Err(error) = home::be_the_hub() {
                // The console is where the host looks when nothing listens.
                let _ = writeln!(std::io::stderr(), "testbed-guest: {error:#}");
                return;
            }
            let runtime =
                tokio::runtime::Builder::new_current_thread().thread_name(cost::LISTENER).enable_all().build();
            if let Ok(runtime) = runtime {
                runtime.block_on(async {
                    tokio::join!(listener.listen(stopped), count(heard, &state));
                });
            }
        });
        let thread = Some(thread.context("failed to start a thread")?);
        Ok(Self { stop, thread, state: seen, change, tally, begin, told: HashMap::new() })
    }

    /// What was heard, once that is enough or the time is over.
    pub(crate) async fn heard(&mut self, adverts: u64, within_ms: u64) -> Result<Heard> {
        let enough = self.state.wait_for(|state| state.adverts >= adverts);
        // Too few is an answer too.
        let _ = timeout(Duration::from_millis(within_ms), enough).await;
        let cost = cost::since(self.begin, cost::now());
        let mut pause = Pause::default();
        self.change.send_modify(|state| pause = std::mem::take(&mut state.pause));
        let state = self.state.borrow();
        Ok(Heard {
            devices: state.counters.len() as u64,
            adverts: state.adverts,
            events: state.events,
            dropped: self.tally.dropped(),
            pause_ms: pause.longest_us / 1000,
            missing: state.missing(),
            reports: state.reports.clone(),
            cost,
        })
    }

    /// All reports, once one after the first `after` holds the text.
    pub(crate) async fn reports(&mut self, after: usize, text: &str, within_ms: u64) -> Result<Vec<String>> {
        let told = self.state.wait_for(|state| state.reports.iter().skip(after).any(|report| report.contains(text)));
        let told = timeout(Duration::from_millis(within_ms), told)
            .await
            .ok()
            .map(|told| told.map(|state| state.reports.clone()));
        match told {
            Some(reports) => reports.context("the listener has ended"),
            None => anyhow::bail!("no {text:?} within {within_ms} ms; told: {:?}", self.state.borrow().reports),
        }
    }

    /// Who sends service data of this UUID, and can be connected to.
    pub(crate) async fn find(&mut self, uuid: [u8; 16], within_ms: u64) -> Result<Answer> {
        let uuid = u128::from_be_bytes(uuid);
        let found = self.state.wait_for(|state| state.seekers.contains_key(&uuid));
        let found = timeout(Duration::from_millis(within_ms), found).await;
        let state =
            found.with_context(|| format!("found nobody within {within_ms} ms"))?.context("the listener has ended")?;
        state.seekers.get(&uuid).cloned().context("found nobody")
    }

    /// The service data of the next advert from this address.
    pub(crate) async fn service_data(&mut self, address: [u8; 6], within_ms: u64) -> Result<ServiceData> {
        let told = self.told.get(&address).copied().unwrap_or_default();
        let next = self.state.wait_for(|state| state.others.get(&address).is_some_and(|(turn, _)| *turn > told));
        let next = timeout(Duration::from_millis(within_ms), next).await;
        let state = next
            .with_context(|| format!("heard nothing of it within {within_ms} ms"))?
            .context("the listener has ended")?;
        let (turn, data) = state.others.get(&address).context("heard nothing of it")?;
        self.told.insert(address, *turn);
        Ok(data.clone())
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.stop.cancel();
        if let Some(thread) = self.thread.take() {
            // A listener that panicked has written so to the console.
            let _ = thread.join();
        }
    }
}

async fn count(mut heard: mpsc::Receiver<RawAdvert>, state: &watch::Sender<State>) {
    while let Some(advert) = heard.recv().await {
        state.send_modify(|state| state.hear(advert));
    }
}

impl State {
    fn hear(&mut self, advert: RawAdvert) {
        let address = advert.address.bytes();
        if advert.is_connectable {
            for (uuid, data) in advert.long_service_data {
                self.seekers.insert(uuid, Answer::Found { address, is_random: advert.is_random, data });
            }
        }
        if !address.starts_with(&COUNTING) {
            let (turn, data) = self.others.entry(address).or_default();
            *turn += 1;
            *data = advert.service_data;
            return;
        }
        let data = advert.service_data.iter().find(|(uuid, _)| *uuid == BTHOME);
        // Version, then an object of four bytes: the counter.
        if let Some((_, bytes)) = data
            && let Some(counter) = bytes.last_chunk()
        {
            self.events += 1;
            self.pause.ends(advert.received_us);
            let is_new = self.counters.entry(address).or_default().insert(u32::from_le_bytes(*counter));
            self.adverts += u64::from(is_new);
        }
    }
}

impl State {
    /// What should have been heard of the last round, as far as that can be seen here; a few.
    fn missing(&self) -> Vec<String> {
        const A_FEW: usize = 5;
        let round = self.counters.keys().map(|[_, _, _, round, ..]| *round).max();
        let last: Vec<_> = self.counters.iter().filter(|([_, _, _, of, ..], _)| Some(*of) == round).collect();
        let said = last.iter().filter_map(|(_, counters)| counters.last()).max().copied().unwrap_or_default();
        let missing = last.iter().flat_map(|([.., high, low], counters)| {
            let absent = (1..=said).filter(|counter| !counters.contains(counter));
            absent.map(move |counter| format!("{} of {}", counter, u16::from_be_bytes([*high, *low])))
        });
        missing.take(A_FEW).collect()
    }
}

/// The listener's reports as texts.
struct Written(Arc<watch::Sender<State>>);

impl Written {
    fn write(&self, report: String) {
        self.0.send_modify(|state| state.reports.push(report));
    }
}

impl Reports for Written {
    fn listening(&self, adapter: &str) {
        self.write(format!("listening {adapter}"));
    }

    fn trouble(&self, adapter: &str, trouble: &str) {
        self.write(format!("trouble {adapter}: {trouble}"));
    }

    fn gap(&self, adapter: &str, gap: Gap) {
        self.write(format!("gap {adapter}: {} ms", gap.length().as_millis()));
    }
}

/// The guest's boot clock; nobody asks it for wall time.
struct BootClock;

impl Clock for BootClock {
    fn now(&self) -> Now {
        let us = home::up_us();
        let stamp = Stamp { boot: BootId(1), ms: us / 1000 };
        Now { stamp, us, wall: WallTime { at: UnixMillis(0), quality: TimeQuality::Estimated } }
    }
}
