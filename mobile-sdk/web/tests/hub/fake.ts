// A hub for the page tests: the checked-in contract over HTTP and graphql-transport-ws, a small house behind it,
// and handles to make happen what the page must stand: readings, silence, a lost line, a resync.

import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { join, normalize } from 'node:path';
import { buildSchema, execute, graphql, subscribe, validate, type GraphQLSchema } from 'graphql';
import { useServer } from 'graphql-ws/use/ws';
import { WebSocketServer } from 'ws';
import { commands } from './commands';
import { house, type House, type Sensor } from './house';
import { past } from './past';
import { steering, type Rollout } from './rollouts';
import { Sensors } from './sensors';

const HERE = new URL('.', import.meta.url).pathname;
const DIST = join(HERE, '../../dist');
const SCHEMA = readFileSync(join(HERE, '../../../../api/schema.graphql'), 'utf8');

/** What the README tells whoever serves the page. */
export const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
  "manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const TYPES: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript',
  css: 'text/css',
  svg: 'image/svg+xml',
  png: 'image/png',
  webmanifest: 'application/manifest+json',
};

type Frame = { __typename: string } & Record<string, unknown>;

export class FakeHub {
  readonly house: House = house();
  readonly sensors = new Sensors(this.house, (event) => this.#happen(event));
  /** Each GraphQL request over HTTP: the name of its operation and its variables. */
  readonly asked: { name: string; variables: Record<string, unknown> }[] = [];
  /** The cursors that subscriptions began after. */
  readonly resumedAfter: string[] = [];
  clockQuality: 'SYNCHRONISED' | 'ESTIMATED' = 'SYNCHRONISED';
  alerts: object[] = [];
  rollouts: Rollout[] = [];
  /** The next change is made, but its answer is lost. */
  losesNextAnswer = false;
  /** The next request for the home is done, but its answer is under way until this settles. */
  delaysNextHome: Promise<void> | null = null;

  #isUp = true;
  #seq = 100;
  #log: { seq: number; event: object }[] = [];
  #streams = new Set<(frame: Frame) => void>();
  #sockets = new Set<Socket>();
  readonly #server: Server;
  readonly #schema: GraphQLSchema = buildSchema(SCHEMA);

  private constructor() {
    this.#server = createServer((request, response) => void this.#answer(request, response));
    this.#server.on('connection', (socket) => {
      if (!this.#isUp) return void socket.destroy();
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
    const ws = new WebSocketServer({ server: this.#server, path: '/graphql/ws' });
    useServer(
      {
        schema: this.#schema,
        roots: { subscription: { events: ({ after }: { after: string }) => this.#follow(after) } },
        // Ours: the package would find a second copy of graphql, which does not know our schema.
        execute,
        subscribe,
        validate,
      },
      ws,
    );
  }

  static async start(): Promise<FakeHub> {
    const hub = new FakeHub();
    await new Promise<void>((done) => hub.#server.listen(0, '127.0.0.1', done));
    return hub;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  get cursor(): string {
    return `0f00.${this.#seq}`;
  }

  sensor(id: string): Sensor {
    const found = this.house.devices.flatMap(({ sensors }) => sensors).find((sensor) => sensor.id === id);
    if (!found) throw new Error(`no sensor ${id}`);
    return found;
  }

  /** A sensor measures. */
  measure(id: string, value: number): void {
    const sensor = this.sensor(id);
    [sensor.value, sensor.at] = [value, Date.now()];
    this.#happen({
      __typename: 'ReadingsEvent',
      kind: 'READINGS_TAKEN',
      deviceId: sensor.device.id,
      rssi: -58,
      counter: String(this.#seq),
      readings: [{ sensorId: sensor.id, quantity: sensor.quantity, instance: 0, value, unit: sensor.unit }],
    });
  }

  /** Somebody else gives a device another name. */
  rename(id: string, name: string): void {
    const device = this.house.devices.find((candidate) => candidate.id === id);
    if (!device) throw new Error(`no device ${id}`);
    device.name = name;
    this.#happen({ __typename: 'DeviceEvent', kind: 'DEVICE_CHANGED', deviceId: id, device: null });
  }

  /** Tells each page that it was away for too long, forgetting what happened. */
  resync(): void {
    this.#log = [];
    this.#streams.forEach((push) => push({ __typename: 'ResyncRequired', oldest: this.cursor, reason: 'CURSOR_TOO_OLD' }));
  }

  /** Breaks every connection; `isUp` says whether new ones are taken. */
  cut(isUp: boolean): void {
    this.#isUp = isUp;
    this.#streams.clear();
    this.#sockets.forEach((socket) => socket.destroy());
  }

  restore(): void {
    this.#isUp = true;
  }

  async stop(): Promise<void> {
    this.#sockets.forEach((socket) => socket.destroy());
    await new Promise((done) => this.#server.close(done));
  }

  #happen(event: object): void {
    this.#seq += 1;
    const whole = { ...event, cursor: this.cursor, at: new Date().toISOString(), timeQuality: this.clockQuality, trace: null };
    this.#log.push({ seq: this.#seq, event: whole });
    this.#streams.forEach((push) => push({ __typename: 'EventBatch', cursor: this.cursor, isCatchUp: false, events: [whole] }));
  }

  async *#follow(after: string): AsyncGenerator<{ events: Frame }> {
    this.resumedAfter.push(after);
    const queue: Frame[] = [];
    let wake = (): void => undefined;
    const push = (frame: Frame): void => {
      queue.push(frame);
      wake();
    };
    const seq = Number(after.split('.')[1]);
    const missed = this.#log.filter((entry) => entry.seq > seq).map(({ event }) => event);
    queue.push(
      missed.length > 0
        ? { __typename: 'EventBatch', cursor: this.cursor, isCatchUp: true, events: missed }
        : { __typename: 'Heartbeat', cursor: this.cursor, durable: this.cursor, at: new Date().toISOString() },
    );
    this.#streams.add(push);
    try {
      for (;;) {
        for (let frame = queue.shift(); frame; frame = queue.shift()) yield { events: frame };
        await new Promise<void>((done) => (wake = done));
      }
    } finally {
      this.#streams.delete(push);
    }
  }

  #roots(): object {
    const { devices, rooms } = this.house;
    const adopted = () => devices.filter((device) => device.isAdopted);
    const now = () => new Date().toISOString();
    return {
      home: () => ({
        name: 'Linden Street',
        version: '0.1.0',
        cursor: this.cursor,
        now: now(),
        clockQuality: this.clockQuality,
        rooms,
        devices: adopted(),
        unplaced: adopted().filter((device) => !device.room),
      }),
      devices: ({ filter }: { filter: { isAdopted: boolean } }) => ({
        nodes: devices.filter((device) => device.isAdopted === filter.isAdopted),
        edges: [],
        pageInfo: { hasNextPage: false, hasPreviousPage: false, startCursor: null, endCursor: null },
      }),
      device: ({ id }: { id: string }) => devices.find((device) => device.id === id) ?? null,
      history: ({ sensorIds, from, to, maxPoints }: { sensorIds: string[]; from: string; to: string; maxPoints: number }) =>
        sensorIds.map((id) => past(this.sensor(id), Date.parse(from), Date.parse(to), maxPoints)),
      health: () => ({
        isHealthy: this.alerts.length === 0,
        alerts: this.alerts,
        uptimeMs: '190800000',
        now: now(),
        clockQuality: this.clockQuality,
        version: '0.1.0',
        receivers: [{ name: 'hci0', isListening: true, adverts: '48211', trouble: null }],
        outcomes: [
          { code: 'stored', count: '41877' },
          { code: 'duplicate', count: '6102' },
          { code: 'bad_mic', count: '3' },
        ],
        store: { bytes: '18446744', readings: '5403823', blocks: '2210', writtenBytes: '33554432', flushes: '1804' },
      }),
      deadLetters: () => ({
        nodes: [
          {
            __typename: 'DeadLetter',
            id: 'dead-1',
            address: 'A4:C1:38:00:11:22',
            device: null,
            code: 'bad_mic',
            detail: 'the message does not authenticate under the key of this device',
            part: 'fcd2',
            bytesHex: '41a47266c95f730011223378237214',
            firstAt: now(),
            lastAt: now(),
            count: '3',
          },
        ],
        edges: [],
        pageInfo: { hasNextPage: false, hasPreviousPage: false, startCursor: null, endCursor: null },
      }),
      ...this.sensors.roots(),
      rollouts: () => this.rollouts,
      ...steering(() => this.rollouts),
      ...commands(this.house, (kind, deviceId) =>
        this.#happen(
          deviceId === undefined
            ? { __typename: 'RoomEvent', kind, roomId: 'room-1', room: null }
            : { __typename: 'DeviceEvent', kind, deviceId, device: null },
        ),
      ),
    };
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = new URL(request.url ?? '/', 'http://hub').pathname;
    if (path === '/graphql') return this.#graphql(request, response);
    this.#file(path === '/' ? '/index.html' : path, request, response);
  }

  async #graphql(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    const { query, variables } = JSON.parse(body) as { query: string; variables: Record<string, unknown> };
    const [, kind, name = ''] = /(query|mutation) (\w+)/.exec(query) ?? [];
    this.asked.push({ name, variables });
    const result = await graphql({ schema: this.#schema, source: query, variableValues: variables, rootValue: this.#roots() });
    if (this.delaysNextHome && name === 'Home') {
      const delay = this.delaysNextHome;
      this.delaysNextHome = null;
      await delay;
    }
    if (this.losesNextAnswer && kind === 'mutation') {
      this.losesNextAnswer = false;
      return void request.socket.destroy();
    }
    response.writeHead(200, { 'content-type': 'application/graphql-response+json' }).end(JSON.stringify(result));
  }

  #file(path: string, request: IncomingMessage, response: ServerResponse): void {
    const file = join(DIST, normalize(path));
    const type = TYPES[file.split('.').at(-1) ?? ''];
    const isBrotli = /\bbr\b/.test(String(request.headers['accept-encoding']));
    try {
      if (!type) throw new Error('not a file of the page');
      const headers = { 'content-type': type, 'content-security-policy': POLICY, 'x-content-type-options': 'nosniff' };
      if (isBrotli && type !== 'image/png') response.writeHead(200, { ...headers, 'content-encoding': 'br' }).end(readFileSync(`${file}.br`));
      else response.writeHead(200, headers).end(readFileSync(file));
    } catch {
      response.writeHead(404).end();
    }
  }
}
