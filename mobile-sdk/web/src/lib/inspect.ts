// The reader's place in a chart: which point the cursor is on.

import type { Columns } from './series';

/** The x of the point that is nearest to `seconds`, as an index of the columns; −1 without points. */
export function nearest({ x, point }: Columns, seconds: number): number {
  let best = -1;
  let distance = Infinity;
  point.forEach((p, i) => {
    const away = Math.abs((x[i] ?? Infinity) - seconds);
    if (p >= 0 && away < distance) [best, distance] = [i, away];
  });
  return best;
}

/** How many points PageUp and PageDown go. */
const LEAP = 10;

/** Where a key leads from the point `index` (−1: none yet); `null`: the key means nothing here. */
export function afterKey(key: string, index: number, { point }: Columns): number | null {
  const steps: Record<string, number> = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -LEAP, PageUp: LEAP };
  const real = point.flatMap((p, i) => (p >= 0 ? [i] : []));
  const last = real.length - 1;
  if (last < 0) return null;
  if (key === 'Home') return real[0] ?? null;
  if (key === 'End') return real[last] ?? null;
  const step = steps[key];
  if (step === undefined) return null;
  // The first key begins at the present, where the eye is.
  if (index < 0) return real[last] ?? null;
  const here = real.indexOf(index);
  return real[Math.max(0, Math.min(last, here + step))] ?? null;
}
