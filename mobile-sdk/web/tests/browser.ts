// Chromium for the page tests, without a network of its own.

import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';
import { expect } from 'vitest';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

export const PHONE: BrowserContextOptions = {
  viewport: { width: 390, height: 844 },
  deviceScaleFactor: 2,
  hasTouch: true,
  isMobile: true,
  locale: 'en-GB',
  timezoneId: 'Europe/Berlin',
};

/** $CHROMIUM, or where Debian, Ubuntu and Google's package put it. */
function executable(): string {
  const places = ['/usr/bin/chromium', '/snap/bin/chromium', '/usr/bin/google-chrome'];
  const found = process.env['CHROMIUM'] ?? places.find((place) => existsSync(place));
  if (found === undefined) throw new Error(`no Chromium at ${places.join(', ')}: install it, or set CHROMIUM to its path`);
  return found;
}

export const launch = (): Promise<Browser> =>
  chromium.launch({
    executablePath: executable(),
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });

/** What a page complained of, and what it asked of other hosts: both must stay empty. */
export interface Watched {
  page: Page;
  complaints: string[];
  strangers: string[];
}

export async function open(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<Watched> {
  const context = await browser.newContext({ ...PHONE, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(8000);
  const watched: Watched = { page, complaints: [], strangers: [] };
  page.on('console', (message) => {
    // A broken line is a test's own doing; the browser reports it in this form.
    if (message.type() === 'error' && !/ERR_|WebSocket connection/.test(message.text())) watched.complaints.push(message.text());
  });
  page.on('pageerror', (error) => watched.complaints.push(String(error)));
  const host = new URL(url).host;
  page.on('request', (request) => {
    const target = new URL(request.url());
    if (target.protocol !== 'data:' && target.host !== host) watched.strangers.push(request.url());
  });
  await page.goto(url);
  return watched;
}

interface AxeResult {
  violations: { id: string; nodes: { html: string; failureSummary: string }[] }[];
}

/** WCAG 2.2 AA and axe's best practices, on what is shown now. */
export async function expectAccessible(page: Page): Promise<void> {
  // Through the debugger's own world of scripts, which the page's Content-Security-Policy does not bind.
  await page.evaluate(AXE);
  const { violations } = (await page.evaluate(
    `axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] })`,
  )) as AxeResult;
  expect(violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html}: ${node.failureSummary}`))).toEqual([]);
}

/** Nothing is wider than the screen. */
export async function expectNoSideScroll(page: Page): Promise<void> {
  const [wide, seen] = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
  expect(wide).toBe(seen);
}

/** How many pixels of the chart have the colour of this custom property. */
export const inkOf = (page: Page, property: string): Promise<number> =>
  page.evaluate((name) => {
    const canvas = document.querySelector('canvas');
    const context = canvas?.getContext('2d');
    if (!canvas || !context) return 0;
    const hex = getComputedStyle(document.documentElement).getPropertyValue(name).trim();
    const [red, green, blue] = [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16));
    const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
    let ink = 0;
    for (let i = 0; i < data.length; i += 4) {
      if (data[i] === red && data[i + 1] === green && data[i + 2] === blue && data[i + 3] === 255) ink += 1;
    }
    return ink;
  }, property);
