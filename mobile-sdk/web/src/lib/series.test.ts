import { expect, test } from 'vitest';
import { columns, seriesFrom, since, withReading, type Series } from './series';

const HOUR = 3_600_000;

const hourly = (...hours: number[]): Series => ({
  widthMs: HOUR,
  t: hours.map((hour) => hour * HOUR),
  min: hours.map(() => 19),
  mean: hours.map(() => 20),
  max: hours.map(() => 21),
  count: hours.map(() => 10),
  gaps: [],
  estimated: [],
});

const raw = (...t: number[]): Series => ({ ...hourly(...t.map((at) => at / HOUR)), widthMs: 0, t });

test('the decimal strings of the wire become numbers', () => {
  const series = seriesFrom({
    sensor: { id: 's' },
    resolution: 'H1',
    widthMs: '3600000',
    t: ['1763683200000'],
    min: [1],
    mean: [2],
    max: [3],
    count: [4],
    gaps: [{ from: '2025-11-21T00:00:00.000Z', to: '2025-11-21T02:00:00.000Z' }],
    estimated: [{ from: '2025-11-21T03:00:00.000Z', to: '2025-11-21T04:00:00.000Z' }],
  });
  expect(series.t).toEqual([Date.UTC(2025, 10, 21)]);
  expect(series.gaps).toEqual([{ from: Date.UTC(2025, 10, 21), to: Date.UTC(2025, 10, 21, 2) }]);
  expect(series.estimated).toEqual([{ from: Date.UTC(2025, 10, 21, 3), to: Date.UTC(2025, 10, 21, 4) }]);
});

test('a point stands in the middle of its hour, and the last one not in the future', () => {
  expect(columns(hourly(0, 1), 1.25 * HOUR).x).toEqual([1800, 4500]);
});

test('a gap breaks the line and is not drawn over', () => {
  const out = columns({ ...hourly(0, 1, 5, 6), gaps: [{ from: 2 * HOUR, to: 5 * HOUR }] }, 9 * HOUR);
  expect(out.mean).toEqual([20, 20, null, 20, 20]);
  expect(out.point).toEqual([0, 1, -1, 2, 3]);
  expect(out.x[2]).toBeGreaterThan(out.x[1] ?? Infinity);
  expect(out.x[2]).toBeLessThan(out.x[3] ?? -Infinity);
});

test('a gap breaks the line where points are missing, not where it began inside a point', () => {
  const gaps = [{ from: 1.3 * HOUR, to: 4.9 * HOUR }];
  expect(columns({ ...hourly(0, 1, 5), gaps }, 9 * HOUR).point).toEqual([0, 1, -1, 2]);
});

test('a gap within points that all have readings breaks nothing', () => {
  const gaps = [{ from: 1.1 * HOUR, to: 2.9 * HOUR }];
  expect(columns({ ...hourly(0, 1, 2), gaps }, 9 * HOUR).point).toEqual([0, 1, 2]);
});

test('points that are missing without a gap are drawn through: the sensor is slower than the points', () => {
  expect(columns(hourly(0, 2, 4), 9 * HOUR).point).toEqual([0, 1, 2]);
});

test('several gaps between two points are one hole; gaps at the ends make none', () => {
  const gaps = [
    { from: -9 * HOUR, to: 0 },
    { from: 3 * HOUR, to: 4 * HOUR },
    { from: 1 * HOUR, to: 2 * HOUR },
    { from: 6 * HOUR, to: 9 * HOUR },
  ];
  expect(columns({ ...hourly(0, 5), gaps }, 9 * HOUR).point).toEqual([0, -1, 1]);
});

test('a point between two holes is drawn as a dot, since it has no line', () => {
  const gaps = [
    { from: 1 * HOUR, to: 3 * HOUR },
    { from: 4 * HOUR, to: 6 * HOUR },
  ];
  const out = columns({ ...hourly(0, 3, 6, 7), gaps }, 9 * HOUR);
  expect(out.lone.map((i) => out.point[i])).toEqual([0, 1]);
});

test('x always ascends, whatever the gaps', () => {
  const out = columns({ ...raw(0, 1, 2, 3), gaps: [{ from: 0, to: 1 }, { from: 1, to: 2 }, { from: 0, to: 3 }] }, 9);
  for (let i = 1; i < out.x.length; i += 1) expect(out.x[i]).toBeGreaterThan(out.x[i - 1] ?? Infinity);
});

test('a reading goes into the point of its hour', () => {
  const next = withReading(hourly(0, 1), 1.5 * HOUR, 31);
  expect(next.t).toHaveLength(2);
  expect([next.min[1], next.mean[1], next.max[1], next.count[1]]).toEqual([19, 21, 31, 11]);
});

test('a reading after the hour begins the next point on the same grid', () => {
  const next = withReading(hourly(0, 1), 2.2 * HOUR, 25);
  expect(next.t.at(-1)).toBe(2 * HOUR);
  expect(next.gaps).toEqual([]);
  expect([next.min.at(-1), next.max.at(-1), next.count.at(-1)]).toEqual([25, 25, 1]);
});

test('a reading after a long silence leaves a gap', () => {
  expect(withReading(hourly(0, 1), 9.5 * HOUR, 25).gaps).toEqual([{ from: 2 * HOUR, to: 9 * HOUR }]);
  const minutely = raw(0, 60_000, 120_000);
  expect(withReading(minutely, 180_000, 1).gaps).toEqual([]);
  expect(withReading(minutely, 3_600_000, 1).gaps).toEqual([{ from: 120_000, to: 3_600_000 }]);
});

test('a first reading makes a series, and a late one changes nothing', () => {
  expect(withReading(hourly(), 1.5 * HOUR, 7).t).toEqual([HOUR]);
  const series = hourly(1, 2);
  expect(withReading(series, 0.5 * HOUR, 7)).toBe(series);
});

test('the window moves on: what left it is cut off', () => {
  expect(since(hourly(0, 1, 2), 1.5 * HOUR).t).toEqual([HOUR, 2 * HOUR]);
  expect(since(hourly(0, 1), 9 * HOUR).t).toEqual([]);
  const whole = hourly(1, 2);
  expect(since(whole, 0)).toBe(whole);
});
