//! The hub's own schema over an empty house.

use std::{
    ops::{ControlFlow, Range},
    sync::Arc,
};

use api_graphql::{HubSchema, Limits, Ports};
use hub_bus::{Bus, MemoryLog, State};
use hub_model::{
    AlignedData, AlignedQuery, BootId, Clock, CommandError, CommandFuture, CommandPort, DeadLetter, DeadLetterReader,
    DeviceId, Estimates, Expiring, HistoryError, HistoryQuery, HistoryReader, Now, Pairing, PairingId, Quantity,
    RawPoint, ReleaseId, Request, Resolution, Retention, Rollout, RolloutPort, SensorError, SensorPort, SensorSettings,
    SensorStanding, SeriesData, SeriesKey, SeriesStatistics, Stamp, StatisticsQuery, StatisticsReader, SteerError,
    Steering, StoreStats, TimeQuality, UnixMillis, WallTime, Wishes, Zone,
};

use crate::schema::TestHealth;

/// The schema.
pub(crate) fn schema() -> HubSchema {
    let ports = Ports {
        bus: Bus::new(Arc::new(MemoryLog::default()), State::default(), 16).unwrap(),
        history: Arc::new(Empty),
        statistics: Arc::new(Empty),
        commands: Arc::new(Empty),
        sensors: Arc::new(Empty),
        rollouts: Arc::new(Empty),
        dead_letters: Arc::new(Empty),
        health: Arc::new(TestHealth(Vec::new())),
        clock: Arc::new(Empty),
        home_name: "Home".to_owned(),
        home_zone: Zone::UTC,
        default_retention: Retention::default(),
    };
    api_graphql::build(ports, Limits::default())
}

struct Empty;

impl SensorPort for Empty {
    fn pair(&self, _: Vec<(String, Wishes)>) -> Result<Vec<Pairing>, SensorError> {
        Err(SensorError::Stopping)
    }

    fn cancel(&self, pairing: PairingId) -> Result<Pairing, SensorError> {
        Err(SensorError::NoPairing(pairing))
    }

    fn pairings(&self) -> Vec<Pairing> {
        Vec::new()
    }

    fn set(&self, device: DeviceId, _: SensorSettings) -> Result<(), SensorError> {
        Err(SensorError::NotOurs { device })
    }

    fn rotate(&self, device: DeviceId) -> Result<(), SensorError> {
        Err(SensorError::NotOurs { device })
    }

    fn release(&self, device: DeviceId) -> Result<(), SensorError> {
        Err(SensorError::NotOurs { device })
    }

    fn standing(&self, _: DeviceId) -> Option<SensorStanding> {
        None
    }

    fn estimated(&self, _: DeviceId) -> Result<Estimates, HistoryError> {
        Ok(Estimates::default())
    }
}

impl RolloutPort for Empty {
    fn rollouts(&self) -> Vec<Rollout> {
        Vec::new()
    }

    fn steer(&self, release: ReleaseId, _: Steering) -> Result<Rollout, SteerError> {
        Err(SteerError::NoRollout(release))
    }
}

impl HistoryReader for Empty {
    fn query(&self, query: &HistoryQuery) -> Result<SeriesData, HistoryError> {
        Ok(SeriesData {
            series: query.series,
            resolution: Resolution::Raw,
            width_ms: 0,
            t: Vec::new(),
            min: Vec::new(),
            mean: Vec::new(),
            max: Vec::new(),
            count: Vec::new(),
            gaps: Vec::new(),
            next_from: None,
        })
    }

    fn scan(
        &self,
        _: SeriesKey,
        _: Range<UnixMillis>,
        _: &mut dyn FnMut(RawPoint) -> ControlFlow<()>,
    ) -> Result<(), HistoryError> {
        Ok(())
    }

    fn expiring(
        &self,
        _: UnixMillis,
        _: DeviceId,
        _: &dyn Fn(Option<Quantity>) -> Retention,
    ) -> Result<Expiring, HistoryError> {
        Ok(Expiring::default())
    }

    fn series(&self) -> Result<Vec<SeriesKey>, HistoryError> {
        Ok(Vec::new())
    }

    fn stats(&self) -> Result<StoreStats, HistoryError> {
        Ok(StoreStats::default())
    }
}

impl StatisticsReader for Empty {
    fn statistics(&self, query: &StatisticsQuery) -> Result<SeriesStatistics, HistoryError> {
        let (series, exact_from) = (query.series, query.from);
        Ok(SeriesStatistics { series, exact_from, gaps: Vec::new(), buckets: Vec::new() })
    }

    fn aligned(&self, _: &AlignedQuery) -> Result<AlignedData, HistoryError> {
        Ok(AlignedData { width_ms: 1000, t: Vec::new(), columns: Vec::new() })
    }
}

impl CommandPort for Empty {
    fn execute(&self, _: Request) -> CommandFuture {
        Box::pin(async { Err(CommandError::RequestIdReused { id: "none".to_owned() }) })
    }
}

impl DeadLetterReader for Empty {
    fn newest(&self, _: Option<u64>, _: usize) -> Vec<DeadLetter> {
        Vec::new()
    }
}

impl Clock for Empty {
    fn now(&self) -> Now {
        Now {
            stamp: Stamp { boot: BootId(1), ms: 1 },
            us: 1_000,
            wall: WallTime { at: UnixMillis(0), quality: TimeQuality::Estimated },
        }
    }
}
