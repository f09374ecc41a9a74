// How the page stays in step with the hub: read everything once, then follow the events from there; when the line
// breaks, go on from the last event seen; when the hub says that it is too long ago, read everything again.
//
//   loading ──loaded──▶ connecting ──connected──▶ live
//      ▲                    │  ▲                   │ resync: loading
//      │                  lost  └──── waiting ◀────┘ lost, or silent for 40 s
//      └── (no cursor yet) ── waiting
//
// Pure: inputs in, effects out; connection.ts does them. Time and luck are in the inputs.

/** The hub sends at least a heartbeat every 25 s; a line without any frame for this long is dead. */
export const SILENCE_MS = 40_000;

/** After this long without a line the page calls itself offline. */
export const OFFLINE_AFTER_MS = 10_000;

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 15_000;

export type Phase =
  | { name: 'loading' }
  | { name: 'connecting'; since: number }
  | { name: 'live'; heardAt: number }
  | { name: 'waiting'; until: number };

export interface Resume {
  phase: Phase;
  /** The last event seen; `null` before the first snapshot and after a resync. */
  cursor: string | null;
  /** Attempts in a row that failed. */
  failures: number;
  /** Since when there is no live line; `null` while there is one. */
  brokenSince: number | null;
}

export type Input =
  | { type: 'loaded'; cursor: string; now: number }
  | { type: 'connected'; now: number }
  | { type: 'frame'; cursor: string; now: number }
  | { type: 'resync'; now: number }
  /** `luck` is in 0..1. */
  | { type: 'lost'; now: number; luck: number }
  | { type: 'tick'; now: number; luck: number }
  /** The page came to the front again, or the network came back. */
  | { type: 'woke'; now: number };

export type Effect = { type: 'load' } | { type: 'connect'; after: string } | { type: 'close' };

/** The beginning; its one effect is to load. */
export function begin(now: number): [Resume, Effect[]] {
  return [{ phase: { name: 'loading' }, cursor: null, failures: 0, brokenSince: now }, [{ type: 'load' }]];
}

export function step(state: Resume, input: Input): [Resume, Effect[]] {
  const { phase } = state;
  switch (input.type) {
    case 'loaded':
      if (phase.name !== 'loading') return [state, []];
      return [
        { ...state, cursor: input.cursor, phase: { name: 'connecting', since: input.now } },
        [{ type: 'connect', after: input.cursor }],
      ];
    case 'connected':
      if (phase.name !== 'connecting') return [state, []];
      return [{ ...state, phase: { name: 'live', heardAt: input.now }, brokenSince: null }, []];
    case 'frame':
      if (phase.name !== 'live' && phase.name !== 'connecting') return [state, []];
      // Only a frame proves that the line carries: a hub that accepts and hangs up is not asked ever faster.
      return [
        { cursor: input.cursor, failures: 0, brokenSince: null, phase: { name: 'live', heardAt: input.now } },
        [],
      ];
    case 'resync':
      return [{ ...state, cursor: null, phase: { name: 'loading' } }, [{ type: 'close' }, { type: 'load' }]];
    case 'lost':
      return phase.name === 'waiting' ? [state, []] : lose(state, input.now, input.luck);
    case 'tick':
      if (phase.name === 'waiting' && input.now >= phase.until) return retry(state, input.now);
      if (isSilent(phase, input.now)) {
        const [lost, effects] = lose(state, input.now, input.luck);
        return [lost, [{ type: 'close' }, ...effects]];
      }
      return [state, []];
    case 'woke':
      if (phase.name === 'waiting') return retry(state, input.now);
      if (isSilent(phase, input.now)) {
        const [next, effects] = retry({ ...state, brokenSince: state.brokenSince ?? input.now }, input.now);
        return [next, [{ type: 'close' }, ...effects]];
      }
      return [state, []];
  }
}

/** What the header says. */
export type Line = 'connecting' | 'live' | 'reconnecting' | 'offline';

/** The state of the line in a word; `isOnline` is what the browser thinks of the network. */
export function lineOf(state: Resume, now: number, isOnline: boolean): Line {
  if (state.phase.name === 'live') return 'live';
  const brokenMs = now - (state.brokenSince ?? now);
  if (!isOnline || brokenMs >= OFFLINE_AFTER_MS) return 'offline';
  return state.cursor === null && state.failures === 0 ? 'connecting' : 'reconnecting';
}

/** The pause before the next attempt: doubled each time up to 15 s, and of that a random half to whole. */
export function pauseMs(failures: number, luck: number): number {
  const whole = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(failures, 10));
  return whole / 2 + (whole / 2) * luck;
}

function isSilent(phase: Phase, now: number): boolean {
  if (phase.name === 'live') return now - phase.heardAt >= SILENCE_MS;
  return phase.name === 'connecting' && now - phase.since >= SILENCE_MS;
}

function lose(state: Resume, now: number, luck: number): [Resume, Effect[]] {
  const until = now + pauseMs(state.failures, luck);
  return [
    {
      ...state,
      phase: { name: 'waiting', until },
      failures: state.failures + 1,
      brokenSince: state.brokenSince ?? now,
    },
    [],
  ];
}

function retry(state: Resume, now: number): [Resume, Effect[]] {
  if (state.cursor === null) return [{ ...state, phase: { name: 'loading' } }, [{ type: 'load' }]];
  return [
    { ...state, phase: { name: 'connecting', since: now } },
    [{ type: 'connect', after: state.cursor }],
  ];
}
