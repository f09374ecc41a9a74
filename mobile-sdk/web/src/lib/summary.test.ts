import { expect, test } from 'vitest';
import type { Series } from './series';
import { sentence, summarise } from './summary';

const HOUR = 3_600_000;
const start = Date.UTC(2026, 10, 21, 10);

const series: Series = {
  widthMs: HOUR,
  t: [start, start + HOUR],
  min: [18, 19.5],
  mean: [20, 22],
  max: [21, 24],
  count: [30, 10],
  gaps: [{ from: start + 2 * HOUR, to: start + 5 * HOUR }],
  estimated: [],
};
const temperature = { label: 'Temperature', quantity: 'TEMPERATURE', kind: 'MEASUREMENT', unit: '°C', precision: 2 } as const;

test('the mean is of readings, not of points', () => {
  expect(summarise(series)?.mean).toBe(20.5);
});

test('the sentence says what the picture shows', () => {
  expect(sentence(temperature, 'the last 24 hours', series, 20.1, 'en-GB', 'UTC').replaceAll('\u00a0', ' ')).toBe(
    'Temperature in the last 24 hours: now 20.1 °C, lowest 18.0 °C (Sat 21 Nov, 10:00–11:00), mean 20.5 °C, ' +
      'highest 24.0 °C (Sat 21 Nov, 11:00–12:00). One gap without readings, 3 h in all.',
  );
});

test('where times are estimated is said', () => {
  const estimated = [{ from: start, to: start + HOUR }, { from: start + 6 * HOUR, to: start + 7 * HOUR }];
  const text = sentence(temperature, 'the last 24 hours', { ...series, estimated }, null, 'en-GB', 'UTC');
  expect(text).toContain(
    'in all. Times from Sat 21 Nov, 10:00 to Sat 21 Nov, 11:00 and from Sat 21 Nov, 16:00 to Sat 21 Nov, 17:00 are estimated: ',
  );
});

test('a door has a share, not a mean', () => {
  const door = { label: 'Door', quantity: 'DOOR', kind: 'BINARY', unit: '', precision: 0 } as const;
  const text = sentence(door, 'the last 7 days', { ...series, mean: [0, 0.4], gaps: [] }, 0, 'en-GB', 'UTC');
  expect(text.replaceAll('\u00a0', ' ')).toBe('Door in the last 7 days: now closed, open in 10 % of the readings.');
});

test('nothing measured is said, not drawn as zero', () => {
  const empty = { widthMs: 0, t: [], min: [], mean: [], max: [], count: [], gaps: [], estimated: [] };
  expect(summarise(empty)).toBeNull();
  expect(sentence(temperature, 'the last year', empty, null)).toBe('Temperature: nothing was measured in the last year.');
});
