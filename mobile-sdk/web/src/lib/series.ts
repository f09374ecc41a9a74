// History as a chart needs it: columns with holes where nothing was measured, moving on with live readings.

import type { SeriesAnswer, SpanAnswer } from './answers';

/** A stretch of time. */
export interface Span {
  from: number;
  to: number;
}

/** A series of points, each `widthMs` wide (0: single readings), in milliseconds since 1970. */
export interface Series {
  widthMs: number;
  t: number[];
  min: number[];
  mean: number[];
  max: number[];
  count: number[];
  /** Where nothing was measured. */
  gaps: Span[];
  /** Where times are estimated. */
  estimated: Span[];
}

const spans = (answer: SpanAnswer[]): Span[] =>
  answer.map(({ from, to }) => ({ from: Date.parse(from), to: Date.parse(to) }));

export function seriesFrom(answer: SeriesAnswer): Series {
  return {
    widthMs: Number(answer.widthMs),
    t: answer.t.map(Number),
    min: [...answer.min],
    mean: [...answer.mean],
    max: [...answer.max],
    count: [...answer.count],
    gaps: spans(answer.gaps),
    estimated: spans(answer.estimated),
  };
}

/** What uPlot draws: x in seconds; `null` breaks the line. */
export interface Columns {
  x: number[];
  min: (number | null)[];
  mean: (number | null)[];
  max: (number | null)[];
  /** For each x the index of its point in the series, −1 in a hole. */
  point: number[];
  /** Those x that stand alone between two holes: a line would not show them. */
  lone: number[];
}

/** Lays the points out: each in the middle of its width, none after `now`, a hole in every gap. */
export function columns(series: Series, now: number): Columns {
  const { t, widthMs } = series;
  const gaps = [...series.gaps].sort((a, b) => a.to - b.to);
  const out: Columns = { x: [], min: [], mean: [], max: [], point: [], lone: [] };
  let gap = 0;
  t.forEach((start, i) => {
    const at = Math.max(start, Math.min(start + widthMs / 2, now));
    const before = t[i - 1];
    if (before !== undefined) {
      // A gap breaks the line where points are missing: between the end of one and the start of the next.
      const end = before + widthMs;
      while (gap < gaps.length && (gaps[gap]?.to ?? 0) <= end) gap += 1;
      const found = gaps[gap];
      if (found && found.from < start && end < start) hole(out, ((out.x.at(-1) ?? 0) + at / 1000) / 2);
    }
    out.x.push(at / 1000);
    out.min.push(series.min[i] ?? null);
    out.mean.push(series.mean[i] ?? null);
    out.max.push(series.max[i] ?? null);
    out.point.push(i);
  });
  out.point.forEach((point, i) => {
    const left = out.point[i - 1] ?? -1;
    const right = out.point[i + 1] ?? -1;
    if (point >= 0 && left < 0 && right < 0) out.lone.push(i);
  });
  return out;
}

function hole(out: Columns, x: number): void {
  out.x.push(x);
  out.min.push(null);
  out.mean.push(null);
  out.max.push(null);
  out.point.push(-1);
}

/** A series with one more reading, in its last point or in a new one. A reading before the last point is left out. */
export function withReading(series: Series, at: number, value: number): Series {
  const { widthMs, t } = series;
  const last = t.length - 1;
  const lastT = t[last];
  if (lastT !== undefined && at < lastT) return series;
  if (lastT !== undefined && widthMs > 0 && at < lastT + widthMs) {
    const count = series.count[last] ?? 0;
    const mean = series.mean[last] ?? value;
    return {
      ...series,
      min: replaced(series.min, last, Math.min(series.min[last] ?? value, value)),
      mean: replaced(series.mean, last, mean + (value - mean) / (count + 1)),
      max: replaced(series.max, last, Math.max(series.max[last] ?? value, value)),
      count: replaced(series.count, last, count + 1),
    };
  }
  const start = widthMs === 0 ? at : lastT === undefined ? at - (at % widthMs) : at - ((at - lastT) % widthMs);
  const isGap = lastT !== undefined && start - lastT > longestStep(series);
  return {
    widthMs,
    t: [...t, start],
    min: [...series.min, value],
    mean: [...series.mean, value],
    max: [...series.max, value],
    count: [...series.count, 1],
    gaps: isGap ? [...series.gaps, { from: lastT + widthMs, to: start }] : series.gaps,
    estimated: series.estimated,
  };
}

/** The points of which some part is at or after `from`. */
export function since(series: Series, from: number): Series {
  const first = series.t.findIndex((start) => start + series.widthMs >= from);
  if (first === 0) return series;
  const cut = first < 0 ? series.t.length : first;
  return {
    widthMs: series.widthMs,
    t: series.t.slice(cut),
    min: series.min.slice(cut),
    mean: series.mean.slice(cut),
    max: series.max.slice(cut),
    count: series.count.slice(cut),
    gaps: series.gaps.filter((gap) => gap.to > from),
    estimated: series.estimated.filter((span) => span.to > from),
  };
}

/** How far apart two points of this series may be before the page takes it for a gap: 3 usual steps, at least 10 min. */
function longestStep(series: Series): number {
  const recent = series.t.slice(-20);
  const steps = recent.slice(1).map((t, i) => t - (recent[i] ?? t));
  steps.sort((a, b) => a - b);
  const usual = steps[Math.floor(steps.length / 2)] ?? series.widthMs;
  return Math.max(3 * usual, 2 * series.widthMs, 600_000);
}

const replaced = (values: number[], index: number, value: number): number[] => {
  const copy = values.slice();
  copy[index] = value;
  return copy;
};
