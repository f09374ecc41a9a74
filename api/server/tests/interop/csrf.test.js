// What a web page from elsewhere can make a browser send without being asked for leave: none of it may be executed.
import assert from 'node:assert/strict';
import { request } from 'node:http';
import { after, before, test } from 'node:test';
import { startHub } from './hub.js';

let hub;
before(async () => (hub = await startHub()));
after(() => hub.stop());

// fetch of Node sends neither Origin nor another Host, so this is the plain client.
const send = (method, path, headers, body) =>
  new Promise((resolve, reject) => {
    const sent = request(hub.at(path), { method, headers }, (response) => {
      response.resume();
      response.on('end', () => resolve(response));
    });
    sent.on('error', reject);
    sent.end(body);
  });

const json = () => JSON.stringify({ query: hub.mutation });
const inQuery = () => `query=${encodeURIComponent(hub.mutation)}`;
const JSON_TYPE = { 'content-type': 'application/json' };

for (const [what, status, attempt] of [
  ['a mutation over GET', 405, () => send('GET', `/graphql?${inQuery()}`, {})],
  ['a mutation over GET as an event stream', 405, () => send('GET', `/graphql/sse?${inQuery()}`, {})],
  ['a form', 415, () => send('POST', '/graphql', { 'content-type': 'application/x-www-form-urlencoded' }, inQuery())],
  ['plain text', 415, () => send('POST', '/graphql', { 'content-type': 'text/plain' }, json())],
  ['a multipart form', 415, () => send('POST', '/graphql', { 'content-type': 'multipart/form-data; boundary=x' }, json())],
  ['no content type', 415, () => send('POST', '/graphql', {}, json())],
  ['JSON from another origin', 403, () => send('POST', '/graphql', { ...JSON_TYPE, origin: 'http://evil.example' }, json())],
  ['JSON from a sandbox', 403, () => send('POST', '/graphql', { ...JSON_TYPE, origin: 'null' }, json())],
  ['a cross-site request without an origin', 403, () => send('POST', '/graphql', { ...JSON_TYPE, 'sec-fetch-site': 'cross-site' }, json())],
  ['a name that was pointed here', 421, () => send('POST', '/graphql', { ...JSON_TYPE, host: 'evil.example' }, json())],
  ['a batch', 400, () => send('POST', '/graphql', JSON_TYPE, `[${json()},${json()}]`)],
]) {
  test(`${what} is answered with ${status}`, async () => {
    const response = await attempt();
    assert.equal(response.statusCode, status);
    assert.equal(response.headers['access-control-allow-origin'], undefined);
  });
}

test('a preflight from another origin is refused', async () => {
  const headers = { origin: 'http://evil.example', 'access-control-request-method': 'POST' };
  assert.equal((await send('OPTIONS', '/graphql', headers)).statusCode, 403);
});
