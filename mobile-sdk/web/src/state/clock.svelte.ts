// The hub's time on this device. Phones are often minutes off, and ages must not be.

let offsetMs = 0;

/** Milliseconds since 1970 by the hub's clock. */
export const hubNow = (): number => Date.now() + offsetMs;

/** Takes over the hub's word for what time it is. */
export function setHubNow(rfc3339: string): void {
  offsetMs = Date.parse(rfc3339) - Date.now();
}

class Clock {
  /** Renewed each second while the page is seen. */
  now = $state(hubNow());

  constructor() {
    setInterval(() => {
      if (document.visibilityState === 'visible') this.now = hubNow();
    }, 1000);
    document.addEventListener('visibilitychange', () => (this.now = hubNow()));
  }
}

export const clock = new Clock();
