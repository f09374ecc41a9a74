// The hub under test: at HUB_URL, or started by HUB_CMD (a command that prints its URL on a line of its own, such as
// `hub-demo --headless --port 0`), or else the small server of `examples/interop_server.rs`.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

const target = process.env.CARGO_TARGET_DIR ?? new URL('../../../../target', import.meta.url).pathname;
const OWN = `${target}/debug/examples/interop_server`;

export async function startHub() {
  if (process.env.HUB_URL) return describe(process.env.HUB_URL, () => {});
  const child = spawn(process.env.HUB_CMD ?? OWN, { shell: true, detached: true, stdio: ['pipe', 'pipe', 'inherit'] });
  const stop = () => {
    try {
      process.kill(-child.pid, 'SIGTERM');
    } catch {
      // It has ended by itself.
    }
  };
  process.on('exit', stop);
  for await (const line of createInterface({ input: child.stdout })) {
    const url = line.match(/^\s*(http:\/\/\S+)\s*$/);
    if (url) {
      child.stdout.resume();
      return describe(url[1], stop);
    }
  }
  throw new Error('the hub ended before it printed its URL');
}

// Two schemas can be under test: the hub's own, and the small one. The tests are the same.
async function describe(url, stop) {
  const at = (path) => new URL(path, url).href;
  const socket = at('/graphql/ws').replace('http', 'ws');
  const response = await fetch(at('/graphql'), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: '{ __type(name: "EventFrame") { name } }' }),
  });
  const isProduct = (await response.json()).data.__type !== null;
  return { at, socket, stop, isProduct, ...(isProduct ? product : small) };
}

const small = {
  query: '{ bumps }',
  mutation: 'mutation { bump }',
  subscription: 'subscription ($after: String) { events(after: $after) { cursor } }',
  cursorOf: (data) => data.events.cursor,
};

// A mutation that the hub refuses in its payload: it is executed, and changes nothing.
const product = {
  query: '{ home { name } }',
  mutation: 'mutation { removeRoom(input: { roomId: "none" }) { errors { message } } }',
  subscription: `subscription ($after: Cursor) {
    events(after: $after) { ... on EventBatch { cursor } ... on Heartbeat { cursor } }
  }`,
  cursorOf: (data) => data.events.cursor,
};
