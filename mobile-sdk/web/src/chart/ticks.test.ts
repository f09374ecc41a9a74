import { expect, test } from 'vitest';
import { decimalsOf, timeLabels, valueRange } from './ticks';

const at = (month: number, day: number, hour = 0): number => Date.UTC(2026, month, day, hour) / 1000;

test('within a day there are times, and midnight names the day', () => {
  expect(timeLabels([at(10, 20, 18), at(10, 21), at(10, 21, 6)], 21_600, 'en-GB', 'UTC')).toEqual(['18:00', 'Sat 21', '06:00']);
});

test('a month has days and a year has months', () => {
  expect(timeLabels([at(10, 1), at(10, 8)], 7 * 86_400, 'en-GB', 'UTC')).toEqual(['1 Nov', '8 Nov']);
  expect(timeLabels([at(0, 1), at(1, 1)], 28 * 86_400, 'en-GB', 'UTC')).toEqual(['Jan', 'Feb']);
});

test('labels have the decimals of their step, and no more', () => {
  expect([20, 1, 2.5, 0.5, 0.25, 0.1 + 0.2, 1e-9].map(decimalsOf)).toEqual([0, 0, 1, 1, 2, 1, 6]);
});

test('noise is not blown up to the height of the chart', () => {
  const [bottom, top] = valueRange(20, 20.02, 1);
  expect(bottom).toBeCloseTo(19.43);
  expect(top).toBeCloseTo(20.59);
});

test('what is never negative has no axis below zero; what may be has', () => {
  expect(valueRange(0, 10, 1)[0]).toBe(0);
  expect(valueRange(-5, 5, 1)[0]).toBeLessThan(-5);
  expect(valueRange(null, null, 2)).toEqual([0, 2]);
});
