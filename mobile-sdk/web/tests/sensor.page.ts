import type { Page } from 'playwright-core';
import { beforeEach, expect, test } from 'vitest';
import { expectAccessible, expectNoSideScroll, inkOf } from './browser';
import { hub, page, setStage } from './stage';

setStage();
beforeEach(async () => {
  await page.getByRole('link', { name: 'Bookshelf' }).click();
  await page.locator('canvas').waitFor();
});

const summary = async (): Promise<string> => ((await page.getByTestId('summary').textContent()) ?? '').replaceAll('\u00a0', ' ');
const histories = () => hub.asked.filter(({ name, variables }) => name === 'History' && (variables['sensors'] as string[]).length === 1);

/** The chart is in one piece with its words: canvas painted, summary of the same range. */
async function drawn(range: string): Promise<void> {
  await expect.poll(summary).toContain(range);
  await expect.poll(() => inkOf(page, '--warm')).toBeGreaterThan(300);
}

test('a day and a year are each drawn after one question of the same size', async () => {
  await drawn('the last 24 hours');
  await page.getByRole('button', { name: '1 y' }).click();
  await drawn('the last year');
  await page.reload();
  await drawn('the last year');
  const [day, year] = histories();
  expect(histories()).toHaveLength(3);
  expect(day?.variables['maxPoints']).toBe(year?.variables['maxPoints']);
  expect(year?.variables['maxPoints']).toBeLessThanOrEqual(2 * 390);
  const span = ({ from, to }: Record<string, unknown>): number => Date.parse(String(to)) - Date.parse(String(from));
  expect(span(day?.variables ?? {})).toBe(86_400_000);
  expect(span(year?.variables ?? {})).toBe(365 * 86_400_000);
});

test('nothing is drawn where nothing was measured', async () => {
  await drawn('the last 24 hours');
  expect(await summary()).toContain('One gap without readings, 2 h in all.');
  // The fixture is silent from 16/24 to 18/24 of the window; look at the middle of that.
  const inks = await inkByColumn(page);
  const [left, right] = [inks.findIndex((ink) => ink > 0), inks.findLastIndex((ink) => ink > 0)];
  const at = (part: number): number => Math.round(left + part * (right - left));
  const inGap = inks.slice(at(0.69), at(0.73));
  expect(inGap.length).toBeGreaterThan(5);
  expect(Math.max(...inGap)).toBe(0);
  expect(Math.min(...inks.slice(at(0.3), at(0.34)))).toBeGreaterThan(0);
});

/** Pixels of the line's colour in each column of the canvas. */
async function inkByColumn(page: Page): Promise<number[]> {
  return page.evaluate(() => {
    const canvas = document.querySelector('canvas');
    const context = canvas?.getContext('2d');
    if (!canvas || !context) return [];
    const { data, width, height } = context.getImageData(0, 0, canvas.width, canvas.height);
    return Array.from({ length: width }, (_, x) => {
      let ink = 0;
      for (let y = 0; y < height; y += 1) {
        const at = (y * width + x) * 4;
        // The warm line and its band are far more red than blue; text and grid are nearly grey.
        if ((data[at + 3] ?? 0) > 30 && (data[at] ?? 0) - (data[at + 2] ?? 0) > 90) ink += 1;
      }
      return ink;
    });
  });
}

test('the chart moves with live data', async () => {
  await drawn('the last 24 hours');
  hub.measure('shelf:temperature', 31.5);
  await expect.poll(summary).toContain('now 31.5 °C');
  expect(await summary()).toContain('highest 31.5 °C');
  expect(histories()).toHaveLength(1);
});

test('the keyboard goes from point to point, and each value is said', async () => {
  await drawn('the last 24 hours');
  const chart = page.getByRole('slider');
  const value = () => page.getByTestId('inspected').innerText();
  expect(await value()).toBe('');
  expect(await page.getByTestId('inspected').getAttribute('aria-live')).toBe('polite');
  await chart.press('ArrowLeft');
  const last = Number(await chart.getAttribute('aria-valuenow'));
  expect(last).toBe(Number(await chart.getAttribute('aria-valuemax')));
  expect(await value()).toMatch(/^\d+\.\d\s°C/);
  await chart.press('ArrowLeft');
  expect(Number(await chart.getAttribute('aria-valuenow'))).toBe(last - 1);
  await chart.press('PageDown');
  expect(Number(await chart.getAttribute('aria-valuenow'))).toBe(last - 11);
  expect(await chart.getAttribute('aria-valuetext')).toMatch(/^\w{3} \d+ \w+, \d\d:\d\d–\d\d:\d\d$/);
  await chart.press('Home');
  expect(await chart.getAttribute('aria-valuenow')).toBe('0');
  await chart.press('Escape');
  expect(await value()).toBe('');
});

test('live data does not move the point that is being inspected', async () => {
  await drawn('the last 24 hours');
  const chart = page.getByRole('slider');
  await chart.press('Home');
  await chart.press('PageUp');
  const text = await chart.getAttribute('aria-valuetext');
  hub.measure('shelf:temperature', 30);
  await expect.poll(summary).toContain('now 30.0');
  expect(await chart.getAttribute('aria-valuetext')).toBe(text);
});

test('a finger on the chart shows the point under it', async () => {
  await drawn('the last 24 hours');
  const box = await page.locator('.u-over').boundingBox();
  if (!box) throw new Error('no plot');
  await page.touchscreen.tap(box.x + box.width * 0.3, box.y + box.height / 2);
  await expect.poll(() => page.getByTestId('inspected').innerText()).toMatch(/°C/);
});

test('where times are estimated is said', async () => {
  await page.getByText(/Times from .+ to .+ are estimated: the sensor had started anew/).last().waitFor();
  await expect.poll(summary).toMatch(/are estimated/);
});

test('the same figures are in a table', async () => {
  await page.getByText('Show as a table').click();
  const rows = page.getByRole('row');
  await expect.poll(() => rows.count()).toBe(51);
  expect(await rows.first().innerText()).toMatch(/When\s+Lowest\s+Mean\s+Highest/);
  await page.getByRole('button', { name: /^Show 50 more/ }).click();
  await expect.poll(() => rows.count()).toBe(101);
  await expectAccessible(page);
});

test('a door has states and shares, not means', async () => {
  await page.getByRole('link', { name: 'Home', exact: true }).first().click();
  await page.getByRole('link', { name: 'Front door' }).click();
  await expect.poll(summary).toMatch(/now closed, open in 50 % of the readings/);
  await page.getByText('Show as a table').click();
  await page.getByRole('row').nth(1).getByText('closed').waitFor();
});

test('another quantity of the device is one tap away', async () => {
  await page.getByRole('link', { name: 'Carbon dioxide' }).click();
  await expect.poll(summary).toContain('Carbon dioxide in the last 24 hours: now 812 ppm');
});

test('a sensor that is not in the home is said', async () => {
  await page.goto(`${hub.url}#/sensor/nobody`);
  await page.getByRole('heading', { name: 'This sensor is not in the home' }).waitFor();
});

test.each(['light', 'dark'] as const)('the chart is accessible in the %s theme and fits 360 px', async (colorScheme) => {
  await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
  await drawn('the last 24 hours');
  await expectAccessible(page);
  await page.setViewportSize({ width: 360, height: 740 });
  await drawn('the last 24 hours');
  await expectNoSideScroll(page);
});
