// What the browser is made to load, and that it can be installed.

import { readdirSync, readFileSync, statSync } from 'node:fs';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launch, open } from './browser';
import { FakeHub } from './hub/fake';

/** Of everything that the first load brings, compressed. */
const BUDGET = 120_000;

const DIST = new URL('../dist/', import.meta.url).pathname;

let browser: Browser;
let hub: FakeHub;

beforeAll(async () => {
  hub = await FakeHub.start();
  browser = await launch();
});
afterAll(async () => {
  await browser.close();
  await hub.stop();
});

test('the first load is within its budget, and so is everything', async () => {
  const { page } = await open(browser, 'about:blank');
  let first = 0;
  page.on('response', (response) => {
    const { pathname } = new URL(response.url());
    if (pathname.startsWith('/graphql')) return;
    const file = `${DIST}${pathname === '/' ? 'index.html' : pathname.slice(1)}`;
    first += statSync(response.headers()['content-encoding'] === 'br' ? `${file}.br` : file).size;
  });
  await page.goto(hub.url);
  await page.getByRole('article').first().waitFor();
  await page.waitForLoadState('networkidle');
  const code = readdirSync(DIST, { recursive: true })
    .map(String)
    .filter((name) => /\.(html|js|css)$/.test(name));
  const all = code.reduce((sum, name) => sum + statSync(`${DIST}${name}.br`).size, 0);
  console.log(`first load ${first} bytes of ${BUDGET}; all code ${all} bytes (Brotli)`);
  expect(first).toBeGreaterThan(10_000);
  expect(Math.max(first, all)).toBeLessThanOrEqual(BUDGET);
  await page.context().close();
});

test('each compressed file is the file beside it', () => {
  const names = readdirSync(DIST, { recursive: true }).map(String);
  for (const [suffix, unpack] of [['.br', brotliDecompressSync], ['.gz', gunzipSync]] as const) {
    const packed = names.filter((name) => name.endsWith(suffix));
    expect(packed.length).toBeGreaterThanOrEqual(8);
    for (const name of packed) {
      const plain = readFileSync(`${DIST}${name.slice(0, -3)}`);
      const bytes = readFileSync(`${DIST}${name}`);
      expect(bytes.length).toBeLessThan(plain.length);
      expect(unpack(bytes).equals(plain)).toBe(true);
    }
  }
});

test('no file names another host', () => {
  const names = readdirSync(DIST, { recursive: true }).map(String).filter((name) => /\.(html|js|css|svg|webmanifest)$/.test(name));
  const strangers = names.flatMap((name) => [...readFileSync(`${DIST}${name}`, 'utf8').matchAll(/\b(?:https?|wss?):\/\/[\w.-]+/g)].map(([url]) => url));
  // Names of XML languages, and a page of Svelte's manual in the text of an error: none is ever fetched.
  expect(strangers.filter((url) => !/^https?:\/\/(www\.w3\.org|svelte\.dev)$/.test(url))).toEqual([]);
});

test('the page can be installed: a manifest whose icons exist', async () => {
  const { page } = await open(browser, hub.url);
  const manifest = await page.evaluate(async () => {
    const link = document.querySelector<HTMLLinkElement>('link[rel=manifest]');
    return (await fetch(link?.href ?? '')).json() as Promise<{ display: string; start_url: string; icons: { src: string; sizes: string }[] }>;
  });
  expect(manifest).toMatchObject({ display: 'standalone', start_url: '/' });
  expect(manifest.icons.map(({ sizes }) => sizes)).toEqual(expect.arrayContaining(['192x192', '512x512', 'any']));
  for (const { src } of manifest.icons) {
    expect(await page.evaluate(async (url) => (await fetch(url)).status, src)).toBe(200);
  }
  await page.context().close();
});
