//! The hub: the real program on a store that was filled beside it.

use std::{
    fmt::Write as _,
    ops::Range,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
};

use anyhow::{Result, ensure};
use hub_history::{Config, History};
use hub_model::{
    DeviceId, Epoch, Event, EventBody, EventLog, Origin, ReceiverId, Seq, Stamp, TimeQuality, UnixMillis, Value,
    WallTime,
};
use jiff::Timestamp;
use serde_json::json;

use crate::{
    ask::{Question, Text},
    house::{HOUR, METRICS, Reading},
    served::{Served, free_address},
    stopwatch::now,
};

const SIX_HOURS: i64 = 6 * HOUR;
/// The readings of a day do not come to more.
const MOST_READINGS: i64 = 2000;

/// A store that is filled.
#[derive(Debug)]
pub(crate) struct Hub {
    store: PathBuf,
    config: PathBuf,
    address: String,
    history: History,
    adopted: u32,
}

/// A store that is served.
#[derive(Debug)]
pub(crate) struct ServedHub {
    served: Served,
    history: PathBuf,
}

impl Hub {
    pub(crate) fn new(folder: &Path) -> Result<Self> {
        let (store, config, address) = (folder.join("store"), folder.join("hubd.toml"), free_address()?);
        let text = format!(
            "[store]\npath = \"{}\"\n[server]\nlisten = \"{address}\"\n[time]\ntrust = \"always\"\n[radio]\nenabled = false\n",
            store.display()
        );
        std::fs::write(&config, text)?;
        // A day between seals, as an import of the past is done.
        let seldom = std::time::Duration::from_secs(86_400);
        let history = History::open(Config::new(store.join("history")).with_seal_interval(seldom)?, Epoch(1))?;
        Ok(Self { store, config, address, history, adopted: 0 })
    }

    fn address_of(sensor: u32) -> u64 {
        0xA4C1_3800_0000 + u64::from(sensor) * 7919
    }

    pub(crate) fn take(&mut self, readings: &[Reading]) -> Result<()> {
        let numbers = self.history.reserve(readings.len() as u64)?;
        let mut now = UnixMillis(0);
        for (seq, reading) in numbers.zip(readings) {
            let at = UnixMillis(reading.at);
            let value = |(quantity, value): (_, &i64)| Value { quantity, instance: 0, value: *value };
            let values: Arc<[Value]> = METRICS.into_iter().zip(reading.values()).map(value).collect();
            let device = DeviceId::from_u64(Self::address_of(reading.sensor));
            let body =
                EventBody::ReadingsTaken { device, values, origin: Origin::heard(ReceiverId(1), Some(-60), None) };
            let wall = WallTime { at, quality: TimeQuality::Synchronised };
            self.history.append(&Event { seq: Seq(seq), at: Stamp::wall(at), wall, trace: None, body });
            (now, self.adopted) = (at, self.adopted.max(reading.sensor + 1));
        }
        self.history.flush()?;
        if self.history.seal_due(now) {
            self.history.seal(now)?;
        }
        Ok(())
    }

    pub(crate) fn finish(&self) -> Result<()> {
        self.history.seal(UnixMillis(0))?;
        Ok(())
    }

    /// Adopts the sensors by an advert of each, which is how the hub gets to know them, and serves.
    pub(crate) fn serve(self) -> Result<ServedHub> {
        let Self { store, config, address, history, adopted } = self;
        drop(history);
        let (mut adverts, now) = (String::new(), now());
        for sensor in 0..adopted {
            let [.., a, b, c, d, e, f] = Self::address_of(sensor).to_be_bytes();
            writeln!(
                adverts,
                r#"{{"t":"{now}","address":"{a:02X}:{b:02X}:{c:02X}:{d:02X}:{e:02X}:{f:02X}","rssi":-60,"service_data":{{"fcd2":"40020807"}}}}"#
            )?;
        }
        let capture = config.with_file_name("adverts.jsonl");
        std::fs::write(&capture, adverts)?;
        let hubd = env!("CARGO_BIN_EXE_hubd");
        let replay = Command::new(hubd)
            .args(["replay", "--adopt-all", "--config"])
            .arg(&config)
            .arg("--from")
            .arg(capture)
            .output()?;
        ensure!(replay.status.success(), "hubd replay: {}", String::from_utf8_lossy(&replay.stderr));
        let served = Served::start(Command::new(hubd).args(["run", "--config"]).arg(&config), &address, "/healthz")?;
        Ok(ServedHub { served, history: store.join("history") })
    }
}

impl ServedHub {
    pub(crate) fn ask(&self, question: Question, sensor: u32, window: &Range<i64>) -> Result<Text> {
        const QUESTION: &str = "query($device:ID!,$from:DateTime!,$to:DateTime!,$how:Resolution!,$most:Int!){\
             history(sensorIds:[$device],quantity:TEMPERATURE,from:$from,to:$to,resolution:$how,maxPoints:$most){t min mean max}}";
        let [.., a, b, c, d, e, f] = Hub::address_of(sensor).to_be_bytes();
        let (how, most) = match question {
            Question::Day => ("RAW", MOST_READINGS),
            // One more than there are: a window may begin within a slot.
            Question::Year => ("AUTO", (window.end - window.start) / SIX_HOURS + 1),
        };
        let body = json!({"query": QUESTION, "variables": {
            "device": format!("{a:02X}:{b:02X}:{c:02X}:{d:02X}:{e:02X}:{f:02X}"),
            "from": Timestamp::from_millisecond(window.start)?.to_string(),
            "to": Timestamp::from_millisecond(window.end)?.to_string(),
            "how": how,
            "most": most,
        }});
        let json = self.served.post("/graphql", body.to_string().as_bytes())?;
        Ok(Text { json, columns })
    }

    pub(crate) fn memory_mb(&self) -> Result<f64> {
        self.served.memory_mb()
    }

    /// The database; the journal has a fixed size and holds the last events again.
    pub(crate) fn stored_mb(&self) -> Result<f64> {
        Ok(std::fs::metadata(self.history.join("history.redb"))?.len() as f64 / 1e6)
    }
}

fn columns(json: &serde_json::Value) -> Option<[&Vec<serde_json::Value>; 2]> {
    let series = json.pointer("/data/history/0")?;
    Some([series.get("min")?.as_array()?, series.get("max")?.as_array()?])
}
