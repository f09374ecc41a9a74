// The home as the page holds it: the hub's snapshot, kept current by readings. Moments are in the hub's time.

import type {
  DeviceAnswer,
  HomeAnswer,
  Protection,
  ReadingsEventAnswer,
  RoomAnswer,
  SensorAnswer,
  Severity,
  TimeQuality,
} from './answers';
import { isDiagnostic, rankOf, silenceMs } from './quantity';
import type { Measure } from './value';

export interface Current {
  value: number;
  /** Milliseconds since 1970 by the hub's clock. */
  at: number;
  /** The hub's word when it was read; new readings clear it. */
  isStale: boolean;
  timeQuality: TimeQuality;
}

export interface Sensor extends Measure {
  id: string;
  label: string;
  instance: number;
  calibrationOffset: number;
  current: Current | null;
}

export interface Device {
  id: string;
  address: string;
  name: string;
  format: string | null;
  isEncrypted: boolean;
  protection: Protection;
  lastSeen: number | null;
  rssi: number | null;
  roomId: string | null;
  /** By importance: the first is the one that a card shows big. */
  sensors: Sensor[];
  batteryId: string | null;
}

export interface Home {
  name: string;
  version: string;
  clockQuality: TimeQuality;
  rooms: RoomAnswer[];
  devices: Device[];
  /** The worst severity among the alerts; `null` when there are none. */
  trouble: Severity | null;
}

export function homeFrom(answer: HomeAnswer): Home {
  const { home, health } = answer;
  const now = Date.parse(home.now);
  const order: Severity[] = ['CRITICAL', 'WARNING', 'NOTICE'];
  return {
    name: home.name,
    version: home.version,
    clockQuality: home.clockQuality,
    rooms: home.rooms,
    devices: home.devices.map((device) => deviceFrom(device, now)),
    trouble: order.find((severity) => health.alerts.some((alert) => alert.severity === severity)) ?? null,
  };
}

export function deviceFrom(answer: DeviceAnswer, now: number): Device {
  return {
    id: answer.id,
    address: answer.address,
    name: answer.name,
    format: answer.format,
    isEncrypted: answer.isEncrypted,
    protection: answer.protection,
    lastSeen: answer.lastSeen === null ? null : Date.parse(answer.lastSeen),
    rssi: answer.rssi,
    roomId: answer.room?.id ?? null,
    sensors: answer.sensors.map((sensor) => sensorFrom(sensor, now)).sort(byImportance),
    batteryId: answer.battery?.id ?? null,
  };
}

function sensorFrom(answer: SensorAnswer, now: number): Sensor {
  const { current } = answer;
  return {
    ...answer,
    // The age counts, not the stamp: it is right even while the hub's clock is only estimated.
    current: current && {
      value: current.value,
      at: now - Number(current.ageMs),
      isStale: current.isStale,
      timeQuality: current.timeQuality,
    },
  };
}

const byImportance = (a: Sensor, b: Sensor): number =>
  rankOf(a.quantity) - rankOf(b.quantity) || a.quantity.localeCompare(b.quantity) || a.instance - b.instance;

/** Puts readings into the home. `false`: they are of a device or sensor that the snapshot does not have. */
export function takeReadings(home: Home, event: ReadingsEventAnswer): boolean {
  const device = home.devices.find(({ id }) => id === event.deviceId);
  if (!device) return false;
  const at = Date.parse(event.at);
  if (at >= (device.lastSeen ?? 0)) {
    device.lastSeen = at;
    if (event.rssi !== null) device.rssi = event.rssi;
  }
  let hasAll = true;
  for (const reading of event.readings) {
    const sensor = device.sensors.find(({ id }) => id === reading.sensorId);
    if (!sensor) hasAll = false;
    // Late readings belong to the history, not to the present.
    else if (at >= (sensor.current?.at ?? 0)) {
      sensor.current = { value: reading.value, at, isStale: false, timeQuality: event.timeQuality };
    }
  }
  return hasAll;
}

/** A new snapshot, with the readings of `old` that came after it was taken. */
export function renew(old: Home, fresh: Home): Home {
  const known = new Map(old.devices.flatMap((device) => device.sensors.map((sensor) => [sensor.id, sensor.current])));
  for (const device of fresh.devices) {
    for (const sensor of device.sensors) {
      const current = known.get(sensor.id);
      if (current && !current.isStale && current.at > (sensor.current?.at ?? 0)) sensor.current = current;
    }
  }
  return fresh;
}

/** The devices by room, in the rooms' order; those without a room last, under `null`. Empty groups are left out. */
export function byRoom(home: Home): { room: RoomAnswer | null; devices: Device[] }[] {
  const groups = [...home.rooms, null].map((room) => ({
    room,
    devices: home.devices.filter((device) => device.roomId === (room?.id ?? null)),
  }));
  return groups.filter((group) => group.devices.length > 0);
}

/** What a card shows: all that is about the home, or what there is. */
export function headline(device: Device): Sensor[] {
  const about = device.sensors.filter((sensor) => !isDiagnostic(sensor.quantity));
  return about.length > 0 ? about : device.sensors;
}

/** When a device last said anything, and after how long it is silent: as soon as its liveliest sensor would be. */
export function newsOf(device: Device): { at: number | null; limitMs: number } {
  const times = device.sensors.flatMap(({ current }) => (current ? [current.at] : []));
  const limits = device.sensors.map(({ quantity, kind }) => silenceMs(quantity, kind));
  return {
    at: times.length > 0 ? Math.max(...times) : device.lastSeen,
    limitMs: Math.min(...limits, limits.length > 0 ? Infinity : silenceMs('', 'MEASUREMENT')),
  };
}

/** The battery's reading. */
export const batteryOf = (device: Device): Sensor | undefined =>
  device.sensors.find((sensor) => sensor.id === device.batteryId && sensor.quantity === 'BATTERY');

export function findSensor(home: Home, id: string): { device: Device; sensor: Sensor } | null {
  for (const device of home.devices) {
    const sensor = device.sensors.find((candidate) => candidate.id === id);
    if (sensor) return { device, sensor };
  }
  return null;
}
