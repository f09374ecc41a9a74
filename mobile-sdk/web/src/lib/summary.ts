// What a chart says, for those who do not see it and those who want the figure.

import type { Series } from './series';
import { pointTime, span } from './time';
import { say, share, type Measure } from './value';

export interface Extreme {
  value: number;
  /** Start of the point in which it happened. */
  t: number;
}

export interface Summary {
  min: Extreme;
  mean: number;
  max: Extreme;
  readings: number;
  gapMs: number;
}

/** The extremes and the mean of all readings (points count by their readings); `null` without any. */
export function summarise(series: Series): Summary | null {
  let min: Extreme | null = null;
  let max: Extreme | null = null;
  let sum = 0;
  let readings = 0;
  series.t.forEach((t, i) => {
    const [low, mean, high, count] = [series.min[i], series.mean[i], series.max[i], series.count[i]];
    if (low === undefined || mean === undefined || high === undefined || count === undefined) return;
    if (min === null || low < min.value) min = { value: low, t };
    if (max === null || high > max.value) max = { value: high, t };
    sum += mean * count;
    readings += count;
  });
  if (min === null || max === null || readings === 0) return null;
  const gapMs = series.gaps.reduce((total, gap) => total + Math.max(0, gap.to - gap.from), 0);
  return { min, mean: sum / readings, max, readings, gapMs };
}

/** The summary as sentences. */
export function sentence(
  measure: Measure & { label: string },
  rangeTitle: string,
  series: Series,
  now: number | null,
  locale?: string,
  zone?: string,
): string {
  const found = summarise(series);
  if (!found) return `${measure.label}: nothing was measured in ${rangeTitle}.`;
  const parts = [`${measure.label} in ${rangeTitle}:`];
  const present = now === null ? '' : `now ${say(measure, now, locale)}, `;
  if (measure.kind === 'BINARY') {
    parts.push(`${present}${say(measure, 1, locale)} in ${share(found.mean, locale)} of the readings.`);
  } else {
    const when = ({ t }: Extreme): string => pointTime(t, series.widthMs, locale, zone);
    parts.push(
      `${present}lowest ${say(measure, found.min.value, locale)} (${when(found.min)}),`,
      `mean ${say(measure, found.mean, locale)},`,
      `highest ${say(measure, found.max.value, locale)} (${when(found.max)}).`,
    );
  }
  if (found.gapMs > 0) {
    const count = series.gaps.length;
    parts.push(`${count === 1 ? 'One gap' : `${count} gaps`} without readings, ${span(found.gapMs)} in all.`);
  }
  if (series.estimated.length > 0) parts.push(estimatedTimes(series, locale, zone));
  return parts.join(' ');
}

/** Where times are estimated, and why. */
export function estimatedTimes(series: Series, locale?: string, zone?: string): string {
  const when = (ms: number): string => pointTime(ms, 0, locale, zone);
  const spans = series.estimated.map(({ from, to }) => `from ${when(from)} to ${when(to)}`);
  return `Times ${spans.join(' and ')} are estimated: the sensor had started anew before the hub could ask it.`;
}
