import { expect, test } from 'vitest';
import { ask, change, HubError, requestId, type Outside } from './request';

const OUTCOME = { data: { outcome: { isRepeat: false, errors: [] } } };

function outside(answers: (Response | Error)[]): Outside & { sent: { variables: { input: Record<string, unknown> } }[]; waits: number[] } {
  const sent: { variables: { input: Record<string, unknown> } }[] = [];
  const waits: number[] = [];
  return {
    sent,
    waits,
    fetch: async (_url, init) => {
      sent.push(JSON.parse(String(init.body)));
      const answer = answers.shift();
      if (!answer || answer instanceof Error) throw answer ?? new Error('no more answers');
      return answer;
    },
    random: { getRandomValues: (bytes) => bytes },
    wait: async (ms) => void waits.push(ms),
  };
}

const json = (body: unknown, status = 200): Response => new Response(JSON.stringify(body), { status });

test('a change that got no answer is sent again under the same number', async () => {
  const hub = outside([new TypeError('network'), json({}, 503), json(OUTCOME)]);
  await change('mutation', { name: 'Hall' }, hub);
  const ids = hub.sent.map(({ variables }) => variables.input['clientMutationId']);
  expect(ids).toHaveLength(3);
  expect(new Set(ids).size).toBe(1);
  expect(hub.waits).toEqual([400, 1600]);
});

test('a change that the hub refused is not sent again', async () => {
  const hub = outside([json({ errors: [{ message: 'no', extensions: { code: 'BAD_USER_INPUT' } }] }, 400)]);
  await expect(change('mutation', {}, hub)).rejects.toMatchObject({ kind: 'refused', code: 'BAD_USER_INPUT', message: 'no' });
  expect(hub.sent).toHaveLength(1);
});

test('after three attempts the owner hears of it', async () => {
  const hub = outside([new Error('1'), new Error('2'), new Error('3')]);
  await expect(change('mutation', {}, hub)).rejects.toThrow(/does not answer/);
});

test('an answer that is no JSON is an error, not a crash', async () => {
  await expect(ask('query', {}, outside([new Response('<html>')]))).rejects.toBeInstanceOf(HubError);
});

test('without randomUUID, as on plain http, a version 4 UUID is made from random bytes', () => {
  let seed = 0;
  const id = requestId({
    getRandomValues: (bytes) => {
      const view = bytes as unknown as Uint8Array;
      view.forEach((_, i) => (view[i] = (seed += 37) & 0xff));
      return bytes;
    },
  });
  expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(requestId({ getRandomValues: (bytes) => bytes, randomUUID: () => 'own' })).toBe('own');
});
