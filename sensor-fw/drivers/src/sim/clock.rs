use core::{
    future::{Future, poll_fn},
    pin::pin,
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    task::{Context, Poll},
};
use std::{
    sync::Arc,
    task::{Wake, Waker},
};

use embedded_hal_async::delay::DelayNs;

/// No timer runs.
const NEVER: u64 = u64::MAX;

/// Virtual time: it goes on only when somebody waits. Clones show the same time.
#[derive(Debug, Clone)]
pub struct Clock(Arc<Hands>);

#[derive(Debug)]
struct Hands {
    now_ns: AtomicU64,
    /// When the next timer ends that was asked since the time went on.
    next_ns: AtomicU64,
}

impl Clock {
    /// A clock that shows 0.
    pub fn new() -> Self {
        Self(Arc::new(Hands { now_ns: AtomicU64::new(0), next_ns: AtomicU64::new(NEVER) }))
    }

    /// Microseconds since the start.
    pub fn now_us(&self) -> u64 {
        self.now_ns() / 1000
    }

    /// Lets time pass.
    pub fn pass_us(&self, us: u64) {
        self.pass_ns(us * 1000);
    }

    /// What a [`Bus`](super::Bus) reads the time with.
    pub fn reader(&self) -> impl Fn() -> u64 + Send + 'static {
        let clock = self.clone();
        move || clock.now_us()
    }

    /// A delay for who waits for nothing else: it ends at once and moves the clock by what it was asked for.
    pub fn delay(&self) -> Delay {
        self.hasty_delay(100)
    }

    /// A delay that lets only `percent` of what it was asked for pass: with it a driver is early.
    pub fn hasty_delay(&self, percent: u32) -> Delay {
        Delay { clock: self.clone(), percent }
    }

    /// A delay that may be waited for beside others, by a future that the clock [runs](Self::run).
    pub fn timer(&self) -> Timer {
        Timer { clock: self.clone() }
    }

    /// Runs a future to its end, or to where it waits for what time alone does not bring: then it is `None`. Whenever it
    /// waits, the time goes on to the next end of a timer.
    pub fn run<F: Future>(&self, future: F) -> Option<F::Output> {
        let woken = Arc::new(Woken(AtomicBool::new(false)));
        let waker = Waker::from(woken.clone());
        let mut future = pin!(future);
        loop {
            if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
                return Some(output);
            }
            if woken.0.swap(false, Ordering::Relaxed) {
                continue;
            }
            match self.0.next_ns.swap(NEVER, Ordering::Relaxed) {
                NEVER => return None,
                next_ns => self.pass_ns(next_ns.saturating_sub(self.now_ns())),
            }
        }
    }

    fn now_ns(&self) -> u64 {
        self.0.now_ns.load(Ordering::Relaxed)
    }

    fn pass_ns(&self, ns: u64) {
        self.0.now_ns.fetch_add(ns, Ordering::Relaxed);
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::new()
    }
}

/// Somebody was woken while it was polled, so it is polled again before time goes on.
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// A delay in virtual time that ends at once.
#[derive(Debug, Clone)]
pub struct Delay {
    clock: Clock,
    percent: u32,
}

impl DelayNs for Delay {
    async fn delay_ns(&mut self, ns: u32) {
        self.clock.pass_ns(u64::from(ns) * u64::from(self.percent) / 100);
    }
}

/// A delay in virtual time that others may overtake.
#[derive(Debug, Clone)]
pub struct Timer {
    clock: Clock,
}

impl DelayNs for Timer {
    async fn delay_ns(&mut self, ns: u32) {
        let ends_ns = self.clock.now_ns() + u64::from(ns);
        poll_fn(|_| {
            if self.clock.now_ns() >= ends_ns {
                return Poll::Ready(());
            }
            self.clock.0.next_ns.fetch_min(ends_ns, Ordering::Relaxed);
            Poll::Pending
        })
        .await;
    }
}
