//! How well receivers hear, from adverts to the history.

use hub_model::{Hearing, HistoryQuery, HistoryReader as _, Resolution};

use super::*;

fn opened(folder: &std::path::Path, time: &Arc<AtomicU64>) -> Hub {
    let ticking = Arc::clone(time);
    let clock = Box::new(move |boot, _| Arc::new(Moved(boot, ticking)) as Arc<dyn Clock>);
    let around =
        Surroundings { kernel_boot: [1; 16], epoch_if_new: Epoch(1), luck: Box::new(|bytes| bytes.fill(7)), clock };
    Hub::open(Config::with_store(folder).unwrap(), around).unwrap()
}

#[test]
fn how_well_each_receiver_hears_is_history_and_no_sensor_even_after_a_restart() {
    let (folder, time) = (tempfile::tempdir().unwrap(), Arc::new(AtomicU64::new(1_200_000)));
    let hub = opened(folder.path(), &time);
    let (device, name) = (DeviceId::from(BATH), Some(Name::parse("Bath").unwrap()));
    let command = Command::AdoptDevice { device, name, room: None, key: None, replay: ReplayRule::Strict };
    hub.desk().execute_now(&Request { principal: "local".to_owned(), id: None, command }).unwrap();
    let mut pipeline = hub.pipeline();
    // A frame every 5 s for half an hour: one receiver hears all, another every tenth, and weakly.
    for nth in 0..360_u64 {
        let number = u8::try_from(nth % 256).unwrap();
        let near = advert(BATH, hub.clock().now(), number);
        pipeline.hear(&near).unwrap();
        if nth % 10 == 0 {
            pipeline.hear(&RawAdvert { receiver: ReceiverId(70), rssi: Some(-90), ..near }).unwrap();
        }
        time.fetch_add(5_000, Ordering::Relaxed);
        pipeline.tick().unwrap();
    }
    let state = hub.bus().snapshot();
    let heard: Vec<_> = state.receptions_of(device).map(|(id, heard)| (id.0, heard.mean, heard.hearing())).collect();
    assert_eq!(heard, [(1, Some(-70), Hearing::Good), (70, Some(-90), Hearing::Weak)]);
    let percent: Vec<_> = state.receptions_of(device).map(|(_, heard)| heard.heard_percent()).collect();
    assert_eq!(percent, [Some(100), Some(10)]);
    assert_eq!(state.current.keys().filter(|key| key.is_signal()).count(), 0);

    hub.bus().flush().unwrap();
    let window = |receiver| HistoryQuery {
        series: SeriesKey::signal(device, ReceiverId(receiver)).unwrap(),
        from: UnixMillis(1_795_234_340_123),
        to: UnixMillis(1_795_240_000_000),
        resolution: Resolution::Raw,
        max_points: 100,
    };
    let stored = |hub: &Hub, receiver| hub.history().query(&window(receiver)).unwrap().mean;
    assert_eq!((stored(&hub, 1), stored(&hub, 70)), (vec![-70.0; 3], vec![-90.0; 3]), "one every ten minutes");
    drop((pipeline, hub));

    let hub = opened(folder.path(), &time);
    assert_eq!(stored(&hub, 70), vec![-90.0; 3]);
    let state = hub.bus().snapshot();
    let sensors: Vec<_> = state.series_of(device).into_iter().map(|(key, _)| key.quantity).collect();
    assert_eq!(sensors, [hub_model::Quantity::Temperature]);
}
