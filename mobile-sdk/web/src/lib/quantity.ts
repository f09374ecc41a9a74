// What the page knows about quantities beyond what the hub says: which matter most on a card, how many decimals
// a person wants to see, and in which words a binary sensor speaks. A quantity that is not listed still works.

/** A colour role of the page, not a colour: `tokens.css` decides. */
export type Hue = 'warm' | 'water' | 'leaf' | 'sun' | 'violet' | 'slate';

interface Manner {
  /** Place on a card; lower is more important. */
  rank: number;
  /** Decimals on a card and in a chart; the hub's `precision` bounds it. */
  digits?: number;
  hue?: Hue;
  /** Words for 0 and 1. */
  words?: readonly [string, string];
  /** The value, 0 or 1, that wants the owner's attention. */
  alarm?: 0 | 1;
  /** About the device, not the home: on the device's page only. */
  isDiagnostic?: true;
}

const MANNERS: Readonly<Record<string, Manner>> = {
  SMOKE: { rank: 0, words: ['clear', 'smoke'], alarm: 1 },
  CARBON_MONOXIDE: { rank: 0, words: ['clear', 'detected'], alarm: 1 },
  GAS_DETECTED: { rank: 0, words: ['clear', 'gas'], alarm: 1 },
  MOISTURE_DETECTED: { rank: 0, words: ['dry', 'wet'], alarm: 1, hue: 'water' },
  TAMPER: { rank: 1, words: ['untouched', 'tampered with'], alarm: 1 },
  PROBLEM: { rank: 1, words: ['fine', 'problem'], alarm: 1 },
  SAFETY: { rank: 1, words: ['unsafe', 'safe'], alarm: 0 },
  DOOR: { rank: 2, words: ['closed', 'open'] },
  GARAGE_DOOR: { rank: 2, words: ['closed', 'open'] },
  WINDOW: { rank: 2, words: ['closed', 'open'] },
  OPENING: { rank: 2, words: ['closed', 'open'] },
  LOCK: { rank: 2, words: ['locked', 'unlocked'] },
  MOTION: { rank: 3, words: ['clear', 'motion'] },
  OCCUPANCY: { rank: 3, words: ['free', 'occupied'] },
  PRESENCE: { rank: 3, words: ['away', 'home'] },
  TEMPERATURE: { rank: 10, digits: 1, hue: 'warm' },
  HUMIDITY: { rank: 11, digits: 0, hue: 'water' },
  CO2: { rank: 12, digits: 0, hue: 'leaf' },
  PM2_5: { rank: 13, digits: 1, hue: 'slate' },
  PM10: { rank: 14, digits: 1, hue: 'slate' },
  TVOC: { rank: 15, digits: 0, hue: 'violet' },
  VOC_INDEX: { rank: 15, digits: 0, hue: 'violet' },
  NOX_INDEX: { rank: 16, digits: 0, hue: 'violet' },
  MOISTURE: { rank: 17, digits: 0, hue: 'water' },
  PRESSURE: { rank: 18, digits: 0, hue: 'slate' },
  ILLUMINANCE: { rank: 19, digits: 0, hue: 'sun' },
  POWER: { rank: 20, digits: 1, hue: 'sun' },
  ENERGY: { rank: 21, digits: 2, hue: 'sun' },
  PRECIPITATION: { rank: 22, digits: 1, hue: 'water' },
  SPEED: { rank: 23, digits: 1, hue: 'slate' },
  LIGHT: { rank: 30, words: ['dark', 'light'], hue: 'sun' },
  POWER_ON: { rank: 30, words: ['off', 'on'], hue: 'sun' },
  RUNNING: { rank: 30, words: ['stopped', 'running'] },
  PLUG: { rank: 30, words: ['unplugged', 'plugged in'] },
  CONNECTIVITY: { rank: 30, words: ['disconnected', 'connected'] },
  SOUND: { rank: 30, words: ['quiet', 'sound'] },
  VIBRATION: { rank: 30, words: ['still', 'vibration'] },
  MOVING: { rank: 30, words: ['still', 'moving'] },
  COLD: { rank: 30, words: ['normal', 'cold'], hue: 'water' },
  HEAT: { rank: 30, words: ['normal', 'hot'], hue: 'warm' },
  GENERIC_BOOLEAN: { rank: 30, words: ['off', 'on'] },
  BATTERY: { rank: 80, digits: 0, hue: 'leaf', isDiagnostic: true },
  BATTERY_LOW: { rank: 81, words: ['normal', 'low'], alarm: 1, isDiagnostic: true },
  BATTERY_CHARGING: { rank: 82, words: ['not charging', 'charging'], isDiagnostic: true },
  VOLTAGE: { rank: 83, digits: 2, hue: 'slate', isDiagnostic: true },
  MOVEMENT_COUNTER: { rank: 84, digits: 0, isDiagnostic: true },
  RSSI: { rank: 90, digits: 0, hue: 'slate', isDiagnostic: true },
  TX_POWER: { rank: 91, digits: 0, hue: 'slate', isDiagnostic: true },
  SETTINGS_REVISION: { rank: 92, digits: 0, isDiagnostic: true },
  ACCELERATION_X: { rank: 93, digits: 2, isDiagnostic: true },
  ACCELERATION_Y: { rank: 94, digits: 2, isDiagnostic: true },
  ACCELERATION_Z: { rank: 95, digits: 2, isDiagnostic: true },
};

const UNLISTED: Manner = { rank: 50 };

const manner = (quantity: string): Manner => MANNERS[quantity] ?? UNLISTED;

export const rankOf = (quantity: string): number => manner(quantity).rank;

export const hueOf = (quantity: string): Hue => manner(quantity).hue ?? 'slate';

export const isDiagnostic = (quantity: string): boolean => manner(quantity).isDiagnostic ?? false;

/** Decimals to show: what a person wants of this quantity, never more than the sensor resolves. */
export const digitsOf = (quantity: string, precision: number): number =>
  Math.max(0, Math.min(manner(quantity).digits ?? 2, precision));

const LEVEL_SILENCE_MS = 600_000;
const RARE_SILENCE_MS = 90_000_000;

/**
 * After how long without news a value is old: the hub's own rule (`isStale`), which the page goes on with
 * between snapshots. Levels come every few minutes; states, meters and batteries may come once a day.
 */
export function silenceMs(quantity: string, kind: string): number {
  const isRare = kind !== 'MEASUREMENT' || quantity === 'BATTERY' || quantity === 'VOLTAGE';
  return isRare ? RARE_SILENCE_MS : LEVEL_SILENCE_MS;
}

/** The word for the state of a binary sensor. */
export function wordOf(quantity: string, value: number): string {
  const [no, yes] = manner(quantity).words ?? ['off', 'on'];
  return value >= 0.5 ? yes : no;
}

/** Does this state of a binary sensor want the owner's attention? */
export function isAlarming(quantity: string, value: number): boolean {
  const { alarm } = manner(quantity);
  return alarm !== undefined && alarm === (value >= 0.5 ? 1 : 0);
}
