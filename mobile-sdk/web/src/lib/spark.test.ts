import { expect, test } from 'vitest';
import type { Columns } from './series';
import { sparkPath } from './spark';

const line = (...mean: (number | null)[]): Columns => ({
  x: mean.map((_, i) => i * 10),
  mean,
  min: mean,
  max: mean,
  point: [],
  lone: [],
});

test('a hole lifts the pen', () => {
  expect(sparkPath(line(0, 10, null, 10, 0), 0, 40, 1)).toBe('M0.0 30.0L25.0 2.0M75.0 2.0L100.0 30.0');
});

test('a flat line is in the middle, and its noise stays small', () => {
  expect(sparkPath(line(5, 5), 0, 10, 1)).toBe('M0.0 16.0L100.0 16.0');
  expect(sparkPath(line(5, 5.1), 0, 10, 1)).toBe('M0.0 17.4L100.0 14.6');
});

test('one value is no line', () => {
  expect(sparkPath(line(5, null), 0, 10, 1)).toBe('');
});
