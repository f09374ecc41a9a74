use core::sync::atomic::{AtomicU64, Ordering};
use std::sync::Arc;

use embedded_hal_async::delay::DelayNs;

/// Virtual time: it goes on only when somebody waits. Clones show the same time.
#[derive(Debug, Clone, Default)]
pub struct Clock(Arc<AtomicU64>);

impl Clock {
    /// A clock that shows 0.
    pub fn new() -> Self {
        Self::default()
    }

    /// Nanoseconds since the start.
    pub fn now_ns(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    /// Microseconds since the start.
    pub fn now_us(&self) -> u64 {
        self.now_ns() / 1000
    }

    /// Lets time pass.
    pub fn pass_us(&self, us: u64) {
        self.0.fetch_add(us * 1000, Ordering::Relaxed);
    }

    /// What a [`Bus`](super::Bus) reads the time with.
    pub fn reader(&self) -> impl Fn() -> u64 + Send + 'static {
        let clock = self.clone();
        move || clock.now_us()
    }

    /// A delay that ends at once and moves the clock by what it was asked for.
    pub fn delay(&self) -> Delay {
        self.hasty_delay(100)
    }

    /// A delay that lets only `percent` of what it was asked for pass: with it a driver is late or early.
    pub fn hasty_delay(&self, percent: u32) -> Delay {
        Delay { clock: self.clone(), percent }
    }
}

/// A delay in virtual time.
#[derive(Debug, Clone)]
pub struct Delay {
    clock: Clock,
    percent: u32,
}

impl DelayNs for Delay {
    async fn delay_ns(&mut self, ns: u32) {
        self.clock.0.fetch_add(u64::from(ns) * u64::from(self.percent) / 100, Ordering::Relaxed);
    }
}
