//! `hubd receive`: hears sensors for a hub on another machine. It has no store and no configuration: what it needs is an adapter,
//! the hub's address, and the join code that `hubd receivers add` printed there.

use std::{fs::File, io::BufReader, path::PathBuf, process::ExitCode, sync::Arc};

use clap::Args;
use hub_assembly::{ADVERT_QUEUE, Capture, CaptureError, LogLevel};
use hub_model::{BootId, Clock, RawAdvert, Stamp};
use hub_radio::{AdapterName, Gap, Listener, Reports};
use hub_receive::{JoinCode, Sender};
use tokio::{net::TcpStream, sync::mpsc, task::JoinSet};
use tokio_util::sync::CancellationToken;

use crate::{clock::MachineClock, exit::Failure, logging, radio, run::stop_signal, store, systemd};

/// The port of a hub that names none.
const PORT: u16 = 4910;

#[derive(Args)]
pub(crate) struct ReceiveArguments {
    /// The hub: a name or an address, with its port if that is not 4910.
    #[arg(long, value_name = "HOST[:PORT]", value_parser = with_port)]
    to: String,
    /// A file with the join code that `hubd receivers add` printed on the hub; only its owner should be able to read it.
    #[arg(long, value_name = "FILE", default_value = "/etc/ingle/join-code")]
    token_file: PathBuf,
    /// An adapter to listen with, by name or address; may be given several times. None: the first one.
    #[arg(long, value_name = "ADAPTER")]
    adapter: Vec<String>,
    /// How much of the time to listen, in per cent.
    #[arg(long, value_name = "PERCENT", default_value_t = 100, value_parser = clap::value_parser!(u8).range(10..=100))]
    listen_percent: u8,
    /// Instead of listening, play the adverts of a capture once, as if they were heard now.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["adapter", "listen_percent"])]
    from: Option<PathBuf>,
}

/// Forwards until it is asked to stop.
pub(crate) fn receive(arguments: &ReceiveArguments) -> Result<ExitCode, Failure> {
    let code = code(arguments)?;
    let names = arguments.adapter.iter().map(|text| text.parse()).collect::<Result<Vec<AdapterName>, _>>();
    let names = names.map_err(Failure::Adapter)?;
    let capture = arguments.from.as_ref().map(played).transpose()?;
    logging::begin(LogLevel::Info);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|source| Failure::Machine { what: "start threads", source })?;
    runtime.block_on(forward(arguments, &code, names, capture))?;
    Ok(ExitCode::SUCCESS)
}

fn code(arguments: &ReceiveArguments) -> Result<JoinCode, Failure> {
    let file = arguments.token_file.display().to_string();
    let text = std::fs::read_to_string(&arguments.token_file)
        .map_err(|source| Failure::CodeFile { file: file.clone(), source })?;
    text.parse().map_err(|source| Failure::Code { file, source })
}

async fn forward(
    arguments: &ReceiveArguments,
    code: &JoinCode,
    names: Vec<AdapterName>,
    capture: Option<Vec<RawAdvert>>,
) -> Result<(), Failure> {
    let stop = stop_signal().map_err(|source| Failure::Machine { what: "listen for signals", source })?;
    // Its stamps are told as ages, so which boot it is says nothing to anybody.
    let clock: Arc<dyn Clock> = Arc::new(MachineClock::new(BootId(1), None, hub_assembly::ClockTrust::Auto));
    let (adverts, heard) = mpsc::channel(ADVERT_QUEUE);
    let (mut tasks, stopping) = (JoinSet::new(), CancellationToken::new());
    match capture {
        Some(capture) => drop(tasks.spawn(play(capture, adverts, Arc::clone(&clock)))),
        None => {
            for plan in radio::listening_with(names, arguments.listen_percent) {
                plan.check().await?;
                let listener = Listener::new(plan, Arc::clone(&clock), adverts.clone(), Arc::new(Logged));
                tasks.spawn(listener.listen(stopping.clone()));
            }
        }
    }
    let life = store::random::<8>().map(u64::from_be_bytes)?;
    let to = arguments.to.clone();
    let sender = Sender::new(code, life, heard, clock)?;
    tasks.spawn(sender.run(move || {
        let to = to.clone();
        async move {
            let stream = TcpStream::connect(to).await?;
            stream.set_nodelay(true)?;
            Ok(stream)
        }
    }));
    tracing::info!(hub = arguments.to, "the receiver runs");
    systemd::ready();
    stop.await;
    systemd::stopping();
    stopping.cancel();
    tasks.shutdown().await;
    Ok(())
}

/// The adverts of a capture.
fn played(file: &PathBuf) -> Result<Vec<RawAdvert>, Failure> {
    let refused = |source| Failure::Capture { file: file.display().to_string(), source };
    let input = File::open(file).map_err(|error| refused(CaptureError::Read(error)))?;
    let capture = Capture::open(BufReader::new(input)).map_err(refused)?;
    capture.map(|captured| captured.map(|captured| captured.advert).map_err(refused)).collect()
}

/// Hears them, one after the other.
async fn play(capture: Vec<RawAdvert>, adverts: mpsc::Sender<RawAdvert>, clock: Arc<dyn Clock>) {
    for advert in capture {
        let Stamp { boot, ms } = clock.now().stamp;
        if adverts.send(RawAdvert { at: Stamp { boot, ms }, ..advert }).await.is_err() {
            return;
        }
    }
}

/// Nobody but the log is told how an adapter here is doing; the hub notices what does not come.
struct Logged;

impl Reports for Logged {
    fn listening(&self, adapter: &str) {
        tracing::info!(adapter, "listening");
    }

    fn trouble(&self, adapter: &str, trouble: &str) {
        tracing::warn!(adapter, trouble, "the adapter does not listen");
    }

    fn gap(&self, adapter: &str, gap: Gap) {
        let length_ms = u64::try_from(gap.length().as_millis()).unwrap_or(u64::MAX);
        tracing::warn!(adapter, length_ms, "nothing was heard for a while");
    }
}

/// The address with its port; IPv6 addresses with a port stand in brackets.
fn with_port(text: &str) -> Result<String, String> {
    let bare = text.parse::<std::net::Ipv6Addr>().map(|address| format!("[{address}]:{PORT}"));
    let has_port = text.rsplit_once(':').is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok());
    match bare {
        Ok(address) => Ok(address),
        Err(_) if has_port => Ok(text.to_owned()),
        Err(_) if text.is_empty() || (text.contains(':') && !text.ends_with(']')) => {
            Err("expected a host such as hub.local, 192.0.2.7:4910 or [2001:db8::7]:4910".to_owned())
        }
        Err(_) => Ok(format!("{text}:{PORT}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hub_that_names_no_port_has_the_usual_one() {
        for (text, address) in [
            ("hub.local", "hub.local:4910"),
            ("192.0.2.7", "192.0.2.7:4910"),
            ("192.0.2.7:5000", "192.0.2.7:5000"),
            ("2001:db8::7", "[2001:db8::7]:4910"),
            ("[2001:db8::7]", "[2001:db8::7]:4910"),
            ("[2001:db8::7]:5000", "[2001:db8::7]:5000"),
        ] {
            assert_eq!(with_port(text).as_deref(), Ok(address));
        }
        for text in ["", "hub:", "hub:x", ":4910"] {
            assert!(with_port(text).is_err(), "{text}");
        }
    }
}
