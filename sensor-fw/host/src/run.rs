//! Sensors at work.

use bt_hci_serial::SerialTransport;
use embassy_sync::blocking_mutex::raw::NoopRawMutex;
use embedded_io_adapters::tokio_1::FromTokio;
use futures_util::{FutureExt as _, future::select_all};
use fw_app::{Board, Parts};
use getrandom::SysRng;
use rand_core::UnwrapErr;
use trouble_host::prelude::ExternalController;

use crate::{
    console::{Told, Typed, listen, say},
    flash::{FACTS_RANGE, FlashFile, LOG_RANGE},
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
struct Host;

impl Board for Host {
    type Flash = FlashFile;
    type Probe = ValuesProbe;
    type Inputs = Typed;
    type Led = Told;
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

async fn live(sensor: Sensor, inputs: Typed, name: String) -> RunError {
    let Sensor { hci, identity, flash, values, is_touched } = sensor;
    say(&name, format_args!("setup code {}", identity.setup_code().label()));
    let (reader, writer) = match hci.connect().await {
        Ok(halves) => halves,
        Err(error) => return error.into(),
    };
    let transport = SerialTransport::<NoopRawMutex, _, _>::new(FromTokio::new(reader), FromTokio::new(writer));
    let told = Told { name };
    let parts = Parts::<Host> {
        address: identity.address(),
        // A sensor lives as long as the program.
        identity: identity.into_pairing(values.channels().leak()),
        is_touched,
        facts: (flash.clone(), FACTS_RANGE),
        log: (flash, LOG_RANGE),
        probe: ValuesProbe(values),
        inputs,
        led: told.clone(),
        luck: UnwrapErr(SysRng),
        notes: told,
    };
    let Err(stopped) = fw_app::run(ExternalController::<_, SLOTS>::new(transport), parts).boxed_local().await;
    RunError::Stopped { problem: stopped.to_string() }
}
