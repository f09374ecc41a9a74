//! The clock of the firmware: the machine's, or, within a simulated sensor, that sensor's own.
//!
//! `embassy-time` has one driver a program. This one looks who asks: what runs within [`Clock::run`] is told the time of
//! that clock, everything else the machine's. So simulated sensors live side by side, in as many threads as there are,
//! each in its own time, and `sensor-sim` lives in ours.
#![expect(
    clippy::disallowed_methods,
    reason = "the one place of the firmware on a host that reads the machine's clock"
)]

use std::{
    cell::{Cell, RefCell},
    mem,
    rc::Rc,
    sync::{Condvar, Mutex, OnceLock, PoisonError},
    task::Waker,
    thread,
    time::{Duration, Instant},
};

use embassy_time_driver::Driver;

embassy_time_driver::time_driver_impl!(static CLOCKS: Clocks = Clocks { machine: OnceLock::new() });

thread_local! {
    /// The simulated clock of what runs now on this thread.
    static HERE: RefCell<Option<Rc<Clock>>> = const { RefCell::new(None) };
}

/// A clock that stands still until it is set. Time is microseconds since the simulation began.
#[derive(Debug, Default)]
pub(crate) struct Clock {
    now_us: Cell<u64>,
    alarms: RefCell<Alarms>,
}

impl Clock {
    /// A clock that shows this.
    pub(crate) fn at(now_us: u64) -> Rc<Self> {
        Rc::new(Self { now_us: Cell::new(now_us), ..Self::default() })
    }

    pub(crate) const fn now_us(&self) -> u64 {
        self.now_us.get()
    }

    /// Sets the clock, and wakes whoever wanted to be woken by then. It never goes back.
    pub(crate) fn set(&self, now_us: u64) {
        let now_us = now_us.max(self.now_us.get());
        self.now_us.set(now_us);
        self.alarms.borrow_mut().ring(now_us);
    }

    /// When somebody wants to be woken next.
    pub(crate) fn next_us(&self) -> Option<u64> {
        self.alarms.borrow().next()
    }

    /// Nobody wants to be woken any more.
    pub(crate) fn forget_alarms(&self) {
        self.alarms.borrow_mut().0.clear();
    }

    /// Does something that asks this clock for the time.
    pub(crate) fn run<T>(self: &Rc<Self>, act: impl FnOnce() -> T) -> T {
        let _back = Back(HERE.replace(Some(Rc::clone(self))));
        act()
    }
}

/// Gives a thread back the clock that it had, whatever happens.
struct Back(Option<Rc<Clock>>);

impl Drop for Back {
    fn drop(&mut self) {
        HERE.set(self.0.take());
    }
}

/// Who wants to be woken when: of each the soonest moment, as whoever is woken asks again for all the others.
#[derive(Debug, Default)]
struct Alarms(Vec<(u64, Waker)>);

impl Alarms {
    fn add(&mut self, at: u64, waker: &Waker) {
        match self.0.iter_mut().find(|(_, known)| known.will_wake(waker)) {
            Some((known, _)) => *known = at.min(*known),
            None => self.0.push((at, waker.clone())),
        }
    }

    fn next(&self) -> Option<u64> {
        self.0.iter().map(|(at, _)| *at).min()
    }

    fn ring(&mut self, now: u64) {
        self.0.extract_if(.., |(at, _)| *at <= now).for_each(|(_, waker)| waker.wake());
    }
}

/// All clocks of this program.
struct Clocks {
    machine: OnceLock<&'static Machine>,
}

impl Clocks {
    fn machine(&self) -> &'static Machine {
        self.machine.get_or_init(|| {
            let began = Instant::now();
            let machine: &'static Machine =
                Box::leak(Box::new(Machine { began, alarms: Mutex::default(), changed: Condvar::new() }));
            thread::spawn(|| machine.ring_for_ever());
            machine
        })
    }
}

impl Driver for Clocks {
    fn now(&self) -> u64 {
        let simulated = HERE.with_borrow(|here| here.as_ref().map(|clock| clock.now_us()));
        simulated.unwrap_or_else(|| self.machine().now())
    }

    fn schedule_wake(&self, at: u64, waker: &Waker) {
        let is_simulated =
            HERE.with_borrow(|here| here.as_ref().map(|clock| clock.alarms.borrow_mut().add(at, waker)).is_some());
        if !is_simulated {
            self.machine().schedule(at, waker);
        }
    }
}

/// The machine's clock, since it was first asked.
struct Machine {
    began: Instant,
    alarms: Mutex<Alarms>,
    changed: Condvar,
}

impl Machine {
    fn now(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    fn schedule(&self, at: u64, waker: &Waker) {
        self.alarms.lock().unwrap_or_else(PoisonError::into_inner).add(at, waker);
        self.changed.notify_one();
    }

    fn ring_for_ever(&self) {
        let mut alarms = self.alarms.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let now = self.now();
            // Nobody is woken while the list is locked: who is woken may add to it at once.
            let mut due = Alarms(alarms.0.extract_if(.., |(at, _)| *at <= now).collect());
            if !due.0.is_empty() {
                drop(alarms);
                mem::take(&mut due).ring(u64::MAX);
                alarms = self.alarms.lock().unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            alarms = match alarms.next() {
                None => self.changed.wait(alarms).unwrap_or_else(PoisonError::into_inner),
                Some(at) => {
                    let wait = self.changed.wait_timeout(alarms, Duration::from_micros(at - now));
                    wait.unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use embassy_time::{Duration, Instant, Timer};
    use futures_util::FutureExt as _;

    use super::*;

    #[test]
    fn who_runs_within_a_clock_is_told_its_time_and_woken_by_it() {
        let (early, late) = (Clock::at(5), Clock::at(1_000_000));
        assert_eq!(early.run(|| (Instant::now().as_micros(), late.run(|| Instant::now().as_micros()))), (5, 1_000_000));
        let mut timer = late.run(|| Box::pin(Timer::after(Duration::from_secs(3600))));
        assert!(late.run(|| timer.as_mut().now_or_never()).is_none());
        assert_eq!((early.next_us(), late.next_us()), (None, Some(3_601_000_000)));
        late.set(3_600_999_999);
        assert!(late.run(|| timer.as_mut().now_or_never()).is_none());
        late.set(3_601_000_000);
        assert_eq!(late.next_us(), None);
        assert!(late.run(|| timer.as_mut().now_or_never()).is_some());
    }

    #[test]
    fn a_clock_never_goes_back() {
        let clock = Clock::at(10);
        clock.set(3);
        assert_eq!(clock.now_us(), 10);
    }

    #[test]
    fn outside_of_every_clock_time_is_the_machine_s_and_passes() {
        let began = Instant::now();
        embassy_futures::block_on(Timer::after(Duration::from_millis(2)));
        assert!(began.elapsed() >= Duration::from_millis(2));
    }
}
