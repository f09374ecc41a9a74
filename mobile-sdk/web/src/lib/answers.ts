// The shapes of the hub's answers to the questions in operations.ts, as they stand on the wire.

import type { Measure } from './value';

export type TimeQuality = 'SYNCHRONISED' | 'ESTIMATED';

export interface MeasurementAnswer {
  value: number;
  at: string;
  ageMs: string;
  isStale: boolean;
  timeQuality: TimeQuality;
}

export interface SensorAnswer extends Measure {
  id: string;
  instance: number;
  label: string;
  calibrationOffset: number;
  current: MeasurementAnswer | null;
}

export type Protection = 'FULL' | 'REDUCED' | 'NONE';

export interface RoomAnswer {
  id: string;
  name: string;
}

export interface DeviceAnswer {
  id: string;
  address: string;
  name: string;
  isAdopted: boolean;
  format: string | null;
  isEncrypted: boolean;
  protection: Protection;
  lastSeen: string | null;
  rssi: number | null;
  room: RoomAnswer | null;
  battery: { id: string } | null;
  sensors: SensorAnswer[];
}

export type Severity = 'NOTICE' | 'WARNING' | 'CRITICAL';

export interface HomeAnswer {
  home: {
    name: string;
    version: string;
    cursor: string;
    now: string;
    clockQuality: TimeQuality;
    rooms: RoomAnswer[];
    devices: DeviceAnswer[];
  };
  health: { alerts: { kind: string; severity: Severity }[] };
}

export interface ReadingsEventAnswer {
  __typename: 'ReadingsEvent';
  kind: 'READINGS_TAKEN';
  at: string;
  timeQuality: TimeQuality;
  deviceId: string;
  rssi: number | null;
  readings: { sensorId: string; quantity: string; instance: number; value: number }[];
}

export interface OtherEventAnswer {
  __typename: 'ActionEvent' | 'DeviceEvent' | 'RoomEvent' | 'AlertEvent' | 'ClockEvent' | 'ReceiverGapEvent' | 'PairingEvent';
  kind: string;
  at: string;
  timeQuality: TimeQuality;
}

export type EventAnswer = ReadingsEventAnswer | OtherEventAnswer;

export type FrameAnswer =
  | { __typename: 'EventBatch'; cursor: string; isCatchUp: boolean; events: EventAnswer[] }
  | { __typename: 'Heartbeat'; cursor: string; at: string }
  | { __typename: 'ResyncRequired'; reason: string };

export interface SpanAnswer {
  from: string;
  to: string;
}

export interface SeriesAnswer {
  sensor: { id: string };
  resolution: string;
  widthMs: string;
  t: string[];
  min: number[];
  mean: number[];
  max: number[];
  count: number[];
  gaps: SpanAnswer[];
  estimated: SpanAnswer[];
}

export interface PageInfo {
  hasNextPage: boolean;
  endCursor: string | null;
}

export interface DiscoveredAnswer {
  home: { now: string };
  devices: { nodes: DeviceAnswer[]; pageInfo: PageInfo };
}

export interface RetentionAnswer {
  rawDays: number | null;
  rollupDays: number | null;
  isDefault: boolean;
}

export interface DeviceDetailAnswer {
  device: {
    id: string;
    adoptedAt: string | null;
    protection: Protection;
    facts: { name: string; value: string }[];
    retention: RetentionAnswer;
    pairedSensor: PairedSensorAnswer | null;
  } | null;
}

export interface SettingsAnswer {
  samplingS: number;
  heartbeatS: number;
  advertIntervalMs: number;
  txPowerDbm: number;
  windowEveryS: number;
}

export interface PairedSensorAnswer {
  firmware: string;
  isLeaving: boolean;
  trouble: string | null;
  report: { at: string; batteryMv: number } | null;
  desiredSettings: SettingsAnswer;
  reportedSettings: SettingsAnswer | null;
}

export type PairingStep = 'LOOKING' | 'FOUND' | 'PROVING' | 'SETTING_UP' | 'FIRST_READING' | 'PAIRED' | 'FAILED';

export interface PairingAnswer {
  pairingId: number;
  uid: string;
  step: PairingStep;
  failure: string | null;
  advice: string | null;
  deviceId: string | null;
}

export interface PairingsAnswer {
  pairings: PairingAnswer[];
}

export interface HealthAnswer {
  health: {
    isHealthy: boolean;
    uptimeMs: string;
    now: string;
    clockQuality: TimeQuality;
    version: string;
    alerts: {
      kind: string;
      severity: Severity;
      advice: string;
      since: string;
      device: { id: string; name: string } | null;
    }[];
    receivers: { name: string; isListening: boolean; adverts: string; trouble: string | null }[];
    outcomes: { code: string; count: string }[];
    store: { bytes: string; readings: string; blocks: string; writtenBytes: string; flushes: string };
  };
  rollouts: RolloutAnswer[];
}

export interface RolloutAnswer {
  releaseId: string;
  version: string;
  state: string;
  ring: number;
  rings: number;
  hold: string | null;
  counts: Record<
    'already' | 'updated' | 'installing' | 'receiving' | 'waiting' | 'outOfReach' | 'weakBattery' | 'failing' | 'givenUp',
    string
  >;
  halt: { judged: string; failed: string; reason: string } | null;
}

export interface DeadLetterAnswer {
  id: string;
  address: string;
  code: string;
  detail: string;
  part: string;
  bytesHex: string;
  lastAt: string;
  count: string;
  device: { id: string; name: string } | null;
}

export interface DeadLettersAnswer {
  deadLetters: { nodes: DeadLetterAnswer[]; pageInfo: PageInfo };
}

export interface MutationErrorAnswer {
  __typename: string;
  message: string;
  path: string[] | null;
  code: string;
}

export interface OutcomeAnswer {
  errors: MutationErrorAnswer[];
}
