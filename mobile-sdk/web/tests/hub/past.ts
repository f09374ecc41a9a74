// A past for the house: the same waves and the same chance at each call, with a silence in it.

import type { Sensor } from './house';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A number in −1..1 that depends on `n` alone. */
const chance = (n: number): number => {
  const x = Math.sin(n * 12.9898) * 43_758.5453;
  return (x - Math.floor(x)) * 2 - 1;
};

const SWING: Readonly<Record<string, [day: number, year: number, noise: number]>> = {
  TEMPERATURE: [1.6, 4, 0.25],
  HUMIDITY: [6, 9, 1.2],
  CO2: [240, 60, 40],
  PRESSURE: [2, 9, 1],
};

function valueAt(sensor: Sensor, t: number): number {
  const [day, year, noise] = SWING[sensor.quantity] ?? [1, 1, 0.2];
  // Each sensor has its own shift, and its past ends at its present.
  const shift = (sensor.id.length % 5) / 20;
  const smooth = (at: number): number => {
    const days = at / DAY + shift;
    const wave = Math.sin((days - 0.35) * 2 * Math.PI) + 0.35 * Math.sin((days - 0.1) * 4 * Math.PI);
    return day * wave * (1 + 0.3 * Math.sin(days / 3)) + year * Math.sin((at / (365 * DAY)) * 2 * Math.PI);
  };
  return sensor.value + smooth(t) - smooth(Date.now()) + noise * chance(Math.floor(t / MINUTE));
}

const WIDTHS = [5 * MINUTE, 30 * MINUTE, HOUR, 3 * HOUR, 6 * HOUR, DAY];

/** The silence ends a quarter of the window before its end and lasts a twelfth of it. */
const silence = (from: number, to: number): [number, number] => [to - (to - from) / 3, to - (to - from) / 4];

export function past(sensor: Sensor, from: number, to: number, maxPoints: number): object {
  if (sensor.kind === 'BINARY') return events(sensor, from, to);
  const width = WIDTHS.find((candidate) => (to - from) / candidate <= maxPoints) ?? 2 * DAY;
  const [quietFrom, quietTo] = silence(from, to);
  const out = { t: [] as string[], min: [] as number[], mean: [] as number[], max: [] as number[], count: [] as number[] };
  for (let t = Math.ceil(from / width) * width; t < to; t += width) {
    if (t >= quietFrom && t < quietTo) continue;
    const samples = Array.from({ length: 8 }, (_, i) => valueAt(sensor, t + (i * width) / 8));
    out.t.push(String(t));
    out.min.push(Math.min(...samples));
    out.mean.push(samples.reduce((sum, value) => sum + value, 0) / samples.length);
    out.max.push(Math.max(...samples));
    out.count.push(8);
  }
  return {
    sensor,
    resolution: width < HOUR ? 'M5' : width < DAY ? 'H1' : 'D1',
    widthMs: String(width),
    unit: sensor.unit,
    ...out,
    estimated: [{ from: new Date(from).toISOString(), to: new Date(quietFrom).toISOString() }],
    gaps: [{ from: new Date(quietFrom).toISOString(), to: new Date(quietTo).toISOString() }],
    nextFrom: null,
  };
}

function events(sensor: Sensor, from: number, to: number): object {
  const t = [0.1, 0.11, 0.4, 0.43, 0.7, 0.72].map((part) => Math.round(from + part * (to - from)));
  const values = t.map((_, i) => (i + 1) % 2);
  return {
    sensor,
    resolution: 'RAW',
    widthMs: '0',
    unit: '',
    t: t.map(String),
    min: values,
    mean: values,
    max: values,
    count: values.map(() => 1),
    gaps: [],
    estimated: [],
    nextFrom: null,
  };
}
