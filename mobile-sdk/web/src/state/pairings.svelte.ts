// The pairings of the house's own sensors. An event says only that one has come further: the list is read again, so that
// what is shown is the hub's word also after a reload, a lost line, or a new start of the hub.

import type { OutcomeAnswer, PairingAnswer, PairingsAnswer } from '../lib/answers';
import { uidOf } from '../lib/label';
import { CANCEL_PAIRING, PAIR_SENSOR, PAIRINGS } from '../lib/operations';
import { isRunning, keyOf, renewed, shown } from '../lib/pairing';
import { ask, change } from '../lib/request';

/** What the owner asked for, for another try. It has the sensor's secret, so it is never stored. */
export interface Wish {
  label: string;
  name: string;
  roomId: string;
}

const STORED = 'ingle:pairings';

class Pairings {
  #list = $state.raw<PairingAnswer[]>([]);
  /** Those that this tab has seen under way, and that were not put away since. */
  #followed = $state.raw<string[]>(JSON.parse(sessionStorage.getItem(STORED) ?? '[]') as string[]);
  #wishes = new Map<string, Wish>();
  #turn = 0;

  readonly shown = $derived(shown(this.#list, this.#followed));

  async read(): Promise<PairingAnswer[]> {
    const turn = ++this.#turn;
    try {
      const { pairings } = await ask<PairingsAnswer>(PAIRINGS);
      if (turn === this.#turn) {
        this.#list = renewed(this.#list, pairings);
        this.#follow([...this.#followed, ...pairings.filter(isRunning).map(keyOf)]);
      }
      return pairings;
    } catch {
      // The header says that the hub does not answer; when it does, the list is read again.
      return [];
    }
  }

  async begin(wish: Wish): Promise<OutcomeAnswer> {
    const uid = uidOf(wish.label);
    // Before the first event: what is shown has its name at once.
    if (uid !== null) this.#wishes.set(uid, wish);
    const outcome = await change<OutcomeAnswer & PairingsAnswer>(PAIR_SENSOR, {
      setupCode: wish.label,
      name: wish.name || null,
      roomId: wish.roomId || null,
    });
    // Also one that fails before the list is read.
    this.#follow([...this.#followed, ...outcome.pairings.map(keyOf)]);
    const list = await this.read();
    // Sent twice because the first answer was lost, it is refused as being under way: what was wanted is so.
    const isUnderWay = list.some((pairing) => pairing.uid === uid && isRunning(pairing));
    return isUnderWay ? { errors: [] } : outcome;
  }

  async cancel({ pairingId }: PairingAnswer): Promise<OutcomeAnswer> {
    const outcome = await change(CANCEL_PAIRING, { pairingId });
    void this.read();
    return outcome;
  }

  wishOf = ({ uid }: PairingAnswer): Wish | undefined => this.#wishes.get(uid);

  /** Shows one that has ended no longer. */
  putAway(pairing: PairingAnswer): void {
    this.#follow(this.#followed.filter((key) => key !== keyOf(pairing)));
  }

  #follow(keys: string[]): void {
    this.#followed = [...new Set(keys)];
    sessionStorage.setItem(STORED, JSON.stringify(this.#followed));
  }
}

export const pairings = new Pairings();
