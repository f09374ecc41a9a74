//! Sensors at work.

use std::marker::PhantomData;

use bt_hci_serial::SerialTransport;
use embassy_sync::blocking_mutex::raw::NoopRawMutex;
use embedded_io_adapters::tokio_1::FromTokio;
use futures_util::{FutureExt as _, future::select_all};
use fw_app::{Board, Parts, Stopped};
use fw_logic::boot::Booted;
use getrandom::SysRng;
use rand_core::UnwrapErr;
use trouble_host::prelude::ExternalController;
use wire::{manifest::TrustedKey, service::ResetReason};

use crate::{
    boot::{Program, boot},
    console::{Told, Typed, listen, say},
    flash::{FlashFile, map},
    hci::{Hci, Unreachable},
    identity::Identity,
    values::{Values, ValuesProbe},
};

/// Commands that may wait for their answer at once.
const SLOTS: usize = 10;

/// One sensor, not yet at work.
#[derive(Debug)]
pub struct Sensor {
    /// Where its radio is.
    pub hci: Hci,
    /// Who it is.
    pub identity: Identity,
    /// Its flash.
    pub flash: FlashFile,
    /// What it measures.
    pub values: Values,
    /// The keys that may sign its updates.
    pub trusted: [TrustedKey; 2],
    /// It begins with a new battery, so that whoever has its label may pair.
    pub is_touched: bool,
}

/// Why a sensor stopped.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// Its controller cannot be reached.
    #[error(transparent)]
    Unreachable(#[from] Unreachable),
    /// It cannot go on.
    #[error("run the sensor: {problem}")]
    Stopped {
        /// Why.
        problem: String,
    },
}

/// The parts of a simulated board.
struct Host<'a>(PhantomData<&'a ()>);

impl<'a> Board for Host<'a> {
    type Flash = FlashFile;
    type Probe = ValuesProbe;
    type Inputs = &'a mut Typed;
    type Led = Told;
    type Chip = Told;
    type Luck = UnwrapErr<SysRng>;
    type Notes = Told;
}

/// Runs sensors until one of them stops, and says why it did.
pub async fn run(sensors: Vec<Sensor>) -> RunError {
    let is_alone = sensors.len() == 1;
    let typed = listen(sensors.len());
    let lives = sensors.into_iter().zip(typed).map(|(sensor, typed)| {
        let name = if is_alone { String::new() } else { sensor.identity.uid().to_string() };
        live(sensor, typed, name).boxed_local()
    });
    let (stopped, _, _) = select_all(lives).await;
    stopped
}

async fn live(sensor: Sensor, mut inputs: Typed, name: String) -> RunError {
    let channels = sensor.values.channels().leak();
    let mut reset = if sensor.is_touched { ResetReason::PowerOn } else { ResetReason::Pin };
    say(&name, format_args!("setup code {}", sensor.identity.setup_code().label()));
    loop {
        let Program { booted, version, security_counter } =
            match boot(sensor.flash.clone(), &sensor.identity, &sensor.trusted).await {
                Ok(program) => program,
                Err(error) => return RunError::Stopped { problem: error.to_string() },
            };
        match booted {
            Booted::Same => {}
            Booted::Trial => say(&name, format_args!("a new program is on trial")),
            Booted::Reverted => say(&name, format_args!("the program from before is back")),
            Booted::Refused => say(&name, format_args!("the new program is not what was signed")),
        }
        let (reader, writer) = match sensor.hci.connect().await {
            Ok(halves) => halves,
            Err(error) => return error.into(),
        };
        let transport = SerialTransport::<NoopRawMutex, _, _>::new(FromTokio::new(reader), FromTokio::new(writer));
        let told = Told { name: name.clone() };
        let parts = Parts::<Host<'_>> {
            address: sensor.identity.address(),
            identity: sensor.identity.pairing(channels, version),
            reset,
            trusted: sensor.trusted,
            security_counter,
            flash: sensor.flash.clone(),
            map: map(),
            probe: ValuesProbe(sensor.values.clone()),
            inputs: &mut inputs,
            led: told.clone(),
            chip: told.clone(),
            luck: UnwrapErr(SysRng),
            notes: told,
        };
        match fw_app::run(ExternalController::<_, SLOTS>::new(transport), parts).boxed_local().await {
            Stopped::Restart => say(&name, format_args!("starts anew")),
            stopped => return RunError::Stopped { problem: stopped.to_string() },
        }
        reset = ResetReason::Wanted;
    }
}
