// A small line as SVG path data, in a box of 100 × 32.

import type { Columns } from './series';

export const SPARK_WIDTH = 100;
export const SPARK_HEIGHT = 32;

const EDGE = 2;

/** `from` and `to` are in seconds; `leastSpan` keeps the noise of a flat line flat. */
export function sparkPath(line: Columns, from: number, to: number, leastSpan: number): string {
  const values = line.mean.filter((value) => value !== null);
  if (values.length < 2 || to <= from) return '';
  const low = Math.min(...values);
  const high = Math.max(...values);
  const span = Math.max(high - low, leastSpan);
  const bottom = (low + high) / 2 - span / 2;
  let path = '';
  let isDown = false;
  line.mean.forEach((value, i) => {
    if (value === null) {
      isDown = false;
      return;
    }
    const x = (((line.x[i] ?? from) - from) / (to - from)) * SPARK_WIDTH;
    const y = SPARK_HEIGHT - EDGE - ((value - bottom) / span) * (SPARK_HEIGHT - 2 * EDGE);
    path += `${isDown ? 'L' : 'M'}${x.toFixed(1)} ${y.toFixed(1)}`;
    isDown = true;
  });
  return path;
}
