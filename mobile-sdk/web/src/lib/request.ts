// Questions and changes over HTTP. A change carries a number of its own, so that a phone that lost the Wi-Fi in
// the middle may send it again: the hub does it once and repeats its answer.

import type { OutcomeAnswer } from './answers';

/** What went wrong with a request, in a sentence for the owner. */
export class HubError extends Error {
  /** `unreachable`: no answer came; `refused`: the hub answered that it will not. */
  readonly kind: 'unreachable' | 'refused';
  /** The hub's code, such as `NOT_FOUND`. */
  readonly code: string | undefined;

  constructor(kind: HubError['kind'], message: string, code?: string) {
    super(message);
    this.name = 'HubError';
    this.kind = kind;
    this.code = code;
  }
}

/** What a request needs from outside; a test brings its own. */
export interface Outside {
  fetch: (url: string, init: RequestInit) => Promise<Response>;
  random: Pick<Crypto, 'getRandomValues'> & { randomUUID?: () => string };
  wait: (ms: number) => Promise<void>;
}

const browser = (): Outside => ({
  fetch: (url, init) => fetch(url, init),
  random: crypto,
  wait: (ms) => new Promise((done) => setTimeout(done, ms)),
});

interface GraphQlAnswer<T> {
  data?: T | null;
  errors?: { message: string; extensions?: { code?: string } }[];
}

const PATIENCE_MS = 15_000;

/** Asks the hub one question. */
export async function ask<T>(
  query: string,
  variables: Record<string, unknown> = {},
  outside: Outside = browser(),
): Promise<T> {
  let response: Response;
  try {
    response = await outside.fetch('/graphql', {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/graphql-response+json, application/json;q=0.9',
      },
      body: JSON.stringify({ query, variables }),
      signal: AbortSignal.timeout(PATIENCE_MS),
      cache: 'no-store',
    });
  } catch {
    throw new HubError('unreachable', 'The hub does not answer. Is it on, and is this device in the same network?');
  }
  const answer = (await response.json().catch(() => null)) as GraphQlAnswer<T> | null;
  const [error] = answer?.errors ?? [];
  if (error) throw new HubError('refused', error.message, error.extensions?.code);
  if (response.status >= 500) {
    throw new HubError('unreachable', `The hub is in trouble (HTTP ${response.status}). Try again in a minute.`);
  }
  if (!answer?.data) throw new HubError('refused', `The hub gave no data (HTTP ${response.status}).`);
  return answer.data;
}

const PAUSES_MS = [400, 1600];

/** Makes one change, sending it again under the same number while no answer comes. */
export async function change<T extends OutcomeAnswer>(
  mutation: string,
  input: Record<string, unknown>,
  outside: Outside = browser(),
): Promise<T> {
  const variables = { input: { ...input, clientMutationId: requestId(outside.random) } };
  for (let attempt = 0; ; attempt += 1) {
    try {
      return (await ask<{ outcome: T }>(mutation, variables, outside)).outcome;
    } catch (error) {
      const pause = PAUSES_MS[attempt];
      if (!(error instanceof HubError) || error.kind !== 'unreachable' || pause === undefined) throw error;
      await outside.wait(pause);
    }
  }
}

/**
 * A random UUID (version 4). Browsers have `randomUUID` only on https and localhost, and a hub at home is
 * often reached by plain http; `getRandomValues` they have everywhere.
 */
export function requestId(random: Outside['random']): string {
  if (random.randomUUID) return random.randomUUID();
  const bytes = random.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
