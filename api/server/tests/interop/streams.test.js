// Event streams with graphql-sse and EventSource, multipart with Apollo's client.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ApolloClient, HttpLink, InMemoryCache, gql } from '@apollo/client/core/index.js';
import { EventSource } from 'eventsource';
import { createClient } from 'graphql-sse';
import { startHub } from './hub.js';

let hub;
before(async () => (hub = await startHub()));
after(() => hub.stop());

async function first(client, operation) {
  for await (const result of client.iterate(operation)) return result;
}

for (const path of ['/graphql/sse', '/graphql']) {
  test(`graphql-sse gets a query, a mutation and a subscription at ${path}`, async () => {
    const client = createClient({ url: hub.at(path), retryAttempts: 0 });
    assert.ok((await first(client, { query: hub.query })).data);
    assert.ok('data' in (await first(client, { query: hub.mutation })));
    assert.ok(hub.cursorOf((await first(client, { query: hub.subscription })).data));
    const refused = await first(client, { query: '{ nothing }' });
    assert.match(refused.errors[0].message, /nothing/);
    client.dispose();
  });
}

test('EventSource comes back behind the last event that it saw', async () => {
  const url = new URL(hub.at('/graphql/sse'));
  url.searchParams.set('query', hub.subscription);
  const heads = [];
  const source = new EventSource(url, {
    fetch: async (input, init) => {
      heads.push(init.headers);
      const response = await fetch(input, init);
      // The first stream breaks after its first event; the library then comes back by itself.
      return heads.length > 1 ? response : new Response(firstEvent(response.body), response);
    },
  });
  const events = await new Promise((resolve) => {
    const seen = [];
    source.addEventListener('next', (event) => seen.push(event) === 2 && resolve(seen));
  });
  source.close();
  const [before, behind] = events;
  assert.equal(before.lastEventId, hub.cursorOf(JSON.parse(before.data).data));
  assert.equal(heads[1]['Last-Event-ID'], before.lastEventId);
  assert.ok(hub.cursorOf(JSON.parse(behind.data).data), behind.data);
  if (!hub.isProduct) assert.deepEqual([before.lastEventId, behind.lastEventId], ['1:1', '1:2']);
});

// A short `retry:` and the stream up to the end of its first event with data.
async function* firstEvent(body) {
  const decoder = new TextDecoder();
  let text = 'retry: 10\n\n';
  for await (const chunk of body) {
    text += decoder.decode(chunk, { stream: true });
    const end = text.indexOf('\n\n', text.indexOf('data: '));
    if (text.includes('data: ') && end > 0) {
      yield new TextEncoder().encode(text.slice(0, end + 2));
      return;
    }
  }
}

test('Apollo gets a query and a subscription over multipart', async () => {
  const types = [];
  const link = new HttpLink({
    uri: hub.at('/graphql'),
    fetch: async (...request) => {
      const response = await fetch(...request);
      types.push(response.headers.get('content-type'));
      return response;
    },
  });
  const client = new ApolloClient({ link, cache: new InMemoryCache(), devtools: { enabled: false } });
  assert.ok((await client.query({ query: gql(hub.query) })).data);
  const data = await new Promise((resolve, reject) => {
    const running = client.subscribe({ query: gql(hub.subscription), fetchPolicy: 'no-cache' }).subscribe({
      next: ({ data, error }) => (error ? reject(error) : resolve(data), running.unsubscribe()),
      error: reject,
    });
  });
  assert.ok(hub.cursorOf(data), JSON.stringify(data));
  assert.match(types.at(-1), /^multipart\/mixed/);
  client.stop();
});
