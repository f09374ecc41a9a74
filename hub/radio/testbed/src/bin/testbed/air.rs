//! The air: `guest_air.py`, and what it is told to do.

use std::{path::PathBuf, time::Duration};

use anyhow::{Context as _, Result, bail};
use hub_testbed::COUNTING;
use serde_json::{Value, json};
use tokio::process::Command;

use crate::{child::Talker, options::Options};

/// How long anything may take that happens at once.
const AT_ONCE: Duration = Duration::from_secs(30);

/// What advertisers say, and how often.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Adverts {
    pub(crate) devices: u64,
    /// How many intervals each of them advertises for.
    pub(crate) times: u64,
    pub(crate) interval_ms: u64,
    /// After each advert so long a pause and another one, with something else to say.
    pub(crate) gaps_ms: &'static [u64],
    pub(crate) kind: Kind,
    /// How many more say something only to who asks, always the same.
    pub(crate) asked: u64,
}

/// How adverts are sent.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    /// As sensors do: nobody can connect.
    Plain,
    /// Somebody could connect, and whoever listens actively is answered.
    Connectable,
    /// Extended, on the coded PHY, and longer than other adverts can be.
    Coded,
}

/// What controllers know duplicates by.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Duplicates {
    /// They do not: everything is reported.
    None,
    /// Address and data.
    Data,
    /// The address alone.
    Address,
}

/// The air and its radios.
pub(crate) struct Air {
    program: Talker,
    orders: u64,
    /// How often adverts were sent.
    rounds: u8,
    /// Does a guest's radio listen, and actively?
    listening: Vec<Option<bool>>,
}

impl Air {
    pub(crate) async fn begin(options: &Options, sockets: &[PathBuf]) -> Result<Self> {
        let mut command = Command::new(&options.python);
        command.arg("-B").arg(&options.air).args(sockets).env("PYTHONPATH", &options.python_path);
        let program = Talker::start("the air", &mut command)?;
        let mut air = Self { program, orders: 0, rounds: 0, listening: vec![None; sockets.len()] };
        while air.news(AT_ONCE).await?.get("event") != Some(&json!("ready")) {}
        Ok(air)
    }

    /// A controller for a sensor; says where it is.
    pub(crate) async fn socket(&mut self) -> Result<String> {
        let answer = self.order(json!({"do": "socket"}), AT_ONCE).await?;
        answer.get("hci").and_then(Value::as_str).map(str::to_owned).context("the air said no socket")
    }

    /// Has adverts sent, and says how many there were.
    pub(crate) async fn advertise(&mut self, adverts: Adverts) -> Result<u64> {
        let planned = Duration::from_millis(adverts.times * adverts.interval_ms);
        let order = self.round("advertise", adverts);
        let answer = self.order(order, planned * 2 + AT_ONCE).await?;
        answer.get("said").and_then(Value::as_u64).context("the air said no number")
    }

    /// Has adverts sent that nobody waits for, instead of those before; or none any more.
    pub(crate) async fn murmur(&mut self, adverts: Option<Adverts>) -> Result<()> {
        let order = adverts.map_or_else(|| json!({"do": "murmur"}), |adverts| self.round("murmur", adverts));
        self.order(order, AT_ONCE).await.map(drop)
    }

    fn round(&mut self, what: &str, adverts: Adverts) -> Value {
        let Adverts { devices, times, interval_ms, gaps_ms, kind, asked } = adverts;
        let kind = match kind {
            Kind::Plain => "plain",
            Kind::Connectable => "connectable",
            Kind::Coded => "coded",
        };
        self.rounds = self.rounds.wrapping_add(1);
        json!({"do": what, "round": self.rounds, "devices": devices, "times": times, "interval_ms": interval_ms,
               "gaps_ms": gaps_ms, "kind": kind, "asked": asked})
    }

    /// The address of the first advertiser of the next round.
    pub(crate) const fn next_advertiser(&self) -> [u8; 6] {
        let [a, b, c] = COUNTING;
        [a, b, c, self.rounds.wrapping_add(1), 0, 0]
    }

    /// What a guest's radio knows duplicates by when it is told to filter them.
    pub(crate) async fn filter(&mut self, radio: u8, duplicates: Duplicates) -> Result<()> {
        let duplicates = match duplicates {
            Duplicates::None => "none",
            Duplicates::Data => "data",
            Duplicates::Address => "address",
        };
        self.order(json!({"do": "filter", "radio": radio, "duplicates": duplicates}), AT_ONCE).await.map(drop)
    }

    /// A guest's radio knows extended advertising and the coded PHY, from when it is plugged in next.
    pub(crate) async fn extend(&mut self, radio: u8) -> Result<()> {
        self.order(json!({"do": "extend", "radio": radio}), AT_ONCE).await.map(drop)
    }

    /// A guest's radio answers nothing any more, or does again.
    pub(crate) async fn hang(&mut self, radio: u8, on: bool) -> Result<()> {
        self.order(json!({"do": "hang", "radio": radio, "on": on}), AT_ONCE).await.map(drop)
    }

    /// A guest's radio answers and hears nothing, or does again.
    pub(crate) async fn deafen(&mut self, radio: u8, on: bool) -> Result<()> {
        self.order(json!({"do": "deafen", "radio": radio, "on": on}), AT_ONCE).await.map(drop)
    }

    /// Waits until so many bytes were written to a sensor over one link, and loses that link then, if it is to.
    pub(crate) async fn await_written(&mut self, bytes: u64, lose: bool, within: Duration) -> Result<()> {
        self.order(json!({"do": "await_written", "bytes": bytes, "lose": lose}), within).await.map(drop)
    }

    /// How many bytes were written to sensors over each link since this was asked before.
    pub(crate) async fn written(&mut self) -> Result<Vec<u64>> {
        let answer = self.order(json!({"do": "written"}), AT_ONCE).await?;
        let links = answer.get("links").and_then(Value::as_array).context("the air said no links")?;
        Ok(links.iter().filter_map(Value::as_u64).collect())
    }

    /// Waits until a guest's radio listens; says whether it does so actively, asking for scan responses.
    pub(crate) async fn await_listening(&mut self, radio: u8, within: Duration) -> Result<bool> {
        let wait = async {
            loop {
                if let Some(Some(active)) = self.listening.get(usize::from(radio)) {
                    return Ok(*active);
                }
                self.news(within).await?;
            }
        };
        let listens = tokio::time::timeout(within, wait).await;
        listens.with_context(|| format!("radio {radio} does not listen within {} s", within.as_secs()))?
    }

    /// Its last words.
    pub(crate) fn log(&self) -> Vec<String> {
        self.program.kept()
    }

    async fn order(&mut self, mut order: Value, within: Duration) -> Result<Value> {
        self.orders += 1;
        let number = json!(self.orders);
        if let Some(order) = order.as_object_mut() {
            order.insert("id".to_owned(), number.clone());
        }
        self.program.type_line(&order.to_string()).await?;
        loop {
            let news = self.news(within).await?;
            if news.get("id") == Some(&number) {
                return match news.get("error") {
                    Some(error) => bail!("the air cannot do {order}: {error}"),
                    None => Ok(news),
                };
            }
        }
    }

    /// The next that the air says.
    async fn news(&mut self, within: Duration) -> Result<Value> {
        let line = self.program.line(within).await?;
        let news: Value = serde_json::from_str(&line).with_context(|| format!("the air said {line}"))?;
        if news.get("event") == Some(&json!("listening")) {
            let [on, active] = ["on", "active"].map(|key| news.get(key).and_then(Value::as_bool).unwrap_or_default());
            let radio = news.get("radio").and_then(Value::as_u64).and_then(|radio| usize::try_from(radio).ok());
            if let Some(state) = radio.and_then(|radio| self.listening.get_mut(radio)) {
                *state = on.then_some(active);
            }
        }
        Ok(news)
    }
}
