//! One simulated sensor: its program, its clock, its radio, its flash.

use std::{
    cell::RefCell,
    pin::Pin,
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
};

use chacha20::ChaCha8Rng;
use fw_app::{Parts, Stopped};
use fw_logic::Channel;
use rand_core::SeedableRng as _;
use wire::{
    bthome::Address,
    manifest::{KeyId, TrustedKey},
    service::ResetReason,
};

use super::{
    flaw::{Ended, Flaws},
    parts::{Dark, Flash, Happenings, Model, ModelProbe, SimBoard, Watched, Watcher},
};
use crate::{
    air::{AdvertisingPdu, Controller, Listening, Radio},
    boot::boot,
    clock::Clock,
    flash::{PAGE, SIZE, map},
    identity::Identity,
};

/// The keys of a sensor that takes no updates: a key of zeros signs nothing.
pub const NO_UPDATES: [TrustedKey; 2] =
    [TrustedKey { id: KeyId(1), public_key: [0; 32] }, TrustedKey { id: KeyId(2), public_key: [0; 32] }];

/// A sensor that is to be simulated.
pub struct Simulated {
    /// Who it is.
    pub identity: Identity,
    /// What it tells and logs, the most important first.
    pub channels: Vec<Channel>,
    /// What it measures.
    pub model: Model,
    /// The keys that may sign its updates.
    pub trusted: [TrustedKey; 2],
    /// Who wants to know what happens inside.
    pub watcher: Option<Watcher>,
}

/// A sensor with power, or without.
pub(super) struct Sensor {
    pub(super) controller: Rc<RefCell<Controller>>,
    pub(super) happenings: Happenings,
    pub(super) flash: Flash,
    pub(super) address: Address,
    /// Who connected last.
    pub(super) link: u64,
    is: Rc<Constant>,
    probe: ModelProbe,
    watched: Watched,
    luck: ChaCha8Rng,
    clock: Rc<Clock>,
    program: Option<Pin<Box<dyn Future<Output = Ended>>>>,
    woken: Arc<Woken>,
    stopped: Option<String>,
    flaws: Flaws,
}

/// What outlives programs.
struct Constant {
    identity: Identity,
    channels: &'static [Channel],
    trusted: [TrustedKey; 2],
}

/// Is there something to do?
#[derive(Debug, Default)]
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Sensor {
    /// A sensor whose battery is put in now.
    pub(super) fn new(simulated: Simulated, seed: u64, now_us: u64, flaws: Flaws) -> Self {
        let Simulated { identity, channels, model, trusted, watcher } = simulated;
        let clock = Clock::at(now_us);
        let model = Rc::new(RefCell::new(model));
        let watcher = Rc::new(RefCell::new(watcher));
        let mut sensor = Self {
            controller: Rc::new(RefCell::new(Controller::new(seed))),
            happenings: Happenings::default(),
            flash: Flash::new((SIZE / PAGE) as usize),
            address: identity.address(),
            link: 0,
            // The program takes them as the constants that they are on a chip.
            is: Rc::new(Constant { identity, channels: channels.leak(), trusted }),
            probe: ModelProbe { model, clock: Rc::clone(&clock) },
            watched: Watched { watcher, clock: Rc::clone(&clock) },
            luck: ChaCha8Rng::seed_from_u64(seed),
            clock,
            program: None,
            woken: Arc::default(),
            stopped: None,
            flaws,
        };
        sensor.start(ResetReason::PowerOn);
        sensor
    }

    /// Begins the program anew.
    pub(super) fn start(&mut self, reset: ResetReason) {
        self.stop();
        self.flash.nor().power_up();
        let (is, flash, luck) = (Rc::clone(&self.is), self.flash.clone(), ChaCha8Rng::from_rng(&mut self.luck));
        let radio = Radio { controller: Rc::clone(&self.controller), clock: Rc::clone(&self.clock) };
        let (probe, inputs, notes) = (self.probe.clone(), self.happenings.clone(), self.watched.clone());
        let (controller, flaws) = (Rc::clone(&self.controller), Rc::clone(&self.flaws));
        self.program = Some(Box::pin(async move {
            let program = match boot(flash.clone(), &is.identity, &is.trusted).await {
                Ok(program) => program,
                Err(error) => return Ended::Stopped(error.to_string()),
            };
            let parts = Parts::<SimBoard> {
                identity: is.identity.pairing(is.channels, program.version),
                address: is.identity.address(),
                reset,
                trusted: is.trusted,
                security_counter: program.security_counter,
                flash,
                map: map(),
                probe,
                inputs,
                led: Dark,
                chip: Dark,
                luck,
                notes,
            };
            let life = async {
                match Box::pin(fw_app::run(radio, parts)).await {
                    Stopped::Restart => Ended::Reset(ResetReason::Wanted),
                    stopped => Ended::Stopped(stopped.to_string()),
                }
            };
            let flaw = flaws.borrow().get(&program.version).copied();
            match flaw {
                Some(flaw) => flaw.let_live(life, &controller).await,
                None => life.await,
            }
        }));
        self.woken.0.store(true, Ordering::Relaxed);
    }

    /// The power is gone.
    pub(super) fn stop(&mut self) {
        self.program = None;
        self.clock.forget_alarms();
        self.controller.borrow_mut().power_off();
        self.happenings.forget();
        self.stopped = None;
    }

    pub(super) fn now_us(&self) -> u64 {
        self.clock.now_us()
    }

    /// Why its program ended by itself, if it did.
    pub(super) fn stopped(&self) -> Option<&str> {
        self.stopped.as_deref()
    }

    /// Lives until then, or until something crosses its connection, or somebody connects to the address that he wants.
    pub(super) fn live_until(
        &mut self,
        end_us: u64,
        listening: Listening,
        wanted: Option<Address>,
        sent: &mut Vec<AdvertisingPdu>,
    ) -> Met {
        loop {
            self.settle();
            let now_us = self.now_us();
            let crossing_us = self.controller.borrow().next_us(now_us);
            let alarm_us = self.clock.next_us();
            let next_us =
                [crossing_us, alarm_us].into_iter().flatten().min().map_or(end_us, |next_us| next_us.min(end_us));
            let connected_us = self.controller.borrow_mut().send_until(next_us, listening, wanted, sent);
            if let Some(connected_us) = connected_us {
                self.clock.set(connected_us);
                self.controller.borrow_mut().connected(connected_us);
                return Met::Connected;
            }
            self.clock.set(next_us);
            if crossing_us == Some(next_us) {
                self.controller.borrow_mut().cross(next_us);
                self.settle();
                return Met::Crossed;
            }
            if next_us == end_us {
                self.settle();
                return Met::End;
            }
        }
    }

    /// Lets the program do all that it can do now.
    fn settle(&mut self) {
        let waker = Waker::from(Arc::clone(&self.woken));
        while self.woken.0.swap(false, Ordering::Relaxed) {
            let Some(program) = &mut self.program else { return };
            let polled = self.clock.run(|| program.as_mut().poll(&mut Context::from_waker(&waker)));
            if self.flash.nor().is_off() {
                self.stop();
            }
            match polled {
                Poll::Pending => {}
                Poll::Ready(Ended::Reset(reason)) => self.start(reason),
                Poll::Ready(Ended::Stopped(problem)) => {
                    self.stop();
                    self.stopped = Some(problem);
                }
            }
        }
    }
}

/// Why a sensor did not live longer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Met {
    /// That was all.
    End,
    /// Something crossed its connection.
    Crossed,
    /// Somebody connected.
    Connected,
}
