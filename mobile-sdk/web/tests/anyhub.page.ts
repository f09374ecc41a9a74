// What must hold with any hub, and changes nothing in it: with HUB_URL a real one, else the one of these tests.

import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { expectAccessible, expectNoSideScroll, launch, open, type Watched } from './browser';
import { FakeHub } from './hub/fake';

const REAL = process.env['HUB_URL'];

let browser: Browser;
let hub: FakeHub | null = null;
let url: string;
let watched: Watched;
let page: Page;

beforeAll(async () => {
  browser = await launch();
  if (REAL === undefined) hub = await FakeHub.start();
  url = hub?.url ?? new URL('/', REAL).href;
});
afterAll(async () => {
  await browser.close();
  await hub?.stop();
});

beforeEach(async () => {
  watched = await open(browser, url);
  page = watched.page;
  await page.getByText('Live', { exact: true }).waitFor();
  await page.getByRole('article').first().waitFor();
});
afterEach(async () => {
  await page.context().close();
  expect(watched.complaints).toEqual([]);
  expect(watched.strangers).toEqual([]);
});

/** The first sensor that is a number, on its own page. */
async function openNumber(): Promise<void> {
  await page.getByRole('article').filter({ has: page.locator('.spark') }).first().getByRole('link').click();
  await page.locator('canvas').waitFor();
}

test('rooms and sensors are shown, with values and ages', async () => {
  expect(await page.getByRole('heading', { level: 2 }).count()).toBeGreaterThan(0);
  const card = page.getByRole('article').filter({ has: page.locator('.spark') }).first();
  expect(await card.innerText()).toMatch(/\d/);
  expect(await card.innerText()).toMatch(/ago|now/);
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    await expectAccessible(page);
  }
  await page.setViewportSize({ width: 360, height: 740 });
  await expectNoSideScroll(page);
});

test('each range is drawn, with its words, after one question', async () => {
  await openNumber();
  const summary = () => page.getByTestId('summary').textContent();
  const took: Record<string, number> = {};
  for (const [label, title] of [['7 d', 'the last 7 days'], ['30 d', 'the last 30 days'], ['1 y', 'the last year'], ['24 h', 'the last 24 hours']] as const) {
    let questions = 0;
    const count = (request: { url: () => string }): void => void (questions += request.url().endsWith('/graphql') ? 1 : 0);
    page.on('request', count);
    const began = performance.now();
    await page.getByRole('button', { name: label }).click();
    await expect.poll(summary, { interval: 5, timeout: 8000 }).toContain(title);
    took[label] = Math.round(performance.now() - began);
    page.off('request', count);
    expect(questions).toBe(1);
    expect(Number(await page.getByRole('slider').getAttribute('data-points'))).toBeGreaterThan(1);
  }
  console.log('milliseconds from the tap to the words of the chart:', took);
  await expectAccessible(page);
});

test('the chart can be read by keyboard', async () => {
  await openNumber();
  await page.getByRole('slider').press('ArrowLeft');
  await page.getByRole('slider').press('ArrowLeft');
  expect(await page.getByTestId('inspected').innerText()).toMatch(/\d/);
});

test('health and new devices are shown', async () => {
  const nav = page.getByRole('navigation', { name: 'Main' });
  await nav.getByRole('link', { name: /Health/ }).click();
  await page.getByRole('heading', { name: 'Receivers' }).waitFor();
  await expectAccessible(page);
  await nav.getByRole('link', { name: /New devices/ }).click();
  await page.getByRole('heading', { level: 1, name: 'New devices' }).waitFor();
  await expectAccessible(page);
});
