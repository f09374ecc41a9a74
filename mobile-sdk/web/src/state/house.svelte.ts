// The home that all views read, and the one place that the hub's events come in.

import type { FrameAnswer, HomeAnswer, ReadingsEventAnswer } from '../lib/answers';
import { follow } from '../lib/connection';
import { homeFrom, renew, takeReadings, type Home } from '../lib/home';
import { HOME } from '../lib/operations';
import { ask } from '../lib/request';
import type { Line } from '../lib/resume';
import { clock, hubNow, setHubNow } from './clock.svelte';

/** Changes of devices and rooms come in bunches; one new snapshot answers them all. */
const SETTLE_MS = 250;

class House {
  home = $state<Home | null>(null);
  line = $state<Line>('connecting');
  /** Raised with each snapshot: histories read before it may miss what happened meanwhile. */
  snapshots = $state(0);
  /** Raised when devices wait to be adopted or stopped waiting. */
  discoveries = $state(0);
  /** Raised when a pairing of one of the house's own sensors has come a step further. */
  pairingSteps = $state(0);

  #listeners = new Set<(event: ReadingsEventAnswer) => void>();
  #reload: ReturnType<typeof setTimeout> | null = null;
  /** Raised with each question for a snapshot and each one taken, so that an answer that was overtaken is known. */
  #turn = 0;
  /** The hub's clock jumped: moments by the old and the new time cannot be compared. */
  #hasJumped = false;

  start(): void {
    follow({
      snapshot: (answer) => this.#take(answer),
      frame: (frame) => this.#frame(frame),
      line: (line) => {
        if (line !== this.line) this.line = line;
      },
    });
  }

  /** Calls with each event of readings until the returned function is called. */
  onReadings(listener: (event: ReadingsEventAnswer) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Reads the home again: after a change by the owner, or an event that says only that something changed. */
  async reload(): Promise<void> {
    const turn = ++this.#turn;
    try {
      const answer = await ask<HomeAnswer>(HOME);
      if (turn === this.#turn) this.#take(answer);
    } catch {
      // The line is down; when it is back, the events after the last cursor ask for the same again.
    }
  }

  #take(answer: HomeAnswer): void {
    this.#turn += 1;
    setHubNow(answer.home.now);
    clock.now = hubNow();
    const fresh = homeFrom(answer);
    this.home = this.home && !this.#hasJumped ? renew($state.snapshot(this.home), fresh) : fresh;
    this.#hasJumped = false;
    this.snapshots += 1;
  }

  #frame(frame: FrameAnswer): void {
    if (frame.__typename === 'Heartbeat') setHubNow(frame.at);
    if (frame.__typename !== 'EventBatch') return;
    for (const event of frame.events) {
      if (event.__typename === 'ReadingsEvent') {
        if (this.home && !takeReadings(this.home, event)) this.#reloadSoon();
        this.#listeners.forEach((listener) => listener(event));
      } else if (event.kind === 'DEVICE_DISCOVERED') {
        this.discoveries += 1;
      } else if (event.kind === 'PAIRING_PROGRESSED') {
        this.pairingSteps += 1;
      } else if (event.kind !== 'DEVICE_ACTED') {
        if (event.kind === 'CLOCK_STEPPED') this.#hasJumped = true;
        if (event.kind === 'DEVICE_ADOPTED' || event.kind === 'DEVICE_REMOVED') this.discoveries += 1;
        this.#reloadSoon();
      }
    }
    clock.now = hubNow();
  }

  #reloadSoon(): void {
    this.#reload ??= setTimeout(() => {
      this.#reload = null;
      void this.reload();
    }, SETTLE_MS);
  }
}

export const house = new House();
