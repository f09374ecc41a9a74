// The last day of each card's first sensor, as a small line: one question for up to 50 cards.

import type { SeriesAnswer } from '../lib/answers';
import { HISTORY } from '../lib/operations';
import { ask } from '../lib/request';
import { columns, seriesFrom, type Columns } from '../lib/series';
import { hubNow } from './clock.svelte';

const DAY_MS = 86_400_000;
/** The bound of one question in the API. */
const MOST_SERIES = 50;
const POINTS = 60;

class Sparks {
  /** By sensor. */
  lines = $state.raw<ReadonlyMap<string, Columns>>(new Map());

  async read(sensorIds: string[]): Promise<void> {
    if (sensorIds.length === 0) return;
    const now = hubNow();
    try {
      const { history } = await ask<{ history: SeriesAnswer[] }>(HISTORY, {
        sensors: sensorIds.slice(0, MOST_SERIES),
        from: new Date(now - DAY_MS).toISOString(),
        to: new Date(now).toISOString(),
        maxPoints: POINTS,
      });
      this.lines = new Map(history.map((answer) => [answer.sensor.id, columns(seriesFrom(answer), now)]));
    } catch {
      // A card is whole without its line.
    }
  }
}

export const sparks = new Sparks();
