import { expect, test } from 'vitest';
import type { DeviceAnswer, HomeAnswer, ReadingsEventAnswer } from './answers';
import { byRoom, headline, homeFrom, newsOf, renew, takeReadings, type Home } from './home';

const NOW = '2026-11-21T12:00:00.000Z';
const at = (seconds: number): string => new Date(Date.parse(NOW) + seconds * 1000).toISOString();

const sensor = (id: string, quantity: string, ageMs = '1000'): DeviceAnswer['sensors'][number] => ({
  id,
  quantity,
  instance: 0,
  label: quantity,
  kind: 'MEASUREMENT',
  unit: '',
  precision: 2,
  calibrationOffset: 0,
  // A stamp from 1970, as before the clock was set: the age is what counts.
  current: { value: 1, at: '1970-01-01T00:01:00.000Z', ageMs, isStale: false, timeQuality: 'ESTIMATED' },
});

const device = (id: string, roomId: string | null): DeviceAnswer => ({
  id,
  address: 'A4:C1:38:00:11:22',
  name: id,
  isAdopted: true,
  format: 'bthome-v2',
  isEncrypted: true,
  protection: 'FULL',
  lastSeen: at(-1),
  rssi: -60,
  room: roomId === null ? null : { id: roomId, name: roomId },
  battery: null,
  sensors: [sensor(`${id}-b`, 'BATTERY'), sensor(`${id}-h`, 'HUMIDITY'), sensor(`${id}-t`, 'TEMPERATURE')],
});

function home(...devices: DeviceAnswer[]): Home {
  const answer: HomeAnswer = {
    home: {
      name: 'Home',
      version: '0.1.0',
      cursor: 'e.1',
      now: NOW,
      clockQuality: 'SYNCHRONISED',
      rooms: [
        { id: 'kitchen', name: 'Kitchen' },
        { id: 'hall', name: 'Hall' },
      ],
      devices,
    },
    health: { alerts: [] },
  };
  return homeFrom(answer);
}

const readings = (deviceId: string, sensorId: string, value: number, seconds: number): ReadingsEventAnswer => ({
  __typename: 'ReadingsEvent',
  kind: 'READINGS_TAKEN',
  at: at(seconds),
  timeQuality: 'SYNCHRONISED',
  deviceId,
  rssi: -70,
  readings: [{ sensorId, quantity: 'TEMPERATURE', instance: 0, value }],
});

test('the age counts, not the stamp', () => {
  expect(home(device('a', null)).devices[0]?.sensors[0]?.current?.at).toBe(Date.parse(at(-1)));
});

test('a card shows what is about the home, most important first', () => {
  const [a] = home(device('a', null)).devices;
  expect(a && headline(a).map(({ quantity }) => quantity)).toEqual(['TEMPERATURE', 'HUMIDITY']);
  const beacon = a && { ...a, sensors: a.sensors.filter(({ quantity }) => quantity === 'BATTERY') };
  expect(beacon && headline(beacon)).toHaveLength(1);
});

test('a device is heard from when any of its sensors is, and silent when its liveliest should have spoken', () => {
  const state = home(device('a', null));
  takeReadings(state, readings('a', 'a-h', 50, 5));
  const [a] = state.devices;
  expect(a && newsOf(a)).toEqual({ at: Date.parse(at(5)), limitMs: 600_000 });
  const mute = a && { ...a, sensors: [] };
  expect(mute && newsOf(mute).limitMs).toBe(600_000);
  const door = a && { ...a, sensors: a.sensors.map((each) => ({ ...each, kind: 'BINARY' as const })) };
  expect(door && newsOf(door).limitMs).toBe(90_000_000);
});

test('a reading becomes the current value; a late one does not', () => {
  const state = home(device('a', null));
  expect(takeReadings(state, readings('a', 'a-t', 22, 5))).toBe(true);
  expect(takeReadings(state, readings('a', 'a-t', 99, 3))).toBe(true);
  const [a] = state.devices;
  expect(a?.sensors[0]?.current).toMatchObject({ value: 22, at: Date.parse(at(5)) });
  expect([a?.rssi, a?.lastSeen]).toEqual([-70, Date.parse(at(5))]);
});

test('a sensor or a device that the page has not seen asks for a new snapshot', () => {
  const state = home(device('a', null));
  expect(takeReadings(state, readings('a', 'a-new', 1, 5))).toBe(false);
  expect(takeReadings(state, readings('b', 'b-t', 1, 5))).toBe(false);
});

test('a snapshot that was read before the last reading does not undo it', () => {
  const state = home(device('a', null));
  takeReadings(state, readings('a', 'a-t', 22, 5));
  const renewed = renew(state, home(device('a', 'hall')));
  expect(renewed.devices[0]?.sensors[0]?.current?.value).toBe(22);
  expect(renewed.devices[0]?.sensors[1]?.current?.value).toBe(1);
  expect(renewed.devices[0]?.roomId).toBe('hall');
});

test('rooms come in their order, those without one last, empty ones not at all', () => {
  const groups = byRoom(home(device('a', null), device('b', 'hall')));
  expect(groups.map(({ room, devices }) => [room?.name, devices.map(({ id }) => id)])).toEqual([
    ['Hall', ['b']],
    [undefined, ['a']],
  ]);
});
