//! One adapter that listens, whatever happens to it.

use std::{collections::BTreeSet, convert::Infallible, io, sync::Arc, time::Duration};

use hub_model::{Address, chain};
use tokio_util::sync::CancellationToken;

use crate::{
    Asking, Ladder, Plan, Reports, Rung, Watch,
    kernel::{
        adapters::adapters,
        control::{Control, ControlError},
        packet::{self, Event, Info, Request, Status},
        reset::{is_blocked, reset},
    },
    outlet::Outlet,
};

/// How long to wait before a request that had no luck is tried again.
const RETRY: Duration = Duration::from_millis(300);
/// How often it is tried: longer than bluetoothd takes to start.
const TRIES: usize = 10;
/// How long to wait for an adapter to appear before looking for it oneself.
const LOOK_AGAIN: Duration = Duration::from_secs(30);
/// How long an adapter that does not do what it is told is left alone.
const ASK_AGAIN: Duration = Duration::from_secs(5);
/// What an owner is told of an adapter that does all that it is told, and hears nothing.
const DEAF: &str = "it hears nothing, and switching it off and on does not help; unplug it for ten seconds, or move it \
                    away from other radios";
/// An adapter that is connected to somebody is not deaf, whatever it hears: the only sensor in reach sends no adverts while it
/// is spoken with. So long at most after the last connection was made: where the end of one is never told, nothing is proven.
const LONGEST_TALK: Duration = Duration::from_secs(600);
/// The kernel's handle for all monitors at once.
const ALL: u16 = 0;
/// The kernel's answer when there is no room for another monitor.
const NO_ROOM: Status = Status(0x07);

/// One adapter that listens by the kernel.
pub(crate) struct KernelListener {
    control: Control,
    plan: Plan,
    outlet: Outlet,
    reports: Arc<dyn Reports>,
    watch: Watch,
    ladder: Ladder,
    /// The monitor of ours.
    monitor: Option<u16>,
    /// When to do something if nothing is heard.
    due_ms: u64,
    /// Does it ask for scan responses?
    is_asking: bool,
    /// When to begin or end that.
    ask_ms: u64,
    /// What was told last; nothing yet.
    is_known_to_listen: Option<bool>,
    /// It was told to be deaf: only an advert proves the contrary.
    is_deaf: bool,
    /// Why it does not listen, as far as that is known.
    trouble: Option<String>,
    /// With whom it is connected.
    peers: BTreeSet<Address>,
    /// When the last of these connections was made.
    connected_ms: u64,
}

/// What follows from what the kernel told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Then {
    GoOn,
    /// Something took our monitor away, or switched the adapter off.
    ListenAgain,
    /// The adapter is gone.
    Gone,
}

impl KernelListener {
    pub(crate) fn new(control: Control, plan: Plan, outlet: Outlet, reports: Arc<dyn Reports>) -> Self {
        let now_ms = outlet.now_ms();
        Self {
            control,
            plan,
            outlet,
            reports,
            watch: Watch::new(now_ms),
            ladder: Ladder::default(),
            monitor: None,
            due_ms: now_ms,
            is_asking: false,
            ask_ms: u64::MAX,
            is_known_to_listen: None,
            is_deaf: false,
            trouble: None,
            peers: BTreeSet::new(),
            connected_ms: now_ms,
        }
    }

    /// Listens until it is stopped.
    ///
    /// # Errors
    /// When the control channel breaks, or its user may not listen by it.
    pub(crate) async fn listen(mut self, stop: CancellationToken) -> io::Result<()> {
        let mut index = None;
        let ended = tokio::select! {
            () = stop.cancelled() => Ok(()),
            Err(error) = self.live(&mut index) => Err(error),
        };
        if let Some(index) = index.filter(|_| self.is_asking) {
            let _ = self.control.ask(&Request::stop_discovery(index), &mut |_| {}).await;
        }
        if let (Some(index), Some(handle)) = (index, self.monitor) {
            // The kernel would go on listening for us.
            let _ = self.control.ask(&Request::remove_monitor(index, handle), &mut |_| {}).await;
        }
        ended
    }

    /// Finds the adapter and looks after it, over and over.
    async fn live(&mut self, index: &mut Option<u16>) -> io::Result<Infallible> {
        loop {
            let (found, name) = self.find().await?;
            *index = Some(found);
            self.tend(found, &name).await?;
            *index = None;
            self.monitor = None;
            self.watch.silent();
            self.tell_trouble(&name, "it was unplugged; plug it in again and the hub goes on by itself");
        }
    }

    /// Waits until the adapter is there.
    async fn find(&mut self) -> io::Result<(u16, String)> {
        loop {
            if let Some(found) = self.look().await? {
                return Ok(found);
            }
            // One that was unplugged a moment ago is told of already.
            if self.is_known_to_listen != Some(false) {
                let wanted = self.plan.adapter.to_string();
                self.tell_trouble(&wanted, "there is no such adapter; plug it in and the hub goes on by itself");
            }
            let appears = async {
                while !matches!(self.control.next().await?, Event::Added(_)) {}
                io::Result::Ok(())
            };
            match tokio::time::timeout(LOOK_AGAIN, appears).await {
                Ok(appeared) => appeared?,
                Err(_elapsed) => {}
            }
        }
    }

    async fn look(&mut self) -> io::Result<Option<(u16, String)>> {
        let present = adapters(&mut self.control).await?;
        let found = present.into_iter().find(|each| self.plan.adapter.is(&each.name, each.address));
        Ok(found.map(|found| (found.index, found.name)))
    }

    /// Looks after an adapter until it is gone.
    async fn tend(&mut self, index: u16, name: &str) -> io::Result<()> {
        self.ladder = Ladder::default();
        self.is_deaf = false;
        self.peers.clear();
        self.due_ms = self.outlet.now_ms();
        self.is_asking = false;
        self.ask_ms = self.plan.asking.every().map_or(u64::MAX, |every| self.outlet.in_ms(every));
        loop {
            let next_ms = self.due_ms.min(self.ask_ms);
            let wait = Duration::from_millis(next_ms.saturating_sub(self.outlet.now_ms()));
            tokio::select! {
                event = self.control.next() => match self.told(index, name, event?) {
                    Then::GoOn => {}
                    Then::Gone => return Ok(()),
                    Then::ListenAgain => {
                        self.watch.silent();
                        self.ladder = Ladder::default();
                        self.due_ms = self.outlet.now_ms();
                    }
                },
                () = tokio::time::sleep(wait) => {
                    if self.ask_ms <= self.due_ms {
                        self.ask_around(index).await?;
                    } else if self.climb(index, name).await? == Then::Gone {
                        return Ok(());
                    }
                }
            }
        }
    }

    fn told(&mut self, index: u16, name: &str, event: Event) -> Then {
        match event {
            Event::Heard(at, sighting) if at == index => {
                self.outlet.hand_on(sighting);
                self.heard(name);
                Then::GoOn
            }
            Event::Connected(by, peer) if by == index => {
                self.peers.insert(peer);
                self.connected_ms = self.outlet.now_ms();
                Then::GoOn
            }
            Event::Disconnected(by, peer) if by == index => {
                self.peers.remove(&peer);
                Then::GoOn
            }
            Event::Removed(gone) if gone == index => Then::Gone,
            Event::Settings(of, settings) if of == index && self.monitor.is_some() && !settings.is_powered() => {
                Then::ListenAgain
            }
            Event::MonitorRemoved { index: of, handle }
                if of == index && (handle == ALL || Some(handle) == self.monitor) =>
            {
                self.monitor = None;
                Then::ListenAgain
            }
            _ => Then::GoOn,
        }
    }

    fn heard(&mut self, name: &str) {
        let now_ms = self.outlet.now_ms();
        if let Some(gap) = self.watch.heard(now_ms) {
            self.reports.gap(name, gap);
            self.ladder.heard();
        }
        if self.monitor.is_some() {
            self.due_ms = self.watch.deadline_ms();
        }
        self.is_deaf = false;
        self.tell_listening(name);
    }

    /// Begins to ask for scan responses, or ends it.
    async fn ask_around(&mut self, index: u16) -> io::Result<()> {
        let Some(every) = self.plan.asking.every() else { return Ok(()) };
        let request = if self.is_asking { Request::stop_discovery(index) } else { Request::discover(index) };
        // Somebody who discovers asks for us too, and an adapter that does not listen has other things to do.
        let is_done = (self.is_asking || self.monitor.is_some()) && self.attempt(&request).await?;
        self.is_asking = is_done && !self.is_asking;
        let wait = if self.is_asking { Asking::FOR } else { every.saturating_sub(Asking::FOR) };
        self.ask_ms = self.outlet.in_ms(wait);
        Ok(())
    }

    /// Does the next thing about an adapter that does not listen, or hears nothing.
    async fn climb(&mut self, index: u16, name: &str) -> io::Result<Then> {
        if self.monitor.is_some() && self.is_talking() {
            self.due_ms = self.outlet.in_ms(self.watch.patience());
            return Ok(Then::GoOn);
        }
        let is_first = self.monitor.is_none() && self.trouble.is_none();
        let (rung, mut wait) = self.ladder.climb(self.watch.patience());
        if !is_first {
            self.watch.silent();
            tracing::warn!(adapter = name, rung = rung.code(), trouble = self.trouble, "hears nothing");
        }
        let done = match rung {
            Rung::TellOwner => {
                let trouble = match &self.trouble {
                    Some(trouble) => format!("{trouble}; unplug it for ten seconds if this stays so"),
                    None => DEAF.to_owned(),
                };
                self.tell_trouble(name, &trouble);
                // One that does as it is told may need a rest; another is asked again until it does.
                self.is_deaf = self.monitor.is_some();
                if !self.is_deaf {
                    wait = wait.min(ASK_AGAIN);
                }
                Ok(())
            }
            rung => self.act(rung, index).await,
        };
        match done {
            Ok(()) => {}
            Err(ControlError::Channel(error)) => return Err(error),
            Err(ControlError::Refused(Status::INVALID_INDEX)) => return Ok(Then::Gone),
            Err(ControlError::Refused(Status::PERMISSION_DENIED)) => return Err(io::ErrorKind::PermissionDenied.into()),
            // Somebody wants it so: it is told at once, and nothing is done about it.
            Err(error @ ControlError::Refused(Status::BLOCKED)) => {
                let trouble = chain(&error);
                if self.trouble.replace(trouble.clone()).as_ref() != Some(&trouble) {
                    self.tell_trouble(name, &trouble);
                }
                self.ladder = Ladder::default();
                wait = ASK_AGAIN;
            }
            Err(error) => {
                self.trouble = Some(chain(&error));
                wait = RETRY;
            }
        }
        if self.monitor.is_some() && !self.is_deaf {
            self.tell_listening(name);
        }
        self.due_ms = self.outlet.in_ms(wait);
        Ok(Then::GoOn)
    }

    /// Is it connected to somebody, as far as can be believed?
    fn is_talking(&self) -> bool {
        let since_ms = self.outlet.now_ms().saturating_sub(self.connected_ms);
        !self.peers.is_empty() && u128::from(since_ms) < LONGEST_TALK.as_millis()
    }

    async fn act(&mut self, rung: Rung, index: u16) -> Result<(), ControlError> {
        if let Some(handle) = self.monitor.take() {
            self.attempt(&Request::remove_monitor(index, handle)).await?;
        }
        if matches!(rung, Rung::PowerCycle | Rung::Reinitialise) {
            self.attempt(&Request::power(index, false)).await?;
        }
        if rung == Rung::Reinitialise {
            // A controller without BR/EDR refuses to be without LE as well.
            self.attempt(&Request::low_energy(index, false)).await?;
        }
        if rung == Rung::Reset {
            match reset(index).await {
                Ok(way) => tracing::info!(index, way, "the adapter was reset"),
                Err(error) => tracing::warn!(index, %error, "the adapter cannot be reset"),
            }
        }
        self.begin(index).await?;
        self.trouble = None;
        Ok(())
    }

    /// Asks for something that need not succeed; says whether it did.
    async fn attempt(&mut self, request: &Request) -> io::Result<bool> {
        match self.ask(request).await {
            Err(ControlError::Channel(error)) => Err(error),
            Err(error) => {
                tracing::debug!(error = chain(&error), opcode = request.opcode(), "passed over");
                Ok(false)
            }
            Ok(_) => Ok(true),
        }
    }

    /// Switches the adapter on and has it listen.
    async fn begin(&mut self, index: u16) -> Result<(), ControlError> {
        let info = Info::parse(&self.ask(&Request::info(index)).await?).ok_or(ControlError::Malformed)?;
        if !info.current.is_low_energy() {
            self.ask(&Request::low_energy(index, true)).await?;
        }
        if !info.current.is_powered() {
            if is_blocked(index) {
                return Err(ControlError::Refused(Status::BLOCKED));
            }
            self.insist(&Request::power(index, true)).await?;
        }
        // A kernel before 5.8 knows neither this nor monitors.
        self.attempt(&Request::scan(index, self.plan.listening.scan())).await?;
        let request = Request::add_monitor(index);
        let data = match self.insist(&request).await {
            // Monitors of a hub that was killed are still there.
            Err(ControlError::Refused(NO_ROOM)) => {
                self.ask(&Request::remove_monitor(index, ALL)).await?;
                self.insist(&request).await?
            }
            answer => answer?,
        };
        self.monitor = Some(packet::handle(&data).ok_or(ControlError::Malformed)?);
        Ok(())
    }

    /// Asks until the answer is not one that passes by itself, such as busy.
    async fn insist(&mut self, request: &Request) -> Result<Vec<u8>, ControlError> {
        for _ in 1..TRIES {
            match self.ask(request).await {
                Err(ControlError::Refused(status)) if status.is_passing() => {
                    tracing::debug!(%status, opcode = request.opcode(), "tried again");
                    tokio::time::sleep(RETRY).await;
                }
                answer => return answer,
            }
        }
        self.ask(request).await
    }

    /// Asks; adverts that come meanwhile are handed on.
    async fn ask(&mut self, request: &Request) -> Result<Vec<u8>, ControlError> {
        let outlet = &self.outlet;
        self.control.ask(request, &mut |heard| outlet.hand_on(heard)).await
    }

    fn tell_listening(&mut self, name: &str) {
        if self.is_known_to_listen.replace(true) != Some(true) {
            self.reports.listening(name);
        }
    }

    fn tell_trouble(&mut self, name: &str, trouble: &str) {
        self.is_known_to_listen = Some(false);
        self.reports.trouble(name, trouble);
    }
}

#[cfg(test)]
mod tests;
