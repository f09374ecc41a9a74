// A fake hub and a page before it, both new for each test of a file.

import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest';
import { launch, open, type Watched } from './browser';
import { FakeHub } from './hub/fake';

// Always those of the test that runs: whoever imports them sees each new one.
export let browser: Browser;
export let hub: FakeHub;
export let page: Page;
let watched: Watched;

/**
 * Opens the page at this place of the hub before each test, and expects after it that the page complained of nothing and
 * asked no other host. At `null` the page is empty, for tests that go to the hub when both are prepared.
 */
export function setStage(place: string | null = ''): void {
  beforeAll(async () => {
    browser = await launch();
  });
  afterAll(() => browser.close());

  beforeEach(async () => {
    hub = await FakeHub.start();
    watched = await open(browser, place === null ? 'about:blank' : `${hub.url}${place}`);
    page = watched.page;
    if (place !== null) await page.getByText('Live', { exact: true }).waitFor();
  });
  afterEach(async () => {
    await page.context().close();
    await hub.stop();
    expect(watched.complaints).toEqual([]);
    // To a page that began empty the hub is another host too.
    if (place !== null) expect(watched.strangers).toEqual([]);
  });
}

/** The inputs of all mutations of this name that the hub was asked for. */
export const sent = (name: string) =>
  hub.asked.filter((asked) => asked.name === name).map(({ variables }) => variables['input'] as Record<string, unknown>);
