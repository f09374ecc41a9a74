// Takes pictures of the page, each view in both themes, into the folder $SHOTS; and lays three of them side by side as
// docs/page.png, the picture of the README. Run by hand: `npm run picture`, with HUB_URL for a real hub.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { launch, open } from './browser';
import { FakeHub } from './hub/fake';

const SHOTS = process.env['SHOTS'] ?? '/tmp/ingle-shots';
const PICTURE = new URL('../docs/page.png', import.meta.url).pathname;

async function shoot(page: Page, name: string): Promise<void> {
  await page.evaluate(() => document.fonts.ready);
  writeFileSync(join(SHOTS, `${name}.png`), await page.screenshot({ animations: 'disabled' }));
}

async function view(page: Page, url: string, scheme: 'light' | 'dark'): Promise<void> {
  await page.emulateMedia({ colorScheme: scheme });
  await page.goto(`${url}#/`);
  await page.locator('.spark path[d^="M"]').first().waitFor({ state: 'attached' });
  await shoot(page, `home-${scheme}`);
  await page.getByRole('article').first().getByRole('link').click();
  await page.locator('canvas').waitFor();
  await shoot(page, `day-${scheme}`);
  await page.getByRole('slider').press('ArrowLeft');
  for (let i = 0; i < 4; i += 1) await page.keyboard.press('PageDown');
  await shoot(page, `inspect-${scheme}`);
  await page.getByRole('button', { name: '1 y' }).click();
  await expect.poll(() => page.getByTestId('summary').textContent()).toContain('last year');
  await page.getByRole('button', { name: '1 y' }).blur();
  await shoot(page, `year-${scheme}`);
  await page.getByRole('link', { name: /^Settings of/ }).click();
  await page.getByRole('heading', { name: 'Calibration' }).waitFor();
  await shoot(page, `device-${scheme}`);
  await page.goto(`${url}#/new`);
  await page.getByRole('heading', { name: 'New devices', level: 1 }).waitFor();
  await shoot(page, `new-${scheme}`);
  const adopt = page.getByRole('button', { name: /^Adopt/ });
  if ((await adopt.count()) > 0) {
    await adopt.last().click();
    await shoot(page, `adopt-${scheme}`);
  }
  await page.goto(`${url}#/health`);
  await page.reload();
  await page.getByRole('heading', { name: 'Receivers' }).waitFor();
  await shoot(page, `health-${scheme}`);
}

async function compose(browser: Browser): Promise<void> {
  const page = await browser.newPage({ viewport: { width: 1020, height: 720 } });
  const image = (name: string): string =>
    `<img src="data:image/png;base64,${readFileSync(join(SHOTS, `${name}.png`)).toString('base64')}">`;
  await page.setContent(
    `<style>body{margin:0;display:flex;justify-content:center;gap:24px;padding:24px;background:#d9d2c7;box-sizing:border-box}
     img{width:308px;border-radius:22px;box-shadow:0 10px 30px -12px #3b2a1c88}</style>
     ${image('home-light')}${image('year-light')}${image('day-dark')}`,
  );
  await page.screenshot({ path: PICTURE });
}

test('pictures are taken', async () => {
  mkdirSync(SHOTS, { recursive: true });
  const hub = process.env['HUB_URL'] ? null : await FakeHub.start();
  const url = hub?.url ?? process.env['HUB_URL'] ?? '';
  if (hub) {
    hub.alerts = [
      {
        kind: 'AUTHENTICATION_FAILURES',
        severity: 'WARNING',
        device: hub.house.devices[2],
        advice: 'Messages of Bedside do not open with its key. Check the key on its settings page.',
        since: new Date(Date.now() - 7_200_000).toISOString(),
      },
    ];
  }
  const browser = await launch();
  for (const scheme of ['light', 'dark'] as const) {
    const { page } = await open(browser, url);
    await view(page, url, scheme);
    await page.context().close();
  }
  const { page } = await open(browser, url, { viewport: { width: 1280, height: 860 }, deviceScaleFactor: 1, isMobile: false });
  await page.locator('.spark path[d^="M"]').first().waitFor({ state: 'attached' });
  await shoot(page, 'desktop');
  await page.getByRole('article').first().getByRole('link').click();
  await page.locator('canvas').waitFor();
  await shoot(page, 'desktop-day');
  await compose(browser);
  await browser.close();
  await hub?.stop();
});
