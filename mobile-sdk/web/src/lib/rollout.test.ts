import { expect, test } from 'vitest';
import type { RolloutAnswer } from './answers';
import { countsOf, isOpen, isStopped, stateOf } from './rollout';

const counts = { updated: '4', already: '1', installing: '0', receiving: '1', waiting: '0', outOfReach: '2', weakBattery: '0', failing: '0', givenUp: '0' };
const rollout = (state: string, hold: string | null = null): RolloutAnswer => ({ releaseId: 'a', version: '1.5.0.0', state, ring: 2, rings: 3, hold, counts, halt: null });

test('only what there is is counted', () => {
  expect(countsOf(rollout('RUNNING')).map(({ words, count }) => `${words}: ${count}`)).toEqual([
    'Have it: 4',
    'Had it before: 1',
    'Receive it: 1',
    'Out of reach: 2',
  ]);
});

test.each([
  ['RUNNING', null, 'Goes on, ring 2 of 3', true, false],
  ['RUNNING', 'QUIET_HOURS', 'Waits for the end of the quiet hours, ring 2 of 3', true, false],
  ['RUNNING', 'CLOCK_NOT_SET', 'Waits until the hub’s clock is set, ring 2 of 3', true, false],
  ['SOAKING', 'QUIET_HOURS', 'Watches whether ring 2 of 3 stays well', true, false],
  ['PAUSED', null, 'Paused in ring 2 of 3', true, true],
  ['HALTED', null, 'Halted in ring 2 of 3: too many failed', true, true],
  ['COMPLETE', null, 'Complete', false, false],
  ['ABORTED', null, 'Ended: it was stopped, or a later one took its place', false, false],
])('%s (%s) is said, and can be steered where it is open', (state, hold, words, open, stopped) => {
  expect(stateOf(rollout(state, hold))).toBe(words);
  expect([isOpen(rollout(state)), isStopped(rollout(state))]).toEqual([open, stopped]);
});
