import { expect, test } from 'vitest';
import { ago, pointTime, rangeOf, span, widthName } from './time';

const HOUR = 3_600_000;
const noon = Date.UTC(2026, 10, 21, 12, 0);

test('ages are rounded down and never negative', () => {
  expect([-5000, 0, 1999, 12_400, 59_999, 60_000, 5.9 * HOUR, 47.9 * HOUR, 48 * HOUR].map(ago)).toEqual([
    'now',
    'now',
    'now',
    '12\u00a0s ago',
    '59\u00a0s ago',
    '1\u00a0min ago',
    '5\u00a0h ago',
    '47\u00a0h ago',
    '2\u00a0days ago',
  ]);
  expect(span(100 * 24 * HOUR)).toBe('3\u00a0months');
  expect(span(800 * 24 * HOUR)).toBe('2\u00a0years');
});

test('a point is named as exactly as it is wide', () => {
  expect(pointTime(noon, 0, 'en-GB', 'UTC')).toBe('Sat 21 Nov, 12:00');
  expect(pointTime(noon, HOUR, 'en-GB', 'UTC')).toBe('Sat 21 Nov, 12:00–13:00');
  expect(pointTime(noon, 24 * HOUR, 'en-GB', 'UTC')).toBe('Sat, 21 Nov 2026');
  expect([0, 300_000, HOUR, 24 * HOUR, 72 * HOUR].map(widthName)).toEqual([
    'single readings',
    'figures of 5\u00a0min',
    'hourly figures',
    'daily figures',
    'figures of 3\u00a0days',
  ]);
});

test('an unknown range is a day', () => {
  expect(rangeOf('decade').id).toBe('day');
  expect(rangeOf('year').ms).toBe(365 * 24 * HOUR);
});
