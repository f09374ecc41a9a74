import { expect, test } from 'vitest';
import type { PairingAnswer } from './answers';
import { isRunning, keyOf, renewed, shown, STEPS } from './pairing';

const pairing = (pairingId: number, step: PairingAnswer['step'], more: Partial<PairingAnswer> = {}): PairingAnswer => ({
  pairingId,
  uid: `000000000000000${pairingId}`,
  step,
  failure: null,
  advice: null,
  deviceId: null,
  ...more,
});

test('a pairing runs until it is paired or failed', () => {
  const running = STEPS.filter(({ step }) => isRunning(pairing(1, step))).map(({ step }) => step);
  expect(running).toEqual(['LOOKING', 'FOUND', 'PROVING', 'SETTING_UP', 'FIRST_READING']);
  expect(isRunning(pairing(1, 'FAILED'))).toBe(false);
});

test('what runs is shown, and what has ended only where it was followed', () => {
  const list = [pairing(1, 'PAIRED'), pairing(2, 'FAILED', { failure: 'NOT_FOUND' }), pairing(3, 'FOUND'), pairing(4, 'PAIRED')];
  expect(shown(list, [keyOf(pairing(4, 'PAIRED'))]).map(({ pairingId }) => pairingId)).toEqual([4, 3]);
  expect(shown(list, []).map(({ pairingId }) => pairingId)).toEqual([3]);
});

test('of a sensor that is tried again only the last try is shown, and none that was called off', () => {
  const [failed, again] = [pairing(1, 'FAILED', { failure: 'LINK_LOST' }), pairing(2, 'LOOKING', { uid: pairing(1, 'FOUND').uid })];
  expect(shown([failed, again], [keyOf(failed)])).toEqual([again]);
  const cancelled = pairing(3, 'FAILED', { failure: 'CANCELLED' });
  expect(shown([cancelled], [keyOf(cancelled)])).toEqual([]);
});

test('a pairing that the hub does not know any more was interrupted, and stays so', () => {
  const [ended, running, kept] = [pairing(1, 'PAIRED'), pairing(2, 'PROVING'), pairing(3, 'LOOKING')];
  const once = renewed([ended, running, kept], [{ ...kept, step: 'FOUND' }]);
  expect(once.map(({ pairingId, step, failure }) => [pairingId, step, failure])).toEqual([
    [2, 'FAILED', 'INTERRUPTED'],
    [3, 'FOUND', null],
  ]);
  expect(renewed(once, [])[0]).toEqual(once[0]);
  // The same number in the hub's next run is another pairing.
  expect(renewed([running], [pairing(2, 'LOOKING', { uid: 'ff' })])).toHaveLength(2);
});
