// Ages, spans and moments in words.

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** How long ago: `now`, `12 s ago`, `3 min ago`, `5 h ago`, `2 days ago`. A moment in the future is `now`. */
export function ago(ageMs: number): string {
  if (ageMs < 2 * SECOND) return 'now';
  return `${span(ageMs)} ago`;
}

/** A duration in its largest unit, rounded down: an age never claims more than has passed. */
export function span(ms: number): string {
  if (ms < MINUTE) return `${Math.max(0, Math.floor(ms / SECOND))}\u00a0s`;
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)}\u00a0min`;
  if (ms < 2 * DAY) return `${Math.floor(ms / HOUR)}\u00a0h`;
  if (ms < 60 * DAY) return `${Math.floor(ms / DAY)}\u00a0days`;
  if (ms < 730 * DAY) return `${Math.floor(ms / (30 * DAY))}\u00a0months`;
  return `${Math.floor(ms / (365 * DAY))}\u00a0years`;
}
/** The ranges of the chart. */
export const RANGES = [
  { id: 'day', label: '24 h', title: 'the last 24 hours', ms: DAY },
  { id: 'week', label: '7 d', title: 'the last 7 days', ms: 7 * DAY },
  { id: 'month', label: '30 d', title: 'the last 30 days', ms: 30 * DAY },
  { id: 'year', label: '1 y', title: 'the last year', ms: 365 * DAY },
] as const;

export type Range = (typeof RANGES)[number];
export type RangeId = Range['id'];

/** The range of this id; a day for one that is not known. */
export const rangeOf = (id: string | undefined): Range => RANGES.find((range) => range.id === id) ?? RANGES[0];

const moments = new Map<string, Intl.DateTimeFormat>();

function moment(options: Intl.DateTimeFormatOptions, locale: string | undefined, zone: string | undefined): Intl.DateTimeFormat {
  const key = JSON.stringify([options, locale, zone]);
  let found = moments.get(key);
  if (!found) {
    found = new Intl.DateTimeFormat(locale, zone === undefined ? options : { ...options, timeZone: zone });
    moments.set(key, found);
  }
  return found;
}

/** A point of a chart in words, as exactly as its width means: a moment, an hour from–to, or a day. */
export function pointTime(startMs: number, widthMs: number, locale?: string, zone?: string): string {
  const time: Intl.DateTimeFormatOptions = { hour: '2-digit', minute: '2-digit' };
  const day: Intl.DateTimeFormatOptions = { weekday: 'short', day: 'numeric', month: 'short' };
  if (widthMs >= DAY) return moment({ ...day, year: 'numeric' }, locale, zone).format(startMs);
  const start = moment({ ...day, ...time }, locale, zone).format(startMs);
  if (widthMs === 0) return start;
  return `${start}–${moment(time, locale, zone).format(startMs + widthMs)}`;
}

/** A date and time for lists. */
export const stamp = (ms: number, locale?: string, zone?: string): string =>
  moment({ dateStyle: 'medium', timeStyle: 'short' }, locale, zone).format(ms);

/** How wide a point is, in words: `single readings`, `5-minute means`. */
export function widthName(widthMs: number): string {
  if (widthMs === 0) return 'single readings';
  if (widthMs >= DAY) return widthMs === DAY ? 'daily figures' : `figures of ${span(widthMs)}`;
  if (widthMs === HOUR) return 'hourly figures';
  return `figures of ${span(widthMs)}`;
}
