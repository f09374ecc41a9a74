import { expect, test } from 'vitest';
import { afterKey, nearest } from './inspect';
import type { Columns } from './series';

const columns: Columns = {
  x: [10, 20, 25, 30, 40],
  point: [0, 1, -1, 2, 3],
  min: [],
  mean: [],
  max: [],
  lone: [],
};

test('a hole is never inspected', () => {
  expect(nearest(columns, 24)).toBe(1);
  expect(nearest(columns, 26)).toBe(3);
  expect(afterKey('ArrowRight', 1, columns)).toBe(3);
  expect(afterKey('ArrowLeft', 3, columns)).toBe(1);
});

test('keys begin at the present and stop at the ends', () => {
  expect(afterKey('ArrowLeft', -1, columns)).toBe(4);
  expect(afterKey('ArrowRight', 4, columns)).toBe(4);
  expect(afterKey('PageDown', 4, columns)).toBe(0);
  expect(afterKey('Home', 4, columns)).toBe(0);
  expect(afterKey('End', 0, columns)).toBe(4);
});

test('other keys are left to the browser, and an empty chart takes none', () => {
  expect(afterKey('Tab', 1, columns)).toBeNull();
  expect(afterKey('Home', -1, { ...columns, x: [], point: [] })).toBeNull();
  expect(nearest({ ...columns, x: [], point: [] }, 1)).toBe(-1);
});
