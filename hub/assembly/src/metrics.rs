//! What the hub counts of itself, in Prometheus' text format.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use hub_model::Health;
use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{
        counter::{Atomic, Counter},
        family::Family,
        gauge::Gauge,
        histogram::Histogram,
    },
    registry::Registry,
};

/// Upper bounds of the latency buckets in seconds: 50 µs to 1 s.
const LATENCY_BUCKETS: [f64; 12] =
    [0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.1, 0.25, 1.0];

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Outcome {
    outcome: &'static str,
}

/// The counters of the hub.
pub struct Metrics {
    registry: Registry,
    adverts: Family<Outcome, Counter>,
    codes: Mutex<BTreeMap<&'static str, Counter>>,
    readings: Counter,
    latency: Histogram,
    store_bytes: Gauge,
    store_readings: Gauge,
    store_blocks: Gauge,
    written_bytes: Counter,
    flushes: Counter,
    alerts: Gauge,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("ingle");
        let metrics = Self {
            adverts: Family::default(),
            codes: Mutex::default(),
            readings: Counter::default(),
            latency: Histogram::new(LATENCY_BUCKETS),
            store_bytes: Gauge::default(),
            store_readings: Gauge::default(),
            store_blocks: Gauge::default(),
            written_bytes: Counter::default(),
            flushes: Counter::default(),
            alerts: Gauge::default(),
            registry: Registry::default(),
        };
        registry.register("adverts", "Advertisements by what became of them", metrics.adverts.clone());
        registry.register("readings", "Readings put on the bus", metrics.readings.clone());
        registry.register(
            "pipeline_seconds",
            "Time from hearing an advertisement to its event on the bus",
            metrics.latency.clone(),
        );
        registry.register("store_bytes", "Bytes of the history on disk", metrics.store_bytes.clone());
        registry.register("store_readings", "Readings kept singly", metrics.store_readings.clone());
        registry.register("store_blocks", "Sealed blocks", metrics.store_blocks.clone());
        registry.register("store_written_bytes", "Bytes written by the history", metrics.written_bytes.clone());
        registry.register("store_flushes", "Flushes of the history to the disk", metrics.flushes.clone());
        registry.register("alerts", "Alerts that need the owner", metrics.alerts.clone());
        Self { registry, ..metrics }
    }
}

impl Metrics {
    /// Counts one advert by what became of it, a stable code such as `stored`.
    pub fn count(&self, outcome: &'static str) {
        let mut codes = self.codes.lock().unwrap_or_else(PoisonError::into_inner);
        codes.entry(outcome).or_insert_with(|| self.adverts.get_or_create(&Outcome { outcome }).clone()).inc();
    }

    /// Counts the readings of one frame and the time that the frame took through the pipeline.
    pub fn published(&self, readings: usize, latency_us: u64) {
        self.readings.inc_by(readings as u64);
        self.latency.observe(std::time::Duration::from_micros(latency_us).as_secs_f64());
    }

    /// Readings put on the bus since start.
    pub fn readings(&self) -> u64 {
        self.readings.get()
    }

    /// Adverts by what became of them, by code.
    pub fn outcomes(&self) -> Vec<(String, u64)> {
        let codes = self.codes.lock().unwrap_or_else(PoisonError::into_inner);
        codes.iter().map(|(code, counter)| ((*code).to_owned(), counter.get())).collect()
    }

    /// Everything in Prometheus' text format, with the figures of `health` as they are now.
    pub fn encode(&self, health: &Health) -> String {
        let signed = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        self.store_bytes.set(signed(health.store.bytes));
        self.store_readings.set(signed(health.store.readings));
        self.store_blocks.set(signed(health.store.blocks));
        self.alerts.set(signed(health.alerts.len() as u64));
        raise(&self.written_bytes, health.store.written_bytes);
        raise(&self.flushes, health.store.flushes);
        let mut text = String::new();
        match encode(&mut text, &self.registry) {
            Ok(()) => text,
            Err(error) => {
                tracing::error!(%error, "the metrics cannot be written as text");
                String::new()
            }
        }
    }
}

/// Brings a counter up to a total that is counted elsewhere.
fn raise(counter: &Counter, total: u64) {
    let counted = counter.inner().get();
    counter.inc_by(total.saturating_sub(counted));
}
