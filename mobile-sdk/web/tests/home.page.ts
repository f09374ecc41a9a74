import { expect, test } from 'vitest';
import { expectAccessible, expectNoSideScroll } from './browser';
import { hub, page, setStage } from './stage';

setStage();

const card = (name: string) => page.getByRole('article').filter({ has: page.getByRole('heading', { name }) });

test('rooms show their sensors with value, unit, age and battery', async () => {
  expect(await page.getByRole('heading', { level: 2 }).allInnerTexts()).toEqual(['Living room', 'Bedroom', 'Hall', 'Cellar']);
  const shelf = (await card('Bookshelf').innerText()).replaceAll('\u00a0', ' ');
  for (const text of ['21.4', '°C', '48 %', '812 ppm', '82 %']) expect(shelf).toContain(text);
  expect(shelf).toMatch(/\d+ s ago/);
});

test('binary sensors and silence are said in words, not only in colour', async () => {
  expect(await card('Front door').innerText()).toMatch(/closed/i);
  expect(await card('Stairs').innerText()).toMatch(/motion/i);
  const boiler = (await card('Boiler room').innerText()).replaceAll('\u00a0', ' ');
  expect(boiler).toContain('silent, last heard 3 h ago');
  expect(boiler).toMatch(/4 %\s+empty/);
});

test('a new reading changes its card, and the age ticks on', async () => {
  hub.measure('shelf:temperature', 22.84);
  await card('Bookshelf').getByText('22.8').waitFor();
  await card('Bookshelf').getByText('now').waitFor();
  await card('Bookshelf').getByText(/[2-9]\ss ago/).waitFor();
});

test('an alarm changes the card, in words too', async () => {
  hub.measure('front:door', 1);
  await card('Front door').getByText('open').waitFor();
});

test('after a lost line the page goes on from the last event and misses nothing', async () => {
  hub.measure('shelf:temperature', 22);
  await card('Bookshelf').getByText('22.0').waitFor();
  const seen = hub.cursor;
  hub.cut(true);
  hub.measure('bed:temperature', 19.5);
  await card('Bedside').getByText('19.5').waitFor();
  expect(hub.resumedAfter.at(-1)).toBe(seen);
  expect(hub.asked.filter(({ name }) => name === 'Home')).toHaveLength(1);
});

test('when it was away for too long the page reads everything again', async () => {
  hub.sensor('shelf:temperature').value = 25;
  hub.sensor('shelf:temperature').at = Date.now();
  hub.resync();
  await card('Bookshelf').getByText('25.0').waitFor();
  await expect.poll(() => hub.resumedAfter.length).toBe(2);
  expect(hub.resumedAfter[1]).toBe(hub.cursor);
});

test('a snapshot that was overtaken by a newer one is not taken', async () => {
  let arrive = (): void => undefined;
  hub.delaysNextHome = new Promise((done) => (arrive = done));
  const asked = () => hub.asked.filter(({ name }) => name === 'Home').length;
  hub.rename('bed', 'First name');
  await expect.poll(asked).toBe(2);
  hub.rename('bed', 'Second name');
  await card('Second name').waitFor();
  const late = page.waitForResponse((response) => response.url().endsWith('/graphql'));
  arrive();
  await late;
  hub.measure('bed:temperature', 20.5);
  await card('Second name').getByText('20.5').waitFor();
});

test('a hub that is gone is said, with the last values kept, and its return is noticed', async () => {
  hub.cut(false);
  await page.getByText('Reconnecting…').waitFor();
  await page.getByRole('alert').getByText('The hub does not answer').waitFor({ timeout: 20_000 });
  expect(await card('Bookshelf').innerText()).toContain('21.4');
  await expectAccessible(page);
  hub.restore();
  await page.getByText('Live', { exact: true }).waitFor({ timeout: 20_000 });
  expect(await page.getByRole('alert').count()).toBe(0);
});

test('a phone that loses its network is offline at once', async () => {
  await page.context().setOffline(true);
  hub.cut(true);
  await page.getByText('Offline', { exact: true }).waitFor();
  await page.context().setOffline(false);
  await page.getByText('Live', { exact: true }).waitFor();
});

test('a clock that is not set is said', async () => {
  hub.clockQuality = 'ESTIMATED';
  await page.reload();
  await page.getByText('clock is not set yet').waitFor();
});

test('the theme follows the system until the owner chooses, and the choice stays', async () => {
  const paper = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const light = await paper();
  await page.emulateMedia({ colorScheme: 'dark' });
  const dark = await paper();
  expect(dark).not.toBe(light);
  await page.getByRole('button', { name: /^Theme/ }).click();
  expect(await paper()).toBe(light);
  await page.reload();
  expect(await paper()).toBe(light);
});

test.each(['light', 'dark'] as const)('the home is accessible in the %s theme and fits 360 px', async (colorScheme) => {
  await page.emulateMedia({ colorScheme });
  await expectAccessible(page);
  await page.setViewportSize({ width: 360, height: 740 });
  await expectNoSideScroll(page);
});

test('a card is opened by keyboard, and the focus goes to the new page', async () => {
  await page.getByRole('link', { name: 'Bookshelf' }).focus();
  await page.keyboard.press('Enter');
  await expect.poll(() => page.evaluate(() => document.activeElement?.textContent)).toBe('Bookshelf');
});
