// What one of the house's own sensors is told to do, in words. The ranges are those of the API's contract.

import type { SettingsAnswer } from './answers';
import { number } from './value';

export interface Setting {
  name: keyof SettingsAnswer;
  /** Before its value: `Measures every` 60 s. */
  label: string;
  /** What the number of the form counts. */
  unit: string;
  min: number;
  max: number;
  /** What 0 means where it is out of the range and allowed all the same. */
  zero?: string;
  say: (value: number) => string;
}

/** A duration without rounding, in the largest unit that it is a whole number of: `90 s`, `5 min`, `250 ms`. */
export function exactly(ms: number): string {
  const units = [[3_600_000, 'h'], [60_000, 'min'], [1000, 's']] as const;
  const [size, unit] = units.find(([size]) => ms > 0 && ms % size === 0) ?? [1, 'ms'];
  return `${ms / size}\u00a0${unit}`;
}

const seconds = (value: number): string => exactly(value * 1000);
const RARELY = 'only at start and on its button';

export const SETTINGS: readonly Setting[] = [
  { name: 'samplingS', label: 'Measures every', unit: 's', min: 1, max: 3600, say: seconds },
  { name: 'heartbeatS', label: 'Repeats what is unchanged after', unit: 's', min: 10, max: 3600, say: seconds },
  { name: 'advertIntervalMs', label: 'Sends every', unit: 'ms', min: 100, max: 10_240, say: exactly },
  { name: 'txPowerDbm', label: 'Sends with', unit: 'dBm', min: -40, max: 8, say: (value) => `${number(value, 0)}\u00a0dBm` },
  { name: 'windowEveryS', label: 'Can be told something every', unit: 's', min: 60, max: 43_200, zero: RARELY, say: (value) => (value === 0 ? RARELY : seconds(value)) },
];

/** Which settings it does not have yet; none when it is not known what it has. */
export function untold(desired: SettingsAnswer, reported: SettingsAnswer | null): Setting[] {
  return reported === null ? [] : SETTINGS.filter(({ name }) => desired[name] !== reported[name]);
}

/** When it can be reached, by what it does now. */
export function nextWindow({ windowEveryS }: SettingsAnswer): string {
  return windowEveryS === 0 ? 'when its button is pressed or its battery put in' : `in its next window, within ${seconds(windowEveryS)}`;
}
