import { expect, test } from 'vitest';
import type { SettingsAnswer } from './answers';
import { exactly, nextWindow, SETTINGS, untold } from './settings';

const settings: SettingsAnswer = { samplingS: 60, heartbeatS: 300, advertIntervalMs: 5000, txPowerDbm: -4, windowEveryS: 600 };
const plain = (text: string): string => text.replaceAll('\u00a0', ' ');

test.each([
  [250, '250 ms'],
  [1500, '1500 ms'],
  [5000, '5 s'],
  [90_000, '90 s'],
  [300_000, '5 min'],
  [43_200_000, '12 h'],
  [0, '0 ms'],
])('%i ms are told as %s', (ms, words) => expect(plain(exactly(ms))).toBe(words));

test('each setting is told in words', () => {
  expect(SETTINGS.map(({ name, say }) => plain(say(settings[name])))).toEqual(['1 min', '5 min', '5 s', '−4 dBm', '10 min']);
  expect(SETTINGS.find(({ name }) => name === 'windowEveryS')?.say(0)).toContain('only at start');
});

test('a setting is untold while the sensor says another; what it says is not guessed', () => {
  expect(untold(settings, settings)).toEqual([]);
  expect(untold(settings, null)).toEqual([]);
  expect(untold({ ...settings, samplingS: 120, txPowerDbm: 0 }, settings).map(({ name }) => name)).toEqual(['samplingS', 'txPowerDbm']);
});

test('when it can be reached is by its windows, or by its button', () => {
  expect(plain(nextWindow(settings))).toBe('in its next window, within 10 min');
  expect(nextWindow({ ...settings, windowEveryS: 0 })).toContain('button');
});
