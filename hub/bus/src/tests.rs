use std::sync::Arc;

use hub_model::{BootId, Cursor, Epoch, EventBody, RoomId, Seq, Stamp, TimeQuality, UnixMillis, WallTime};

use crate::{Bus, Draft, Frame, MemoryLog, ResyncReason, State};

fn draft(number: u32) -> Draft {
    Draft {
        at: Stamp { boot: BootId(1), ms: u64::from(number) },
        wall: WallTime { at: UnixMillis(i64::from(number)), quality: TimeQuality::Synchronised },
        trace: None,
        body: EventBody::RoomChanged { room: RoomId(number) },
    }
}

fn bus_of(ring: usize) -> (Bus, Arc<MemoryLog>) {
    let log = Arc::new(MemoryLog::default());
    (Bus::new(log.clone(), State::default(), ring).unwrap(), log)
}

fn publish(bus: &Bus, numbers: std::ops::Range<u32>) -> Vec<Seq> {
    numbers.map(|n| bus.publish(draft(n), |_| ()).unwrap()).collect()
}

/// Reads until nothing is left; `Err` is the resync that came instead.
async fn drain(bus: &Bus, after: Cursor, limit: usize) -> Result<Vec<Seq>, ResyncReason> {
    let mut reader = bus.subscribe(Some(after));
    let mut seen = vec![];
    while let Some(frame) = reader.poll(limit).await.unwrap() {
        match frame {
            Frame::Batch { events, .. } => seen.extend(events.iter().map(|event| event.seq)),
            Frame::Resync { reason, .. } => return Err(reason),
        }
    }
    Ok(seen)
}

#[tokio::test]
async fn a_snapshot_and_the_events_after_it_have_no_gap_and_no_duplicate() {
    let (bus, _) = bus_of(4);
    let first = publish(&bus, 0..3);
    let snapshot = bus.snapshot();
    assert_eq!(Some(&snapshot.cursor.seq), first.last());
    let later = publish(&bus, 3..40);
    for limit in [1, 3, 1000] {
        assert_eq!(drain(&bus, snapshot.cursor, limit).await, Ok(later.clone()), "limit {limit}");
    }
}

#[tokio::test]
async fn a_reader_that_fell_behind_the_ring_reads_the_log() {
    let (bus, _) = bus_of(2);
    let start = bus.snapshot().cursor;
    let all = publish(&bus, 0..50);
    assert_eq!(drain(&bus, start, 7).await, Ok(all));
}

#[tokio::test]
async fn a_reader_whose_events_are_gone_is_told_to_start_anew() {
    let (bus, log) = bus_of(2);
    let start = bus.snapshot().cursor;
    let all = publish(&bus, 0..50);
    log.forget_to(Seq(all.first().unwrap().0 + 20));
    assert_eq!(drain(&bus, start, 7).await, Err(ResyncReason::CursorTooOld));
    let kept = Cursor { seq: Seq(all.first().unwrap().0 + 20), ..start };
    assert_eq!(drain(&bus, kept, 7).await.unwrap().len(), 29);
}

#[tokio::test]
async fn a_number_that_was_pushed_and_then_lost_is_never_used_again_and_its_cursor_is_told() {
    let (bus, log) = bus_of(8);
    let all = publish(&bus, 0..10);
    let lost = bus.snapshot().cursor;
    log.lose_after(Seq(lost.seq.0 - 3));
    let reborn = Bus::new(log, State::default(), 8).unwrap();
    let new = publish(&reborn, 10..12);
    assert!(new.first() > all.last());
    assert_eq!(drain(&reborn, lost, 7).await, Err(ResyncReason::CursorInFuture));
    let durable = Cursor { seq: Seq(lost.seq.0 - 3), ..lost };
    assert_eq!(drain(&reborn, durable, 7).await, Ok(new));
}

#[tokio::test]
async fn a_cursor_of_another_life_of_the_store_is_told() {
    let (bus, _) = bus_of(8);
    publish(&bus, 0..10);
    let old = Cursor { epoch: Epoch(99), ..bus.snapshot().cursor };
    assert_eq!(drain(&bus, old, 7).await, Err(ResyncReason::EpochChanged));
}

#[tokio::test]
async fn a_waiting_reader_wakes_for_an_event() {
    let (bus, _) = bus_of(8);
    let mut reader = bus.subscribe(None);
    assert!(reader.poll(10).await.unwrap().is_none());
    let waiting = tokio::spawn(async move { reader.next(10).await });
    tokio::task::yield_now().await;
    let seq = bus.publish(draft(1), |_| ()).unwrap();
    let Frame::Batch { events, .. } = waiting.await.unwrap().unwrap() else { unreachable!("a fresh reader resyncs") };
    assert_eq!(events.iter().map(|event| event.seq).collect::<Vec<_>>(), vec![seq]);
}

#[tokio::test]
async fn the_state_changes_in_the_same_step_as_the_stream() {
    let (bus, _) = bus_of(8);
    let held = bus.snapshot();
    bus.publish(draft(1), |state| state.take_household(Arc::default())).unwrap();
    assert!(bus.snapshot().cursor.seq > held.cursor.seq);
    assert!(held.household.devices.is_empty());
}
