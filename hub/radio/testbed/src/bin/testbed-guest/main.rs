//! The first and only program of a guest: it makes itself at home, and does what the host asks.
//!
//! Does not know: what is tested.

mod api;
mod bluez;
mod cost;
mod daemon;
mod home;
mod link;
mod listening;
mod pump;

use std::{
    fs::File,
    io::{BufRead as _, BufReader, Write as _},
    process::ExitCode,
    thread,
};

use anyhow::{Context as _, Result, bail};
use hub_testbed::{API, Answer, Ask, Question, RADIOS, Reply, TALK};
use tokio::sync::mpsc;

use bluez::Discovering;
use daemon::Daemon;
use home::KernelLog;
use link::{Linked, Wanted};
use listening::Listening;
use pump::Pump;

fn main() -> ExitCode {
    if let Err(error) = work() {
        // The console is the last that the host reads of a guest.
        let _ = writeln!(std::io::stderr(), "testbed-guest: {error:#}");
    }
    home::power_off();
    ExitCode::FAILURE
}

fn work() -> Result<()> {
    let hello = home::settle()?;
    let mut talk = home::port(TALK)?;
    let questions = questions(talk.try_clone().context("failed to share the port")?);
    say(&mut talk, &hello)?;
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().context("failed to start tokio")?;
    runtime.block_on(async {
        let mut guest = Guest::new()?;
        let mut questions = questions;
        // A host that is gone ends the guest.
        while let Some(Question { id, ask }) = questions.recv().await {
            if ask == Ask::PowerOff {
                break;
            }
            let answer = guest.answer(ask).await.map_err(|error| format!("{error:#}"));
            say(&mut talk, &Reply { id, answer })?;
        }
        Ok(())
    })
}

fn questions(port: File) -> mpsc::Receiver<Question> {
    let (sender, receiver) = mpsc::channel(1);
    thread::spawn(move || {
        for line in BufReader::new(port).lines().map_while(Result::ok) {
            let Ok(question) = serde_json::from_str(&line) else { break };
            if sender.blocking_send(question).is_err() {
                break;
            }
        }
    });
    receiver
}

fn say(port: &mut File, what: &impl serde::Serialize) -> Result<()> {
    let mut line = serde_json::to_vec(what).context("failed to write JSON")?;
    line.push(b'\n');
    port.write_all(&line).context("failed to talk to the host")
}

/// What there is in the guest.
struct Guest {
    kernel: KernelLog,
    dbus: Daemon,
    bluetoothd: Daemon,
    hub: Daemon,
    receiver: Daemon,
    pumps: Vec<Pump>,
    listening: Option<Listening>,
    link: Option<Linked>,
    discovering: Option<Discovering>,
}

impl Guest {
    fn new() -> Result<Self> {
        let mut dbus = Daemon::dbus();
        dbus.start()?;
        API.iter().try_for_each(|port| api::reach(port))?;
        let pumps = (0..RADIOS).map(|radio| Pump::new(&format!("radio{radio}"))).collect::<Result<_>>()?;
        Ok(Self {
            kernel: KernelLog::open()?,
            dbus,
            bluetoothd: Daemon::bluetoothd(),
            hub: Daemon::hub(),
            receiver: Daemon::receiver(),
            pumps,
            listening: None,
            link: None,
            discovering: None,
        })
    }

    async fn answer(&mut self, ask: Ask) -> Result<Answer> {
        match ask {
            Ask::Fresh => self.fresh()?,
            Ask::StartBluetoothd => self.bluetoothd.start()?,
            Ask::StopBluetoothd { kill } => self.bluetoothd.stop(kill)?,
            Ask::FreezeBluetoothd { on } => self.bluetoothd.freeze(on)?,
            Ask::RestartDbus => {
                self.dbus.stop(true)?;
                self.bluetoothd.stop(true)?;
                self.dbus.start()?;
                self.bluetoothd.start()?;
            }
            Ask::Power { adapter, on } => bluez::power(&adapter, on).await?,
            Ask::Discover { adapter, on } => {
                self.discovering = None;
                if on {
                    self.discovering = Some(Discovering::begin(&adapter).await?);
                }
            }
            Ask::Block { adapter, on } => home::block(&adapter, on)?,
            Ask::Plug { radio } => return self.pump(radio)?.plug().map(Answer::Adapter),
            Ask::Unplug { radio } => self.pump(radio)?.unplug()?,
            Ask::AwaitAdapter { name, within_ms } => {
                let address = bluez::await_adapter(&name, within_ms).await?;
                return Ok(Answer::BlueZ {
                    address,
                    daemon: self.bluetoothd.says("Bluetooth daemon").unwrap_or_default(),
                });
            }
            Ask::Listen { adapter, way, ask_every_s } => {
                self.listening = None;
                self.listening = Some(Listening::begin(&adapter, way, ask_every_s)?);
            }
            Ask::Heard { adverts, within_ms } => {
                return Ok(Answer::Heard(self.listening()?.heard(adverts, within_ms).await?));
            }
            Ask::Reports { after, text, within_ms } => {
                return Ok(Answer::Reports(self.listening()?.reports(after, &text, within_ms).await?));
            }
            Ask::ServiceData { address, within_ms } => {
                return Ok(Answer::ServiceData(self.listening()?.service_data(address, within_ms).await?));
            }
            Ask::Find { uuid, within_ms } => return self.listening()?.find(uuid, within_ms).await,
            Ask::Connect { adapter, address, is_random, uuids } => {
                let link = Linked::open(Wanted { adapter, address, is_random, uuids }).await?;
                let (mtu, took_ms) = (link.mtu, link.took_ms);
                self.link = Some(link);
                return Ok(Answer::Connected { mtu, took_ms });
            }
            Ask::Write { value } => self.link()?.write(value).await?,
            Ask::Notified => return Ok(Answer::Value(self.link()?.notified().await?)),
            Ask::AwaitLost { within_ms } => return Ok(Answer::Took { ms: self.link()?.lost(within_ms).await? }),
            Ask::Disconnect => {
                let link = self.link.take().context("nothing is connected")?;
                return Ok(Answer::Took { ms: link.close().await? });
            }
            Ask::LetGo => self.link = None,
            Ask::StartHub { adapter, trusted } => self.start_hub(&adapter, trusted.as_deref())?,
            Ask::AddRelease { file } => return daemon::add_release(&file).map(Answer::Said),
            Ask::StartReceiver { name } => self.start_receiver(&name)?,
            Ask::HubSays { words, within_ms } => {
                return self.hub.await_words(&words, within_ms).await.map(Answer::Said);
            }
            Ask::StopHub { kill } => self.hub.stop(kill)?,
            Ask::Log => return Ok(Answer::Log(self.log())),
            Ask::PowerOff => bail!("the host has no use for an answer"),
        }
        Ok(Answer::Done)
    }

    fn fresh(&mut self) -> Result<()> {
        (self.listening, self.link, self.discovering) = (None, None, None);
        self.receiver.stop(true)?;
        self.hub.stop(true)?;
        home::forget_hub()?;
        self.bluetoothd.stop(true)?;
        for pump in &mut self.pumps {
            pump.unplug()?;
        }
        home::forget_devices()?;
        // What was said so far is of no interest to who begins anew.
        self.log();
        self.bluetoothd.start()
    }

    fn start_hub(&mut self, adapter: &str, trusted: Option<&str>) -> Result<()> {
        home::configure_hub(adapter, trusted)?;
        self.hub.start()
    }

    fn start_receiver(&mut self, name: &str) -> Result<()> {
        home::write_join_code(&daemon::add_receiver(name)?)?;
        self.receiver.start()
    }

    fn pump(&mut self, radio: u8) -> Result<&mut Pump> {
        self.pumps.get_mut(usize::from(radio)).with_context(|| format!("there is no radio {radio}"))
    }

    fn listening(&mut self) -> Result<&mut Listening> {
        self.listening.as_mut().context("nothing listens")
    }

    fn link(&self) -> Result<&Linked> {
        self.link.as_ref().context("nothing is connected")
    }

    fn log(&mut self) -> Vec<String> {
        let mut lines = self.kernel.lines();
        lines.extend(self.dbus.lines());
        lines.extend(self.bluetoothd.lines());
        lines.extend(self.hub.lines());
        lines.extend(self.receiver.lines());
        lines
    }
}
