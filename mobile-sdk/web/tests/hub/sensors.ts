// The house's own sensors in the house of the page tests: how they are paired, and what is asked of them.

import { uidOf } from '../../src/lib/label';
import { device, type Device, type House } from './house';

type Input = Record<string, unknown>;

export interface Pairing {
  pairingId: number;
  uid: string;
  step: string;
  failure: string | null;
  advice: string | null;
  deviceId: string | null;
  tookMs: string;
}

export interface Settings {
  revision: number;
  samplingS: number;
  heartbeatS: number;
  advertIntervalMs: number;
  txPowerDbm: number;
  windowEveryS: number;
  deadBands: never[];
}

const SETTINGS: Settings = { revision: 3, samplingS: 60, heartbeatS: 300, advertIntervalMs: 5000, txPowerDbm: 0, windowEveryS: 600, deadBands: [] };

/** What is known of a sensor that has been here for days. */
export const paired = (uid: string) => ({
  uid,
  product: 1,
  hardware: 2,
  firmware: '1.4.2.0',
  isKeyChanging: false,
  isLeaving: false,
  keyEpoch: '1',
  trouble: null as string | null,
  log: { completeUntil: null, fetched: '0', lost: '0', timeQuality: null },
  report: {
    at: new Date(Date.now() - 240_000).toISOString(),
    batteryMv: 2914,
    boot: '9',
    panics: 0,
    resetReason: 'power',
    uptimeS: '864000',
    watchdogResets: 0,
  } as object | null,
  desiredSettings: SETTINGS,
  reportedSettings: SETTINGS as Settings | null,
});

export type Paired = ReturnType<typeof paired>;

/** The most that the hub pairs at once; small, so that a test can reach it. */
const MOST = 3;

export class Sensors {
  pairings: Pairing[] = [];
  readonly #house: House;
  readonly #happen: (event: object) => void;
  readonly #wishes = new Map<number, Input>();

  constructor(house: House, happen: (event: object) => void) {
    this.#house = house;
    this.#happen = happen;
  }

  /** A pairing comes to this step; the last of all unless another is named. */
  step(step: string, more: Partial<Pairing> = {}, pairingId = this.pairings.length): void {
    this.pairings = this.pairings.map((each) => (each.pairingId === pairingId ? { ...each, step, ...more } : each));
    const told = this.pairings.find((each) => each.pairingId === pairingId);
    if (!told) throw new Error(`no pairing ${pairingId}`);
    this.#happen({ __typename: 'PairingEvent', kind: 'PAIRING_PROGRESSED', ...told, device: null });
  }

  /** The first reading was heard: it is in the house. */
  join(id: string, pairingId = this.pairings.length): void {
    const wish = this.#wishes.get(pairingId);
    const made = device({ id, name: String(wish?.['name'] ?? 'Ingle 3F:20'), ageMs: 500, values: { temperature: 20.6, humidity: 47, battery: 100 } });
    made.room = this.#house.rooms.find((room) => room.id === wish?.['roomId']) ?? null;
    made.pairedSensor = paired(this.pairings[pairingId - 1]?.uid ?? '');
    this.#house.devices.push(made);
    this.#happen({ __typename: 'DeviceEvent', kind: 'DEVICE_ADOPTED', deviceId: id, device: null });
    this.step('PAIRED', { deviceId: id }, pairingId);
  }

  /** The hub is started anew: it remembers no pairings. */
  forget(): void {
    this.pairings = [];
  }

  roots(): Record<string, unknown> {
    const own = (input: Input): Device & { pairedSensor: Paired } => {
      const found = this.#house.devices.find(({ id }) => id === input['deviceId']);
      if (!found?.pairedSensor) throw new Error('not ours');
      return found as Device & { pairedSensor: Paired };
    };
    const tell = (changed: Device): object => {
      this.#happen({ __typename: 'DeviceEvent', kind: 'DEVICE_CHANGED', deviceId: changed.id, device: null });
      return { errors: [], device: changed };
    };
    return {
      pairings: () => this.pairings,
      pairSensor: ({ input }: { input: Input }) => this.#pair(input),
      cancelPairing: ({ input }: { input: Input }) => {
        this.step('FAILED', { failure: 'CANCELLED', advice: 'the pairing was called off' }, Number(input['pairingId']));
        return { errors: [], pairings: this.pairings.filter(({ pairingId }) => pairingId === input['pairingId']) };
      },
      setSensorSettings: ({ input }: { input: Input }) => {
        const sensor = own(input);
        const { windowEveryS } = input;
        if (typeof windowEveryS === 'number' && windowEveryS > 0 && windowEveryS < 60) {
          const message = 'the window interval is 30 s; expected 60 to 43200 s, or 0 for none';
          return { errors: [{ __typename: 'OutOfRangeError', code: 'OUT_OF_RANGE', message, path: ['input', 'settings'] }], device: null };
        }
        const wanted = Object.fromEntries(Object.entries(input).filter(([name, value]) => name in SETTINGS && value !== null));
        const before = sensor.pairedSensor.desiredSettings;
        sensor.pairedSensor.desiredSettings = { ...before, ...wanted, revision: before.revision + 1 };
        return tell(sensor);
      },
      releaseSensor: ({ input }: { input: Input }) => {
        const sensor = own(input);
        sensor.pairedSensor.isLeaving = true;
        return tell(sensor);
      },
    };
  }

  #pair(input: Input): object {
    const refuse = (message: string, code = 'INVALID_INPUT', path: string[] | null = ['input', 'setupCode']): object => ({
      errors: [{ __typename: code === 'INVALID_INPUT' ? 'InvalidInputError' : 'LimitReachedError', code, message, path }],
      pairings: [],
    });
    const label = String(input['setupCode']);
    const uid = uidOf(label);
    if (uid === null) return refuse('not the code of a sensor of ours, which begins with HS1:');
    if (label.length !== 99) return refuse(`the code has 99 characters, but ${label.length} were read`);
    const running = this.pairings.filter(({ step }) => step !== 'PAIRED' && step !== 'FAILED');
    if (running.length >= MOST) return refuse(`${MOST + 1} pairings are too many; expected at most ${MOST} at once`, 'LIMIT_REACHED', null);
    if (running.some((each) => each.uid === uid)) return refuse(`the sensor ${uid} is being paired already`);
    const begun = { pairingId: this.pairings.length + 1, uid, step: 'LOOKING', failure: null, advice: null, deviceId: null, tookMs: '0' };
    this.pairings.push(begun);
    this.#wishes.set(begun.pairingId, input);
    this.step('LOOKING', {}, begun.pairingId);
    return { errors: [], pairings: [begun] };
  }
}
