// The history of one sensor in one range, read once and then moved on by live readings.

import type { SeriesAnswer } from '../lib/answers';
import { HISTORY } from '../lib/operations';
import { ask, HubError } from '../lib/request';
import { seriesFrom, since, withReading, type Series } from '../lib/series';
import type { Range } from '../lib/time';
import { hubNow } from './clock.svelte';
import { house } from './house.svelte';

/** Read again this often: the hub knows late readings, and gaps, better than the page. */
const RENEW_MS = 10 * 60_000;
/** Two points for each CSS pixel, as fine as phones draw; the API's bound, and fewer than a hundred are no chart. */
const POINTS = { eachPx: 2, least: 100, most: 2000 };

export class Record {
  series = $state.raw<Series | null>(null);
  /** The window's end by the hub's clock. */
  to = $state(hubNow());
  trouble = $state<string | null>(null);

  readonly sensorId: string;
  readonly range: Range;
  readonly #points: number;

  constructor(sensorId: string, range: Range, widthPx: number) {
    this.sensorId = sensorId;
    this.range = range;
    this.#points = Math.round(Math.max(POINTS.least, Math.min(POINTS.most, widthPx * POINTS.eachPx)));
  }

  get from(): number {
    return this.to - this.range.ms;
  }

  /** Reads and follows until the returned function is called. */
  follow(): () => void {
    void this.read();
    const renew = setInterval(() => void this.read(), RENEW_MS);
    // A pixel's worth of time, but no oftener than each second: the line moves on though nothing is measured.
    const slide = setInterval(() => this.#slide(), Math.max(1000, Math.min(60_000, this.range.ms / this.#points)));
    const stop = house.onReadings((event) => {
      const reading = event.readings.find(({ sensorId }) => sensorId === this.sensorId);
      if (!reading || !this.series) return;
      this.series = withReading(this.series, Date.parse(event.at), reading.value);
      this.#slide();
    });
    return () => {
      clearInterval(renew);
      clearInterval(slide);
      stop();
    };
  }

  async read(): Promise<void> {
    const to = hubNow();
    try {
      const { history } = await ask<{ history: SeriesAnswer[] }>(HISTORY, {
        sensors: [this.sensorId],
        from: new Date(to - this.range.ms).toISOString(),
        to: new Date(to).toISOString(),
        maxPoints: this.#points,
      });
      const [answer] = history;
      this.to = Math.max(this.to, to);
      this.series = answer
        ? seriesFrom(answer)
        : { widthMs: 0, t: [], min: [], mean: [], max: [], count: [], gaps: [], estimated: [] };
      this.trouble = null;
    } catch (error) {
      this.trouble = error instanceof HubError ? error.message : 'The history could not be read.';
    }
  }

  #slide(): void {
    if (document.visibilityState !== 'visible') return;
    this.to = hubNow();
    if (this.series) this.series = since(this.series, this.from);
  }
}
