// Does what resume.ts decides: loads the snapshot, keeps one subscription over graphql-transport-ws, and drops it.

import { createClient, type Client } from 'graphql-ws';
import type { FrameAnswer, HomeAnswer } from './answers';
import { EVENTS, HOME } from './operations';
import { ask } from './request';
import { begin, lineOf, step, type Effect, type Input, type Line, type Resume } from './resume';

export interface Listener {
  snapshot: (answer: HomeAnswer) => void;
  frame: (frame: FrameAnswer) => void;
  line: (line: Line) => void;
}

const TICK_MS = 500;

/** Follows the hub until the page is closed. */
export function follow(listener: Listener): void {
  let [state, first]: [Resume, Effect[]] = begin(Date.now());
  let socket: Client | null = null;

  const put = (input: Input): void => {
    const [next, effects] = step(state, input);
    state = next;
    effects.forEach(perform);
    listener.line(lineOf(state, Date.now(), navigator.onLine));
  };

  const perform = (effect: Effect): void => {
    if (effect.type === 'load') void load();
    else close();
    if (effect.type === 'connect') connect(effect.after);
  };

  const lost = (): void => put({ type: 'lost', now: Date.now(), luck: Math.random() });

  async function load(): Promise<void> {
    try {
      const answer = await ask<HomeAnswer>(HOME);
      listener.snapshot(answer);
      put({ type: 'loaded', cursor: answer.home.cursor, now: Date.now() });
    } catch {
      lost();
    }
  }

  function close(): void {
    const old = socket;
    socket = null;
    void old?.dispose();
  }

  function connect(after: string): void {
    // The client's own retries would subscribe again after the first cursor; the loop here knows the last one.
    const client = createClient({
      url: `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/graphql/ws`,
      retryAttempts: 0,
      connectionAckWaitTimeout: 10_000,
      on: {
        connected: () => {
          if (socket === client) put({ type: 'connected', now: Date.now() });
        },
      },
    });
    socket = client;
    const end = (): void => {
      if (socket !== client) return;
      close();
      lost();
    };
    client.subscribe<{ events: FrameAnswer }>(
      { query: EVENTS, variables: { after } },
      {
        next: ({ data, errors }) => {
          if (socket !== client) return;
          if (errors || !data) return end();
          const frame = data.events;
          const now = Date.now();
          listener.frame(frame);
          if (frame.__typename === 'ResyncRequired') put({ type: 'resync', now });
          else put({ type: 'frame', cursor: frame.cursor, now });
        },
        error: end,
        complete: end,
      },
    );
  }

  const woke = (): void => {
    if (document.visibilityState === 'visible') put({ type: 'woke', now: Date.now() });
  };
  first.forEach(perform);
  setInterval(() => put({ type: 'tick', now: Date.now(), luck: Math.random() }), TICK_MS);
  document.addEventListener('visibilitychange', woke);
  addEventListener('online', woke);
  addEventListener('offline', () => put({ type: 'tick', now: Date.now(), luck: Math.random() }));
}
