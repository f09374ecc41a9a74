// The websocket with the clients of both subprotocols.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createClient } from 'graphql-ws';
import { SubscriptionClient } from 'subscriptions-transport-ws';
import WebSocket from 'ws';
import { startHub } from './hub.js';

let hub;
before(async () => (hub = await startHub()));
after(() => hub.stop());

const connect = (options = {}) => createClient({ url: hub.socket, webSocketImpl: WebSocket, retryAttempts: 0, ...options });

async function first(client, operation) {
  for await (const result of client.iterate(operation)) return result;
}

test('graphql-ws gets a query, a mutation and a subscription', async () => {
  const client = connect();
  assert.ok((await first(client, { query: hub.query })).data);
  assert.ok('data' in (await first(client, { query: hub.mutation })));
  const result = await first(client, { query: hub.subscription });
  assert.ok(hub.cursorOf(result.data), JSON.stringify(result));
  await client.dispose();
});

test('graphql-ws is told what is wrong with a document and can go on', async () => {
  const client = connect();
  await assert.rejects(first(client, { query: '{ nothing }' }), (errors) => /nothing/.test(errors[0].message));
  await assert.rejects(first(client, { query: '{' }), (errors) => errors[0].extensions?.code === 'GRAPHQL_PARSE_FAILED');
  assert.ok((await first(client, { query: hub.query })).data);
  await client.dispose();
});

test('a client that lost its socket goes on behind the last cursor', async () => {
  const client = connect();
  const before = hub.cursorOf((await first(client, { query: hub.subscription })).data);
  await client.dispose();
  const again = connect();
  const result = await first(again, { query: hub.subscription, variables: { after: before } });
  assert.equal(result.errors, undefined, JSON.stringify(result));
  if (!hub.isProduct) assert.notEqual(hub.cursorOf(result.data), before);
  await again.dispose();
});

test('graphql-ws keeps a socket alive by its own pings', async () => {
  const pongs = new Promise((resolve) => {
    const client = connect({ lazy: false, keepAlive: 50, on: { pong: (isFromServer) => isFromServer && resolve(client) } });
  });
  await (await pongs).dispose();
});

test('subscriptions-transport-ws gets a query and a subscription', async () => {
  const client = new SubscriptionClient(hub.socket, { reconnect: false }, WebSocket);
  const ask = (query) =>
    new Promise((next, error) => {
      const { unsubscribe } = client.request({ query }).subscribe({ next: (it) => (next(it), unsubscribe()), error });
    });
  assert.ok((await ask(hub.query)).data);
  assert.ok(hub.cursorOf((await ask(hub.subscription)).data));
  client.close();
});

const raw = (protocol, options) =>
  new Promise((resolve) => {
    const socket = new WebSocket(hub.socket, protocol, options);
    socket.on('close', (code) => resolve({ code }));
    socket.on('unexpected-response', (_, response) => resolve({ status: response.statusCode }));
    socket.on('error', () => {});
    socket.on('open', () => options?.say?.forEach((message) => socket.send(message)));
    socket.on('message', (text) => options?.hear?.(socket, JSON.parse(text)));
  });

const INIT = '{"type":"connection_init"}';
const endless = () => JSON.stringify({ id: '1', type: 'subscribe', payload: { query: hub.subscription } });

for (const [code, what, say] of [
  [4400, 'an invalid message', () => ['{']],
  [4401, 'an operation before the introduction', () => [endless()]],
  [4409, 'an id that is in use', () => [INIT, endless(), endless()]],
  [4429, 'a second introduction', () => [INIT, INIT]],
]) {
  test(`${what} closes with ${code}`, async () => {
    assert.deepEqual(await raw('graphql-transport-ws', { say: say() }), { code });
  });
}

test('silence closes with 4408', { skip: process.env.HUB_URL && 'takes 10 s' }, async () => {
  assert.deepEqual(await raw('graphql-transport-ws'), { code: 4408 });
});

test('a page from elsewhere gets no socket', async () => {
  assert.deepEqual(await raw('graphql-transport-ws', { origin: 'http://evil.example' }), { status: 403 });
});
