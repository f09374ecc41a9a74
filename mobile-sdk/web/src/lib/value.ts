// Numbers as people read them. Every function takes the locale, so that a test gives the same text everywhere.

import { digitsOf, wordOf } from './quantity';

/** What is needed to print a value of a sensor. */
export interface Measure {
  quantity: string;
  kind: 'MEASUREMENT' | 'TOTAL' | 'BINARY';
  unit: string;
  precision: number;
}

/** A value in two parts, since a card sets them in two sizes. */
export interface Printed {
  text: string;
  /** Empty for words and for numbers without a unit. */
  unit: string;
}

const formats = new Map<string, Intl.NumberFormat>();

function format(digits: number, locale: string | undefined): Intl.NumberFormat {
  const key = `${digits} ${locale ?? ''}`;
  let found = formats.get(key);
  if (!found) {
    found = new Intl.NumberFormat(locale, { minimumFractionDigits: digits, maximumFractionDigits: digits });
    formats.set(key, found);
  }
  return found;
}

/** A number with that many decimals, with a real minus sign and never as `-0`. */
export function number(value: number, digits: number, locale?: string): string {
  const step = 10 ** -digits;
  const shown = Math.abs(value) < step / 2 ? 0 : value;
  return format(digits, locale).format(shown).replace('-', '−');
}

/** The value of a sensor in its unit, or the word of a binary one. */
export function print(measure: Measure, value: number, locale?: string): Printed {
  if (measure.kind === 'BINARY') return { text: wordOf(measure.quantity, value), unit: '' };
  return { text: number(value, digitsOf(measure.quantity, measure.precision), locale), unit: measure.unit };
}

/** The same in one piece: `21.4 °C`, `48 %`, `open`. */
export function say(measure: Measure, value: number, locale?: string): string {
  const { text, unit } = print(measure, value, locale);
  return unit ? `${text}\u00a0${unit}` : text;
}

/** A share as per cent, for binary sensors over time: a rare event does not become `0 %`. */
export function share(part: number, locale?: string): string {
  const percent = part * 100;
  if (percent > 0 && percent < 1) return '< 1\u00a0%';
  return `${number(percent, 0, locale)}\u00a0%`;
}

/** A size on the disk: `1.4 MB`. */
export function bytes(count: number, locale?: string): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let size = count;
  let step = 0;
  while (size >= 999.5 && step < units.length - 1) {
    size /= 1000;
    step += 1;
  }
  return `${number(size, step === 0 || size >= 99.95 ? 0 : 1, locale)}\u00a0${units[step] ?? 'B'}`;
}
