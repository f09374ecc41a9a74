// How far the pairings of the house's own sensors are, as the page shows them.

import type { PairingAnswer, PairingStep } from './answers';

/** The steps in their order, each in words while it is the present one. */
export const STEPS = [
  { step: 'LOOKING', words: 'Looking for it', hint: 'Press the sensor’s button, or put in its battery, near the hub.' },
  { step: 'FOUND', words: 'Found, connecting' },
  { step: 'PROVING', words: 'Proving who it is' },
  { step: 'SETTING_UP', words: 'Setting it up' },
  { step: 'FIRST_READING', words: 'Waiting for its first reading' },
  { step: 'PAIRED', words: 'Paired' },
] as const satisfies readonly { step: PairingStep; words: string; hint?: string }[];

export const isRunning = ({ step }: PairingAnswer): boolean => step !== 'PAIRED' && step !== 'FAILED';

/** Which pairing: numbers begin anew with the hub, so the sensor's is part of it. */
export const keyOf = ({ pairingId, uid }: PairingAnswer): string => `${pairingId} ${uid}`;

/** The hub's list. One that was under way and is not in it any more ended with the hub's last run. */
export function renewed(old: readonly PairingAnswer[], fresh: readonly PairingAnswer[]): PairingAnswer[] {
  const known = new Set(fresh.map(keyOf));
  const advice = 'the hub was started anew meanwhile; if the sensor does not appear by itself, pair it again';
  const lost = old
    .filter((pairing) => !known.has(keyOf(pairing)) && (isRunning(pairing) || pairing.failure === 'INTERRUPTED'))
    .map((pairing): PairingAnswer => ({ ...pairing, step: 'FAILED', failure: 'INTERRUPTED', advice }));
  return [...lost, ...fresh];
}

/**
 * What is shown, the latest first: what is under way, and of what has ended that which was followed. Of each sensor only
 * the last try, and none that the owner called off.
 */
export function shown(list: readonly PairingAnswer[], followed: readonly string[]): PairingAnswer[] {
  const last = [...new Map(list.map((pairing) => [pairing.uid, pairing])).values()];
  return last
    .filter((pairing) => isRunning(pairing) || (followed.includes(keyOf(pairing)) && pairing.failure !== 'CANCELLED'))
    .sort((a, b) => b.pairingId - a.pairingId);
}
