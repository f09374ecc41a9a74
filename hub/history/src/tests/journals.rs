use hub_model::RoomId;

use super::*;

fn note(bench: &mut Bench, room: u32) -> Seq {
    bench.append(Stamp::wall(UnixMillis(T0)), EventBody::RoomChanged { room: RoomId(room) })
}

fn numbers(bench: &Bench, after: u64, limit: usize) -> Vec<u64> {
    bench.history.read_after(Seq(after), limit).unwrap().events.iter().map(|event| event.seq.0).collect()
}

#[test]
fn events_are_read_whether_they_are_durable_or_not() {
    let mut bench = Bench::new();
    for room in 1..=5 {
        note(&mut bench, room);
    }
    assert_eq!(bench.history.durable(), Seq(0));
    assert_eq!(bench.history.flush().unwrap(), Seq(5));
    for room in 6..=8 {
        note(&mut bench, room);
    }
    assert_eq!(numbers(&bench, 0, 100), (1..=8).collect::<Vec<_>>());
    assert_eq!(numbers(&bench, 3, 3), [4, 5, 6]);
    assert_eq!(numbers(&bench, 6, 100), [7, 8]);
    assert_eq!(numbers(&bench, 8, 100), [0; 0]);
    assert_eq!(bench.history.read_after(Seq(0), 1).unwrap().oldest, Seq(1));
    assert_eq!(bench.history.durable(), Seq(5));
}

#[test]
fn a_number_may_be_left_out_and_never_comes_twice() {
    let mut bench = Bench::new();
    bench.seq = 10;
    note(&mut bench, 1);
    bench.seq = 4;
    note(&mut bench, 2);
    assert_eq!(numbers(&bench, 0, 100), [11]);
}

#[test]
fn an_event_is_read_back_as_it_was_but_for_its_trace() {
    let mut bench = Bench::new();
    let body = readings(1, &[(Quantity::Temperature, 1)], Some(9));
    bench.take(1, T0, &[(Quantity::Temperature, 1)]);
    let at = Stamp { boot: BootId(2), ms: 77 };
    bench.append(at, body.clone());
    let bench = bench.restart_after_flush();
    let events = bench.history.read_after(Seq(1), 1).unwrap().events;
    assert_eq!((events[0].at, &events[0].body, events[0].trace), (at, &body, None));
}

#[test]
fn the_ring_forgets_the_oldest_and_says_so() {
    let mut bench = Bench::new();
    // Eight segments of 256 KiB hold some 90 000 of these; the first ones are gone after 200 000.
    let mut now = T0;
    for round in 0..200 {
        for _ in 0..1000 {
            now += 1000;
            bench.take(1, now, &[(Quantity::Temperature, round), (Quantity::Humidity, 5)]);
        }
        bench.history.flush().unwrap();
        if bench.history.seal_due(UnixMillis(now)) {
            bench.history.seal(UnixMillis(now)).unwrap();
        }
    }
    assert_eq!(bench.disk.segment_count(), 8);
    let bench = bench.restart_after_flush();
    let page = bench.history.read_after(Seq(0), 10).unwrap();
    let (oldest, newest) = (page.oldest.0, bench.history.durable().0);
    assert!(oldest > 1 && newest == 200_000, "{oldest} {newest}");
    assert_eq!(page.events[0].seq.0, oldest);
    assert_eq!(numbers(&bench, oldest - 1, usize::MAX), (oldest..=newest).collect::<Vec<_>>());
    assert_eq!(numbers(&bench, newest - 3, 2), [newest - 2, newest - 1]);
    assert_eq!(bench.raw(1, Quantity::Temperature).len(), 200_000);
}

#[test]
fn a_full_journal_waits_for_a_seal_and_loses_nothing() {
    let mut bench = Bench::new();
    let mut refused = false;
    for i in 0..300_000 {
        bench.take(1, T0 + i * 1000, &[(Quantity::Temperature, i), (Quantity::Humidity, 5)]);
        if i % 1000 == 0 {
            refused |= bench.history.flush().is_err();
        }
    }
    assert!(refused);
    assert!(bench.history.seal_due(UnixMillis(T0)));
    bench.history.seal(UnixMillis(T0)).unwrap();
    assert_eq!(bench.history.flush().unwrap(), Seq(300_000));
    bench.history.seal(UnixMillis(T0)).unwrap();
    let points = bench.restart().raw(1, Quantity::Temperature);
    assert_eq!(points, (0..300_000).map(|i| (T0 + i * 1000, i)).collect::<Vec<_>>());
}

#[test]
fn a_flush_that_would_touch_one_more_page_begins_at_the_next() {
    let mut bench = Bench::new();
    // Frames of thirty events: some 350 bytes each, with their times.
    let flush = |bench: &mut Bench, frames: i64| {
        for _ in 0..frames {
            let t = T0 + (bench.seq as i64) * 10_000;
            bench.take(bench.seq % 30, t, &[(Quantity::Temperature, t % 1000)]);
        }
        let before = bench.history.meter.traffic().pages;
        bench.history.flush().unwrap();
        bench.history.meter.traffic().pages - before
    };
    flush(&mut bench, 1);
    let pages: Vec<_> = (0..50).map(|nth| flush(&mut bench, 20 + nth % 7 * 20)).collect();
    assert_eq!(pages, [1; 50]);
    let newest = bench.seq;
    let bench = bench.restart_after_flush();
    assert_eq!(numbers(&bench, 0, usize::MAX), (1..=newest).collect::<Vec<_>>());
    assert_eq!(numbers(&bench, 777, 2), [778, 779]);
}

#[test]
fn the_journal_ends_at_the_first_bad_record() {
    let mut bench = Bench::new();
    for room in 1..=20 {
        note(&mut bench, room);
        bench.history.flush().unwrap();
    }
    // A record of these is 8 bytes and its batch; damage one in the middle.
    let record = bench.disk.file("journal/00")[512..].iter().position(|byte| *byte == 0xC7).unwrap();
    assert_eq!(record, 8);
    let disk = bench.disk.clone();
    drop(bench);
    let image = disk.file("journal/00");
    let mut at = 512;
    for _ in 0..10 {
        at += 8 + u32::from_le_bytes(image[at..at + 4].try_into().unwrap()) as usize;
    }
    disk.tamper("journal/00", |bytes| bytes[at + 9] ^= 1);
    let mut bench = Bench::on(disk).unwrap();
    assert_eq!(numbers(&bench, 0, 100), (1..=10).collect::<Vec<_>>());
    // What stood behind it is never read again, although its bytes are still there and in the right place.
    bench.seq = 100;
    note(&mut bench, 11);
    let bench = bench.restart_after_flush();
    assert_eq!(numbers(&bench, 0, 100), (1..=10).chain([101]).collect::<Vec<_>>());
}

#[test]
fn numbers_are_handed_out_once() {
    let mut given = BTreeSet::new();
    let mut disk = MemoryDisk::default();
    for _ in 0..5 {
        let bench = Bench::on(disk.clone()).unwrap();
        for count in [1, 100_000, 700_000, 3] {
            let range = bench.history.reserve(count).unwrap();
            assert_eq!(range.end - range.start, count);
            assert!(given.last().is_none_or(|last| range.start > *last));
            given.insert(range.end - 1);
        }
        bench.history.seal(UnixMillis(T0)).unwrap();
        disk = bench.disk.after_power_cut(&mut || false);
    }
}

impl Bench {
    fn restart_after_flush(self) -> Self {
        self.history.flush().unwrap();
        self.restart()
    }
}
