import { expect, test } from 'vitest';
import { begin, lineOf, pauseMs, SILENCE_MS, step, type Effect, type Input, type Resume } from './resume';

/** Runs inputs from the beginning and gives the state and the effects of the last. */
function run(...inputs: Input[]): [Resume, Effect[]] {
  return inputs.reduce<[Resume, Effect[]]>(([state], input) => step(state, input), begin(0));
}

const loaded: Input = { type: 'loaded', cursor: 'e.5', now: 100 };
const connected: Input = { type: 'connected', now: 200 };
const frame = (cursor: string, now: number): Input => ({ type: 'frame', cursor, now });
const lost = (now: number): Input => ({ type: 'lost', now, luck: 1 });
const tick = (now: number): Input => ({ type: 'tick', now, luck: 1 });

test('it loads first and then follows from the cursor of what it loaded', () => {
  expect(begin(0)[1]).toEqual([{ type: 'load' }]);
  expect(run(loaded)[1]).toEqual([{ type: 'connect', after: 'e.5' }]);
});

test('a broken line is resumed after the last event that was seen', () => {
  const [, effects] = run(loaded, connected, frame('e.9', 300), lost(400), tick(899), tick(900));
  expect(effects).toEqual([{ type: 'connect', after: 'e.9' }]);
});

test('heartbeats move the cursor, so that a quiet home does not catch up from long ago', () => {
  expect(run(loaded, connected, frame('e.9', 300), frame('e.12', 25_000))[0].cursor).toBe('e.12');
});

test('a line without a frame for 40 s is dropped', () => {
  const alive = run(loaded, connected, frame('e.9', 1000), tick(1000 + SILENCE_MS - 1))[0];
  expect(alive.phase.name).toBe('live');
  const [dead, effects] = step(alive, tick(1000 + SILENCE_MS));
  expect(dead.phase.name).toBe('waiting');
  expect(effects).toEqual([{ type: 'close' }]);
});

test('a connection that never opens is given up after 40 s too', () => {
  expect(run(loaded, tick(100 + SILENCE_MS))[0].phase.name).toBe('waiting');
});

test('a resync forgets the cursor and loads everything again', () => {
  const [state, effects] = run(loaded, connected, { type: 'resync', now: 300 });
  expect(state.cursor).toBeNull();
  expect(effects).toEqual([{ type: 'close' }, { type: 'load' }]);
});

test('when loading fails it loads again, later', () => {
  expect(run(lost(50), tick(550))[1]).toEqual([{ type: 'load' }]);
});

test('coming to the front does not wait for the pause, and a line that slept is not trusted', () => {
  expect(run(loaded, connected, lost(300), { type: 'woke', now: 301 })[1]).toEqual([{ type: 'connect', after: 'e.5' }]);
  expect(run(loaded, connected, { type: 'woke', now: 500 })[1]).toEqual([]);
  expect(run(loaded, connected, frame('e.6', 500), { type: 'woke', now: 600_000 })[1]).toEqual([
    { type: 'close' },
    { type: 'connect', after: 'e.6' },
  ]);
});

test('an answer or a loss that comes too late changes nothing', () => {
  const [waiting] = run(loaded, connected, lost(300));
  for (const late of [loaded, connected, frame('e.7', 310), lost(310)]) expect(step(waiting, late)).toEqual([waiting, []]);
});

test('pauses double up to 15 s, and never all phones of a house come at once', () => {
  expect([0, 1, 2, 5, 60].map((failures) => pauseMs(failures, 1))).toEqual([500, 1000, 2000, 15_000, 15_000]);
  expect(pauseMs(2, 0)).toBe(1000);
});

test('a hub that accepts and hangs up is asked ever more slowly', () => {
  const [state] = run(loaded, connected, lost(300), tick(800), { type: 'connected', now: 810 }, lost(820));
  expect(state.failures).toBe(2);
  expect(state.phase).toEqual({ name: 'waiting', until: 820 + 1000 });
});

test('the header says what the owner can understand', () => {
  const [fresh] = begin(0);
  expect(lineOf(fresh, 100, true)).toBe('connecting');
  const [live] = run(loaded, connected);
  expect(lineOf(live, 200, true)).toBe('live');
  const [broken] = step(live, lost(1000));
  expect(lineOf(broken, 1500, true)).toBe('reconnecting');
  expect(lineOf(broken, 11_000, true)).toBe('offline');
  expect(lineOf(broken, 1001, false)).toBe('offline');
});
