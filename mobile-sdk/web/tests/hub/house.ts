// A small house for the page tests, in the shapes of the API. All times are relative to when it is made.

import type { Paired } from './sensors';

export interface Sensor {
  __typename: 'Sensor';
  id: string;
  device: Device;
  quantity: string;
  instance: number;
  label: string;
  kind: 'MEASUREMENT' | 'TOTAL' | 'BINARY';
  unit: string;
  precision: number;
  plausibleMin: number;
  plausibleMax: number;
  calibrationOffset: number;
  value: number;
  at: number;
  current: () => object;
}

export interface Device {
  __typename: 'Device';
  id: string;
  address: string;
  name: string;
  isAdopted: boolean;
  room: Room | null;
  format: string | null;
  isEncrypted: boolean;
  protection: 'FULL' | 'REDUCED' | 'NONE';
  sensors: Sensor[];
  facts: { name: string; value: string }[];
  lastSeen: () => string;
  rssi: number;
  battery: Sensor | null;
  retention: { rawDays: number | null; rollupDays: number | null; isDefault: boolean };
  adoptedAt: string | null;
  pairedSensor: Paired | null;
}

export interface Room {
  __typename: 'Room';
  id: string;
  name: string;
  devices: Device[];
  sensors: Sensor[];
}

type Shape = [quantity: string, label: string, kind: Sensor['kind'], unit: string, precision: number];

const SHAPES = {
  temperature: ['TEMPERATURE', 'Temperature', 'MEASUREMENT', '°C', 2],
  humidity: ['HUMIDITY', 'Humidity', 'MEASUREMENT', '%', 1],
  co2: ['CO2', 'Carbon dioxide', 'MEASUREMENT', 'ppm', 0],
  pm: ['PM2_5', 'Fine dust PM2.5', 'MEASUREMENT', 'µg/m³', 1],
  pressure: ['PRESSURE', 'Air pressure', 'MEASUREMENT', 'hPa', 1],
  battery: ['BATTERY', 'Battery', 'MEASUREMENT', '%', 0],
  door: ['DOOR', 'Door', 'BINARY', '', 0],
  motion: ['MOTION', 'Motion', 'BINARY', '', 0],
  leak: ['MOISTURE_DETECTED', 'Moisture detected', 'BINARY', '', 0],
} satisfies Record<string, Shape>;

export type Measured = { [name in keyof typeof SHAPES]?: number };

interface Wanted {
  id: string;
  name: string;
  room?: Room;
  ageMs: number;
  values: Measured;
  isAdopted?: boolean;
  isEncrypted?: boolean;
  needsKey?: boolean;
}

export const room = (id: string, name: string): Room => ({ __typename: 'Room', id, name, devices: [], sensors: [] });

export function device({ id, name, room: place, ageMs, values, isAdopted = true, isEncrypted = true, needsKey = false }: Wanted): Device {
  const heardAt = Date.now() - ageMs;
  const made: Device = {
    __typename: 'Device',
    id,
    address: `A4:C1:38:00:00:${id.length.toString(16).padStart(2, '0')}`.toUpperCase(),
    name,
    isAdopted,
    room: place ?? null,
    format: 'bthome-v2',
    isEncrypted,
    protection: isEncrypted ? 'FULL' : 'NONE',
    sensors: [],
    facts: [{ name: 'firmware', value: '1.4.2' }],
    lastSeen: () => new Date(Math.max(heardAt, ...made.sensors.map(({ at }) => at))).toISOString(),
    rssi: -61,
    battery: null,
    retention: { rawDays: 400, rollupDays: null, isDefault: true },
    adoptedAt: isAdopted ? '2025-10-02T09:30:00.000Z' : null,
    pairedSensor: null,
  };
  if (needsKey) return made;
  made.sensors = Object.entries(values).map(([key, value]) => sensor(made, key as keyof typeof SHAPES, value, heardAt));
  made.battery = made.sensors.find(({ quantity }) => quantity === 'BATTERY') ?? null;
  return made;
}

function sensor(owner: Device, key: keyof typeof SHAPES, value: number, at: number): Sensor {
  const [quantity, label, kind, unit, precision] = SHAPES[key];
  const made: Sensor = {
    __typename: 'Sensor',
    id: `${owner.id}:${key}`,
    device: owner,
    quantity,
    instance: 0,
    label,
    kind,
    unit,
    precision,
    plausibleMin: 0,
    plausibleMax: 40_000,
    calibrationOffset: 0,
    value,
    at,
    current: () => {
      const ageMs = Math.max(0, Date.now() - made.at);
      const isStale = ageMs > (kind === 'MEASUREMENT' && quantity !== 'BATTERY' ? 600_000 : 90_000_000);
      return { value: made.value, at: new Date(made.at).toISOString(), timeQuality: 'SYNCHRONISED', ageMs: String(ageMs), isStale };
    },
  };
  return made;
}

export interface House {
  rooms: Room[];
  devices: Device[];
}

const MINUTE = 60_000;

export function house(): House {
  const [living, bedroom, hall, cellar] = [
    room('room-1', 'Living room'),
    room('room-2', 'Bedroom'),
    room('room-3', 'Hall'),
    room('room-4', 'Cellar'),
  ];
  const devices = [
    device({
      id: 'shelf',
      name: 'Bookshelf',
      room: living,
      ageMs: 12_000,
      values: { temperature: 21.43, humidity: 48.2, co2: 812, pressure: 1013.4, battery: 82 },
    }),
    device({
      id: 'balcony',
      name: 'Balcony',
      room: living,
      ageMs: 41_000,
      values: { temperature: -3.27, humidity: 86.4, pm: 7.4, battery: 64 },
    }),
    device({ id: 'bed', name: 'Bedside', room: bedroom, ageMs: 5000, values: { temperature: 18.06, humidity: 54.9, battery: 18 } }),
    device({ id: 'front', name: 'Front door', room: hall, ageMs: 30_000, values: { door: 0, temperature: 16.8, battery: 91 } }),
    device({ id: 'stairs', name: 'Stairs', room: hall, ageMs: 4 * MINUTE, values: { motion: 1, temperature: 17.2, battery: 77 } }),
    device({
      id: 'boiler',
      name: 'Boiler room',
      room: cellar,
      ageMs: 190 * MINUTE,
      values: { temperature: 23.9, humidity: 38.1, battery: 4 },
      isEncrypted: false,
    }),
    device({
      id: 'new-plain',
      name: 'BTHome 3F:20',
      ageMs: 3000,
      values: { temperature: 20.1, humidity: 51.2, battery: 100 },
      isAdopted: false,
      isEncrypted: false,
    }),
    device({ id: 'new-locked', name: 'BTHome 7A:04', ageMs: 8000, values: { temperature: 7.3 }, isAdopted: false, needsKey: true }),
  ];
  return { rooms: [living, bedroom, hall, cellar], devices };
}
