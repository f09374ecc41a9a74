use std::{convert::Infallible, io, sync::Arc, time::Duration};

use hub_model::{Clock, RawAdvert, ReceiverId, chain};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::{
    AdapterName, Asking, Ladder, Listening, Reports, Rung, Tally, Watch,
    bluez::{BlueZ, in_time},
    discovery::Discovery,
    error::RadioError,
    kernel::{Control, KernelListener, adapters},
    outlet::Outlet,
};

/// The first pause before an adapter is tried again; it doubles up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// The longest pause before an adapter is tried again.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// How adverts are got from an adapter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Way {
    /// By the kernel where the hub may, else by bluetoothd.
    #[default]
    Best,
    /// By the kernel's control channel and a passive monitor. Needs CAP_NET_ADMIN.
    Kernel,
    /// By bluetoothd's discovery.
    Discovery,
}

/// One adapter that listens: what it is called, and how it does it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Which adapter.
    pub adapter: AdapterName,
    /// The number that its adverts carry.
    pub receiver: ReceiverId,
    /// How much of the time it listens.
    pub listening: Listening,
    /// How often it asks for scan responses. By discovery it asks all the time: bluetoothd knows no other way.
    pub asking: Asking,
    /// How adverts are got from it.
    pub way: Way,
}

impl Plan {
    /// Is the adapter there? A hub that starts without one has most probably a mistake in its configuration.
    ///
    /// # Errors
    /// When it is not, or nobody can say.
    pub async fn check(&self) -> Result<(), RadioError> {
        let opened = if self.way == Way::Discovery { None } else { Control::open().ok() };
        let Some(mut control) = opened else {
            BlueZ::connect().await?.adapter(&self.adapter).await?;
            return Ok(());
        };
        let present = adapters(&mut control).await.map_err(RadioError::Kernel)?;
        if present.iter().any(|each| self.adapter.is(&each.name, each.address)) {
            return Ok(());
        }
        let described: Vec<_> = present.iter().map(|each| format!("{} ({})", each.name, each.address)).collect();
        Err(RadioError::not_found(&self.adapter, &described))
    }
}

/// One adapter that listens, whatever happens to it.
pub struct Listener {
    plan: Plan,
    outlet: Outlet,
    reports: Arc<dyn Reports>,
}

impl Listener {
    /// A listener that hands what it hears to `adverts`.
    pub fn new(plan: Plan, clock: Arc<dyn Clock>, adverts: mpsc::Sender<RawAdvert>, reports: Arc<dyn Reports>) -> Self {
        let outlet = Outlet { receiver: plan.receiver, clock, adverts, tally: Arc::default() };
        Self { plan, outlet, reports }
    }

    /// What it has counted.
    pub fn tally(&self) -> Arc<Tally> {
        Arc::clone(&self.outlet.tally)
    }

    /// Listens until it is stopped. What goes wrong is told, and tried again.
    pub async fn listen(self, stop: CancellationToken) {
        let mut pause = FIRST_PAUSE;
        while !stop.is_cancelled() {
            let refused = match self.plan.way {
                Way::Discovery => break,
                Way::Best | Way::Kernel => match self.by_kernel(stop.clone()).await {
                    Ok(()) => return,
                    Err(error) => error,
                },
            };
            let trouble = explain(&refused);
            if self.plan.way == Way::Best {
                tracing::warn!(adapter = %self.plan.adapter, trouble, "listens by bluetoothd, which hears less");
                break;
            }
            self.reports.trouble(&self.plan.adapter.to_string(), &trouble);
            rest(&mut pause, &stop).await;
        }
        self.by_discovery(&stop).await;
    }

    async fn by_kernel(&self, stop: CancellationToken) -> io::Result<()> {
        let control = Control::open()?;
        let listener = KernelListener::new(control, self.plan.clone(), self.outlet.clone(), Arc::clone(&self.reports));
        listener.listen(stop).await
    }

    async fn by_discovery(&self, stop: &CancellationToken) {
        let mut course = Course {
            watch: Watch::new(self.outlet.now_ms()),
            ladder: Ladder::default(),
            pause: FIRST_PAUSE,
            is_deaf: false,
        };
        while !stop.is_cancelled() {
            let discovered = tokio::select! {
                () = stop.cancelled() => return,
                discovered = self.discover(&mut course) => discovered,
            };
            let Err(error) = discovered;
            course.watch.silent();
            let is_silent = matches!(error, RadioError::Silent { .. });
            let (rung, _) = course.ladder.climb(course.watch.patience());
            tracing::warn!(adapter = %self.plan.adapter, rung = rung.code(), error = chain(&error), "hears nothing");
            // Silence may have its reason; all else is told at once.
            if !is_silent || rung == Rung::TellOwner {
                course.is_deaf = is_silent;
                self.reports.trouble(&self.plan.adapter.to_string(), &chain(&error));
            }
            if is_silent
                && matches!(rung, Rung::PowerCycle | Rung::Reinitialise | Rung::Reset)
                && let Ok(discovery) = self.discovery().await
            {
                discovery.switch_off().await;
            }
            rest(&mut course.pause, stop).await;
        }
    }

    async fn discover(&self, course: &mut Course) -> Result<Infallible, RadioError> {
        let discovery = self.discovery().await?;
        let name = discovery.name();
        let Course { watch, ladder, pause, is_deaf } = course;
        let begun = |gap| {
            *pause = FIRST_PAUSE;
            if let Some(gap) = gap {
                ladder.heard();
                self.reports.gap(name, gap);
            }
            // One that was told to be deaf has to hear first.
            if gap.is_none() != *is_deaf {
                *is_deaf = false;
                self.reports.listening(name);
            }
        };
        discovery.listen(watch, begun).await
    }

    async fn discovery(&self) -> Result<Discovery, RadioError> {
        let found = async {
            let bluez = BlueZ::connect().await?;
            let adapter = bluez.adapter(&self.plan.adapter).await?;
            Ok((bluez, adapter))
        };
        let (bluez, adapter) = in_time(found).await?;
        Ok(Discovery::new(bluez, adapter, self.outlet.clone()))
    }
}

/// How listening by discovery goes.
struct Course {
    watch: Watch,
    ladder: Ladder,
    /// Before the next try.
    pause: Duration,
    /// It was told to be deaf: only an advert proves the contrary.
    is_deaf: bool,
}

/// Waits, longer each time.
async fn rest(pause: &mut Duration, stop: &CancellationToken) {
    tokio::select! {
        () = stop.cancelled() => {}
        () = tokio::time::sleep(*pause) => *pause = pause.saturating_mul(2).min(LONGEST_PAUSE),
    }
}

/// Why the kernel's way is closed, and what would open it.
fn explain(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::PermissionDenied => {
            "the hub may not listen by the kernel; give it CAP_NET_ADMIN (systemd: AmbientCapabilities=)".to_owned()
        }
        _ if error.raw_os_error() == Some(rustix::io::Errno::AFNOSUPPORT.raw_os_error()) => {
            "this machine's kernel has no Bluetooth; load its module (`modprobe bluetooth`)".to_owned()
        }
        _ => format!("the kernel's Bluetooth control channel failed: {error}"),
    }
}
