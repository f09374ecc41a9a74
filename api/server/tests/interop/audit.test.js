// The audits of "GraphQL over HTTP" that graphql-http brings: every one, the optional ones too.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { auditServer } from 'graphql-http';
import { startHub } from './hub.js';

let hub;
before(async () => (hub = await startHub()));
after(() => hub.stop());

test('61 of 61 audits pass', async () => {
  const results = await auditServer({ url: hub.at('/graphql') });
  const failed = results.filter(({ status }) => status !== 'ok').map(({ id, name, status }) => `${status} ${id} ${name}`);
  assert.deepEqual(failed, []);
  assert.equal(results.length, 61);
});
