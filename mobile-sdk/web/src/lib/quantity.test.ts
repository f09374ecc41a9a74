import { expect, test } from 'vitest';
import { digitsOf, isAlarming, isDiagnostic, rankOf, silenceMs, wordOf } from './quantity';

test('a quantity that the page has never heard of still has a place and a form', () => {
  expect(rankOf('NOVELTY')).toBeGreaterThan(rankOf('TEMPERATURE'));
  expect(rankOf('NOVELTY')).toBeLessThan(rankOf('BATTERY'));
  expect(digitsOf('NOVELTY', 6)).toBe(2);
  expect(isDiagnostic('NOVELTY')).toBe(false);
});

test('alarms are the states that want somebody to act, and only those', () => {
  expect(isAlarming('SMOKE', 1)).toBe(true);
  expect(isAlarming('SMOKE', 0)).toBe(false);
  expect(isAlarming('SAFETY', 0)).toBe(true);
  expect(isAlarming('DOOR', 1)).toBe(false);
});

test('a thermometer is silent after ten minutes, a door after a day', () => {
  expect(silenceMs('TEMPERATURE', 'MEASUREMENT')).toBe(600_000);
  for (const [quantity, kind] of [['DOOR', 'BINARY'], ['ENERGY', 'TOTAL'], ['BATTERY', 'MEASUREMENT']] as const) {
    expect(silenceMs(quantity, kind)).toBe(90_000_000);
  }
});

test('1 is unlocked, as BTHome has it', () => {
  expect(wordOf('LOCK', 1)).toBe('unlocked');
});
