// How far new programs for the house's own sensors are, in words.

import type { RolloutAnswer } from './answers';

const COUNTS: readonly [keyof RolloutAnswer['counts'], string][] = [
  ['updated', 'Have it'],
  ['already', 'Had it before'],
  ['installing', 'Try it out'],
  ['receiving', 'Receive it'],
  ['waiting', 'Wait'],
  ['outOfReach', 'Out of reach'],
  ['weakBattery', 'Battery too weak'],
  ['failing', 'Failed, tried again'],
  ['givenUp', 'Failed for good'],
];

/** How many sensors are how far, without those of which there are none. */
export const countsOf = ({ counts }: RolloutAnswer): { words: string; count: number }[] =>
  COUNTS.map(([name, words]) => ({ words, count: Number(counts[name]) })).filter(({ count }) => count > 0);

/** Can the owner still steer it? */
export const isOpen = ({ state }: RolloutAnswer): boolean => state !== 'COMPLETE' && state !== 'ABORTED';

/** Does it wait for the owner? */
export const isStopped = ({ state }: RolloutAnswer): boolean => state === 'PAUSED' || state === 'HALTED';

/** What goes on, in a sentence. A state that is not known yet is said as the hub names it. */
export function stateOf({ state, ring, rings, hold }: RolloutAnswer): string {
  const place = `ring ${ring} of ${rings}`;
  if (state === 'RUNNING' && hold === 'QUIET_HOURS') return `Waits for the end of the quiet hours, ${place}`;
  if (state === 'RUNNING' && hold === 'CLOCK_NOT_SET') return `Waits until the hub’s clock is set, ${place}`;
  const words: Readonly<Record<string, string>> = {
    RUNNING: `Goes on, ${place}`,
    SOAKING: `Watches whether ${place} stays well`,
    PAUSED: `Paused in ${place}`,
    HALTED: `Halted in ${place}: too many failed`,
    COMPLETE: 'Complete',
    ABORTED: 'Ended: it was stopped, or a later one took its place',
  };
  return words[state] ?? state.toLowerCase();
}
