import { expect, test } from 'vitest';
import { bytes, number, print, say, share, type Measure } from './value';

const temperature: Measure = { quantity: 'TEMPERATURE', kind: 'MEASUREMENT', unit: '°C', precision: 3 };
const door: Measure = { quantity: 'DOOR', kind: 'BINARY', unit: '', precision: 0 };

test('a temperature has one decimal, however fine the sensor is', () => {
  expect(print(temperature, 21.449, 'en-GB')).toEqual({ text: '21.4', unit: '°C' });
});

test('a sensor that resolves less than the page would show decides', () => {
  expect(say({ ...temperature, precision: 0 }, 21.4, 'en-GB')).toBe('21\u00a0°C');
});

test('zero never has a minus, and a real minus is not a hyphen', () => {
  expect(number(-0.04, 1, 'en-GB')).toBe('0.0');
  expect(number(-0.06, 1, 'en-GB')).toBe('−0.1');
});

test('numbers follow the locale', () => {
  expect(number(1234.5, 1, 'de-DE')).toBe('1.234,5');
});

test('binary sensors speak in words', () => {
  expect(say(door, 1)).toBe('open');
  expect(say(door, 0)).toBe('closed');
  expect(say({ ...door, quantity: 'SOMETHING_NEW' }, 1)).toBe('on');
});

test('a rare event is not zero per cent', () => {
  expect(share(0.004, 'en-GB')).toBe('< 1\u00a0%');
  expect(share(0, 'en-GB')).toBe('0\u00a0%');
  expect(share(0.125, 'en-GB')).toBe('13\u00a0%');
});

test('sizes are in the unit that a person would choose', () => {
  expect([0, 999, 1000, 1_449_000, 123_400_000].map((size) => bytes(size, 'en-GB'))).toEqual([
    '0\u00a0B',
    '999\u00a0B',
    '1.0\u00a0kB',
    '1.4\u00a0MB',
    '123\u00a0MB',
  ]);
});
