// Labels of the chart's time axis, in the reader's language and zone.

const HOUR_S = 3600;
const DAY_S = 86_400;

/** One label for each moment (seconds since 1970), `step` seconds apart: times within a day, else days or months. */
export function timeLabels(splits: number[], step: number, locale?: string, zone?: string): string[] {
  const at = (options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat =>
    new Intl.DateTimeFormat(locale, zone === undefined ? options : { ...options, timeZone: zone });
  if (step >= 27 * DAY_S) {
    const month = at({ month: 'short' });
    return splits.map((split) => month.format(split * 1000));
  }
  const day = at(step >= DAY_S ? { day: 'numeric', month: 'short' } : { weekday: 'short', day: 'numeric' });
  if (step >= DAY_S) return splits.map((split) => day.format(split * 1000));
  const time = at({ hour: '2-digit', minute: '2-digit' });
  const hour = at({ hour: '2-digit', hourCycle: 'h23' });
  return splits.map((split) => {
    const isMidnight = split % HOUR_S === 0 && Number.parseInt(hour.format(split * 1000), 10) === 0;
    return (isMidnight ? day : time).format(split * 1000);
  });
}

/** The decimals that multiples of `step` need: 0 for 5, 1 for 2.5, 2 for 0.25. */
export function decimalsOf(step: number): number {
  for (let decimals = 0; decimals < 6; decimals += 1) {
    const scaled = step * 10 ** decimals;
    if (Math.abs(scaled - Math.round(scaled)) < 1e-6 * scaled) return decimals;
  }
  return 6;
}

/** The value axis from just below `low` to just above `high`, never narrower than `leastSpan`. */
export function valueRange(low: number | null, high: number | null, leastSpan: number): [number, number] {
  if (low === null || high === null) return [0, leastSpan];
  const middle = (low + high) / 2;
  const span = Math.max(high - low, leastSpan) * 1.16;
  const bottom = middle - span / 2;
  // A quantity that is never negative has no axis below zero.
  return low >= 0 && bottom < 0 ? [0, Math.max(span, high * 1.08)] : [bottom, middle + span / 2];
}
