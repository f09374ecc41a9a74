//! The power goes at any write; what a flush promised is there when it comes back.

use hub_model::LogPage;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::*;
use crate::disk::memory::Faults;

const DEVICES: u64 = 3;
const BOOT: BootId = BootId(1);

/// What was done and promised before the power went.
#[derive(Debug, Default, Clone)]
struct Promise {
    /// Every reading by its number: device, time, value, counter.
    appended: Vec<(u64, u64, i64, i64, u32)>,
    /// The last number that a flush or seal made durable.
    durable: u64,
    /// The last number handed out.
    reserved: u64,
    is_settled: bool,
    is_settling: bool,
}

/// Lives for some steps, or until the disk fails.
fn live(history: &History, luck: &mut ChaCha8Rng, promise: &mut Promise, numbers: &mut std::ops::Range<u64>) {
    for _ in 0..40 {
        match luck.random_range(0..11) {
            0..6 => {
                for _ in 0..luck.random_range(1..30) {
                    let Some(seq) = numbers.next().or_else(|| {
                        *numbers = history.reserve(50).ok()?;
                        promise.reserved = numbers.end - 1;
                        numbers.next()
                    }) else {
                        return;
                    };
                    let device = luck.random_range(0..DEVICES);
                    // Now and then late, and from a boot whose time is not known yet.
                    let ms = seq * 10_000 - if luck.random_bool(0.1) { luck.random_range(0..seq * 10_000) } else { 0 };
                    let (value, counter) = (luck.random_range(-1000..1000), u32::try_from(seq).unwrap());
                    let at = Stamp { boot: BOOT, ms };
                    let body = readings(device, &[(Quantity::Temperature, value)], Some(counter));
                    let wall = history.wall(at);
                    history.append(&Event { seq: Seq(seq), at, wall, trace: None, body });
                    promise.appended.push((seq, device, ms as i64, value, counter));
                }
            }
            6..8 => match history.flush() {
                Ok(durable) => promise.durable = durable.0,
                Err(_) => return,
            },
            8 => match history.seal(UnixMillis(T0)) {
                Ok(()) => promise.durable = history.durable().0,
                Err(_) => return,
            },
            9 if luck.random_bool(0.5) => {
                let rule = Rule { before: i64::MAX, run: luck.random_range(1..4), is_thrifty: false };
                if history.repack_by(rule, luck.random_range(1..4)).is_err() {
                    return;
                }
            }
            _ if luck.random_bool(0.2) => {
                promise.is_settling = true;
                match history.settle(BOOT, T0, None) {
                    Ok(()) => promise.is_settled = true,
                    Err(_) => return,
                }
            }
            _ => {}
        }
    }
}

fn check(history: &History, promise: &Promise) {
    let durable = promise.durable;
    let is_settled = history.wall(Stamp { boot: BOOT, ms: 0 }).quality == TimeQuality::Synchronised;
    assert!(is_settled || !promise.is_settled, "what was settled stays settled");
    assert!(!is_settled || promise.is_settling);
    let offset = if is_settled { T0 } else { 0 };
    for device in 0..DEVICES {
        let mut points = Vec::new();
        let mut visit = |point: hub_model::RawPoint| {
            points.push((point.at.0 - offset, point.value));
            ControlFlow::Continue(())
        };
        let window = UnixMillis(i64::MIN)..UnixMillis(i64::MAX);
        history.scan(series(device, Quantity::Temperature), window, &mut visit).unwrap();
        let stored: BTreeSet<_> = points.iter().copied().collect();
        assert_eq!(stored.len(), points.len(), "nothing twice");
        let of_device = promise.appended.iter().filter(|(_, own, ..)| *own == device);
        let all: BTreeSet<_> = of_device.clone().map(|(_, _, ms, value, _)| (*ms, *value)).collect();
        let promised: BTreeSet<_> =
            of_device.clone().filter(|(seq, ..)| *seq <= durable).map(|(_, _, ms, value, _)| (*ms, *value)).collect();
        assert!(stored.is_superset(&promised), "lost: {:?}", promised.difference(&stored));
        assert!(stored.is_subset(&all), "invented: {:?}", stored.difference(&all));
        // The hours say the same as the readings.
        let query = HistoryQuery {
            series: series(device, Quantity::Temperature),
            from: UnixMillis(-DAY),
            to: UnixMillis(T0 + 1000 * DAY),
            resolution: Resolution::H1,
            max_points: usize::MAX,
        };
        let hours = history.query(&query).unwrap();
        assert_eq!(hours.count.iter().sum::<u64>(), stored.len() as u64);
        let counter = history.last_counters().get(&DeviceId::from_u64(device)).copied();
        let promised = of_device.filter(|(seq, ..)| *seq <= durable).map(|(.., counter)| *counter).next_back();
        assert!(counter >= promised, "a counter went back from {promised:?} to {counter:?}");
    }
    let LogPage { oldest, events } = history.read_after(Seq(0), usize::MAX).unwrap();
    assert!(events.iter().map(|event| event.seq).is_sorted_by(|a, b| a < b));
    let read: BTreeSet<_> = events.iter().map(|event| event.seq.0).collect();
    assert!(
        promise
            .appended
            .iter()
            .filter(|(seq, ..)| (oldest.0..=durable).contains(seq))
            .all(|(seq, ..)| read.contains(seq))
    );
    let next = history.reserve(1).unwrap().start;
    assert!(next > promise.reserved, "{next} was handed out before (up to {})", promise.reserved);
}

#[test]
fn what_a_flush_promised_is_there_after_any_power_cut() {
    (0..300).for_each(|seed| cut_the_power(seed, &|disk| open(disk)));
}

#[test]
fn so_it_is_while_the_journal_writes_over_its_oldest() {
    let config = exact("memory").with_journal_segments(2).unwrap();
    (1000..1300).for_each(|seed| cut_the_power(seed, &|disk| open_with(disk, config.clone(), 12 * 1024)));
}

fn cut_the_power(seed: u64, open: &dyn Fn(&MemoryDisk) -> Result<History, OpenError>) {
    let mut luck = ChaCha8Rng::seed_from_u64(seed);
    let mut disk = MemoryDisk::default();
    let mut promise = Promise::default();
    // The same house loses its power again and again.
    for cut in 0..4 {
        let at = if luck.random_bool(0.2) { luck.random_range(0..12) } else { luck.random_range(0..400) };
        disk.set_faults(Faults { power_cut_at: Some(at), ..Faults::default() });
        if let Ok(history) = open(&disk) {
            live(&history, &mut luck, &mut promise, &mut (0..0));
        }
        disk = disk.after_power_cut(&mut || luck.random_bool(0.5));
        let history = open(&disk).unwrap_or_else(|error| panic!("seed {seed}, cut {cut}: {error:?}"));
        let seen = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| check(&history, &promise)));
        assert!(seen.is_ok(), "seed {seed}, cut {cut}, operation {at}");
        promise.reserved = history.reserve(1).unwrap().start;
        // What was neither promised nor found is lost for good; what was found is durable.
        let durable = history.durable().0;
        promise.appended.retain(|(seq, ..)| *seq <= durable);
        promise.durable = durable;
        promise.is_settled = history.wall(Stamp { boot: BOOT, ms: 0 }).quality == TimeQuality::Synchronised;
        promise.is_settling = promise.is_settled;
        drop(history);
    }
}
