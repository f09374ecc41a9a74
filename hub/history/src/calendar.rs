//! Where hours, days, weeks, months and years begin by the clock of a time zone.

use hub_model::{Bucket, HistoryError, UnixMillis, Zone};
use jiff::{
    Timestamp, ToSpan,
    civil::{Date, date},
    tz::TimeZone,
};

const HOUR_S: i64 = 3600;

/// The edges of the parts of a window, `from` and `to` included: one more than there are parts.
///
/// A day begins at its first midnight, or where the clock jumps over midnight, at the first moment after it.
///
/// # Errors
/// When the window is empty or has more than `most` parts.
pub(crate) fn edges(
    zone: &Zone,
    bucket: Bucket,
    from: UnixMillis,
    to: UnixMillis,
    most: usize,
) -> Result<Vec<i64>, HistoryError> {
    if from >= to {
        return Err(HistoryError::EmptyWindow { from, to });
    }
    let mut edges = vec![from.0];
    if bucket != Bucket::Whole {
        let mut at = from.0;
        // Beyond the years that can be written there is one part.
        while let Some(next) = next(zone.rules(), bucket, at).filter(|next| (at + 1..to.0).contains(next)) {
            if edges.len() >= most {
                return Err(HistoryError::TooManyBuckets { most });
            }
            edges.push(next);
            at = next;
        }
    }
    edges.push(to.0);
    if most == 0 { Err(HistoryError::TooManyBuckets { most }) } else { Ok(edges) }
}

/// Where the next part begins after a moment.
fn next(zone: &TimeZone, bucket: Bucket, t: i64) -> Option<i64> {
    let moment = Timestamp::from_millisecond(t).ok()?;
    if bucket == Bucket::Hour {
        return next_hour(zone, moment);
    }
    let day = zone.to_datetime(moment).date();
    let begin = begin_of(bucket, day)?;
    let next = start(zone, after(bucket, begin)?)?;
    // Where the clock is set back over midnight, the first minutes of a day are followed by the last of the day before.
    if next > t { Some(next) } else { start(zone, after(bucket, after(bucket, begin)?)?) }
}

/// The first day of the part that a day is in.
fn begin_of(bucket: Bucket, day: Date) -> Option<Date> {
    match bucket {
        Bucket::Whole | Bucket::Hour | Bucket::Day => Some(day),
        Bucket::Week => day.checked_sub(i64::from(day.weekday().to_monday_zero_offset()).days()).ok(),
        Bucket::Month => Some(day.first_of_month()),
        Bucket::Year => Some(date(day.year(), 1, 1)),
    }
}

/// The first day of the part after the one that begins with a day.
fn after(bucket: Bucket, begin: Date) -> Option<Date> {
    let span = match bucket {
        Bucket::Whole | Bucket::Hour | Bucket::Day => 1.day(),
        Bucket::Week => 1.week(),
        Bucket::Month => 1.month(),
        Bucket::Year => 1.year(),
    };
    begin.checked_add(span).ok()
}

/// When a day begins, in Unix milliseconds.
fn start(zone: &TimeZone, day: Date) -> Option<i64> {
    zone.to_timestamp(day.at(0, 0, 0, 0)).ok().map(Timestamp::as_millisecond)
}

/// When the clock next shows a full hour.
fn next_hour(zone: &TimeZone, moment: Timestamp) -> Option<i64> {
    // Seconds towards the past: half a second before 1970 is in the second before.
    let second = moment.as_millisecond().div_euclid(1000);
    let offset = i64::from(zone.to_offset(moment).seconds());
    let next = full_hour_after(second, offset);
    let arrived = Timestamp::from_second(next).ok()?;
    if i64::from(zone.to_offset(arrived).seconds()) == offset {
        return Some(next * 1000);
    }
    // The clock was set in between: it may show a full hour then.
    let set = zone.following(moment).next()?.timestamp().as_second();
    let offset = i64::from(zone.to_offset(Timestamp::from_second(set).ok()?).seconds());
    Some(full_hour_after(set - 1, offset) * 1000)
}

const fn full_hour_after(second: i64, offset: i64) -> i64 {
    ((second + offset).div_euclid(HOUR_S) + 1) * HOUR_S - offset
}
