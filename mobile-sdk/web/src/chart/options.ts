// How uPlot draws a series: a band from minimum to maximum and a line through the means.

import type uPlot from 'uplot';
import type { Columns } from '../lib/series';
import { digitsOf, wordOf } from '../lib/quantity';
import { number, type Measure } from '../lib/value';
import { decimalsOf, timeLabels, valueRange } from './ticks';

/** What the options read each time something is drawn. */
export interface Drawn {
  columns: Columns;
  measure: Measure;
  /** Points are single readings. */
  isRaw: boolean;
}

const MAX = 1;
const MIN = 2;

/** The columns in the order of the options' series, of which `MAX` and `MIN` bound the band. */
export const dataOf = ({ x, max, min, mean }: Columns): uPlot.AlignedData => [x, max, min, mean];

/** The colours are read when they are used, so that a change of theme needs only a redraw. */
export function optionsFor(root: HTMLElement, width: number, height: number, drawn: () => Drawn): uPlot.Options {
  const colour = (name: string): string => getComputedStyle(root).getPropertyValue(name).trim();
  const font = `12px ${getComputedStyle(root).fontFamily}`;
  const isBinary = drawn().measure.kind === 'BINARY';
  const edge: uPlot.Series = { stroke: 'transparent', width: 0, points: { show: false } };
  return {
    width,
    height,
    legend: { show: false },
    padding: [10, 20, 0, 0],
    cursor: {
      y: false,
      drag: { x: false, y: false },
      points: { size: 9, width: 2, fill: () => colour('--card') },
      // The chart moves the cursor itself, for mouse, finger and keyboard alike.
      bind: { mousemove: () => null, mouseenter: () => null, mouseleave: () => null, mousedown: () => null, dblclick: () => null },
    },
    scales: {
      x: { time: true, auto: false },
      y: {
        range: (_, low, high) => {
          if (isBinary) return [-0.08, 1.08];
          const { quantity, precision } = drawn().measure;
          return valueRange(low, high, 10 * 10 ** -digitsOf(quantity, precision));
        },
      },
    },
    series: [
      {},
      edge,
      edge,
      {
        stroke: () => colour('--hue'),
        width: 2,
        points: {
          show: true,
          size: 6,
          stroke: () => colour('--hue'),
          fill: () => colour('--hue'),
          // Only where a line would show nothing, and at the last point: that is now.
          filter: () => [...drawn().columns.lone, drawn().columns.x.length - 1],
        },
      },
    ],
    bands: isBinary ? [] : [{ series: [MAX, MIN], fill: () => `color-mix(in srgb, ${colour('--hue')} 22%, transparent)` }],
    axes: [
      {
        font,
        stroke: () => colour('--muted'),
        grid: { show: false },
        ticks: { show: true, stroke: () => colour('--line'), size: 5, width: 1 },
        size: 34,
        space: 64,
        values: (_, splits, _axis, _space, step) => timeLabels(splits, step),
      },
      {
        font,
        stroke: () => colour('--muted'),
        grid: { stroke: () => colour('--line'), width: 1 },
        ticks: { show: false },
        size: (_, values) => 14 + 7 * Math.max(2, ...(values ?? []).map((value) => value.length)),
        gap: 8,
        ...(isBinary ? { splits: () => [0, 1] } : {}),
        values: (_, splits, _axis, _space, step) => splits.map((split) => valueLabel(drawn(), split, step)),
      },
    ],
  };
}

function valueLabel({ measure, isRaw }: Drawn, value: number, step: number): string {
  if (measure.kind === 'BINARY') return isRaw ? wordOf(measure.quantity, value) : `${value * 100}\u00a0%`;
  return number(value, decimalsOf(step));
}
