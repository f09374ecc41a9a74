// Devices that were heard and not adopted. The hub sends no events of their readings, so their values are read
// every few seconds, and only while the page that shows them is open.

import type { DeviceAnswer, DiscoveredAnswer } from '../lib/answers';
import { deviceFrom, type Device } from '../lib/home';
import { DISCOVERED } from '../lib/operations';
import { ask } from '../lib/request';

/** More than a house has; the hub's own list is bounded too. */
const MOST_PAGES = 5;

class Discovered {
  devices = $state.raw<Device[]>([]);
  isRead = $state(false);

  async read(): Promise<void> {
    try {
      const nodes: DeviceAnswer[] = [];
      let now = 0;
      let after: string | null = null;
      for (let page = 0; page < MOST_PAGES; page += 1) {
        const answer: DiscoveredAnswer = await ask<DiscoveredAnswer>(DISCOVERED, { after });
        now = Date.parse(answer.home.now);
        nodes.push(...answer.devices.nodes);
        after = answer.devices.pageInfo.endCursor;
        if (!answer.devices.pageInfo.hasNextPage || after === null) break;
      }
      this.devices = nodes.map((node) => deviceFrom(node, now));
      this.isRead = true;
    } catch {
      // The header says that the hub does not answer; the last list stays.
    }
  }
}

export const discovered = new Discovered();
