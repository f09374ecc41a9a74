import { expect, test } from 'vitest';
import { expectAccessible, expectNoSideScroll, open } from './browser';
import { browser, hub, page, sent, setStage } from './stage';

/** The labels of the firmware's own vectors. */
const LABEL = 'HS1:X50Z70.B7YFI4TI978-1AT.N/PD0/S7EOL$KSH8FY34AHCSS:65S.L*N0H%AXGF.YFN.DR-8551KPE+SCI-E8R1B-EGFDV3';
const UID = '5e39789127937f40';
const OTHER = `HS1:V5${'0'.repeat(85)} 10V9D+3`;

setStage('#/new');

const dialog = () => page.getByRole('dialog', { name: 'Pair a sensor' });
const label = () => dialog().getByLabel('Text of the QR code on its label');
const pairButton = () => dialog().getByRole('button', { name: 'Pair' });
const card = (name: string, on = page) => on.getByRole('region', { name: `Pairing of ${name}` });
const present = (name: string, on = page) => card(name, on).locator('[aria-current=step]');

async function begin(text: string, name = ''): Promise<void> {
  await page.getByRole('button', { name: 'Pair a sensor' }).click();
  await label().fill(text);
  await dialog().getByLabel('Name', { exact: true }).fill(name);
  await pairButton().click();
  await dialog().waitFor({ state: 'detached' });
}

test('a sensor is paired by the text of its label: each step is shown, and then its page', async () => {
  await page.getByRole('button', { name: 'Pair a sensor' }).click();
  await dialog().getByText('camera app').waitFor();
  await label().fill(` ${LABEL.toLowerCase()}\n`);
  await dialog().getByText('99 of 99 characters').waitFor();
  await dialog().getByLabel('Name', { exact: true }).fill('Bath');
  await dialog().getByRole('combobox', { name: 'Room' }).selectOption('New room…');
  await dialog().getByLabel('Name of the new room').fill('Bathroom');
  await expectAccessible(page);
  await pairButton().click();
  await card('Bath').getByText('Press the sensor’s button').waitFor();
  expect(sent('PairSensor')).toMatchObject([{ setupCode: LABEL, name: 'Bath', roomId: 'room-5' }]);
  await expectAccessible(page);
  for (const [step, words] of [
    ['FOUND', 'Found, connecting'],
    ['PROVING', 'Proving who it is'],
    ['SETTING_UP', 'Setting it up'],
    ['FIRST_READING', 'Waiting for its first reading'],
  ] as const) {
    hub.sensors.step(step);
    await present('Bath').getByText(words).waitFor();
    expect(await card('Bath').getByRole('status').innerText()).toBe(words);
  }
  hub.sensors.join('bath');
  await card('Bath').getByText('Paired').waitFor();
  await expectAccessible(page);
  await card('Bath').getByRole('link', { name: 'Open Bath' }).click();
  await page.getByRole('heading', { level: 1, name: 'Bath' }).waitFor();
  await page.getByRole('link', { name: 'Readings' }).waitFor();
});

test('what the hub cannot read is said at the field, and can be corrected', async () => {
  await page.getByRole('button', { name: 'Pair a sensor' }).click();
  await label().fill('MT:Y.K9042C00KA0648G00');
  await label().blur();
  await dialog().getByText('begins with HS1:').waitFor();
  expect(await label().getAttribute('aria-invalid')).toBe('true');
  await label().fill(LABEL.slice(0, 98));
  await dialog().getByText('98 of 99 characters').waitFor();
  await pairButton().click();
  await dialog().getByRole('alert').getByText('The code has 99 characters, but 98 were read.').waitFor();
  expect(await label().getAttribute('aria-invalid')).toBe('true');
  await expectAccessible(page);
  await label().fill(LABEL);
  expect(await label().getAttribute('aria-invalid')).toBe('false');
  await pairButton().click();
  await card('New sensor').getByText(UID).waitFor();
});

test('a pairing that failed says what to do, and is tried again with what was asked for', async () => {
  await begin(LABEL, 'Bath');
  hub.sensors.step('FAILED', { failure: 'NOT_FOUND', advice: 'the sensor was not found; press its button for a second' });
  await card('Bath').getByRole('alert').getByText('It was not paired: the sensor was not found; press its button for a second.').waitFor();
  await expectAccessible(page);
  await card('Bath').getByRole('button', { name: 'Try again' }).click();
  expect(await label().inputValue()).toBe(LABEL);
  expect(await dialog().getByLabel('Name', { exact: true }).inputValue()).toBe('Bath');
  await pairButton().click();
  await present('Bath').getByText('Looking for it').waitFor();
  expect(await page.getByRole('region', { name: /^Pairing of/ }).count()).toBe(1);
  expect(sent('PairSensor')).toHaveLength(2);
});

test('a pairing is called off while it runs', async () => {
  await begin(LABEL);
  await begin(OTHER, 'Attic');
  expect(hub.sensors.pairings.map(({ uid }) => uid)).toEqual([UID, '0000000000000000']);
  await card('New sensor').getByRole('button', { name: 'Cancel' }).click();
  await card('New sensor').waitFor({ state: 'detached' });
  await present('Attic').getByText('Looking for it').waitFor();
  expect(sent('CancelPairing')).toMatchObject([{ pairingId: 1 }]);
});

test('progress is seen after a reload and in another tab, and how it ended until it is put away', async () => {
  await begin(LABEL);
  const other = await open(browser, `${hub.url}#/new`);
  await present('New sensor', other.page).getByText('Looking for it').waitFor();
  hub.sensors.step('PROVING');
  await present('New sensor', other.page).getByText('Proving who it is').waitFor();
  await page.reload();
  await present('New sensor').getByText('Proving who it is').waitFor();
  hub.sensors.step('FAILED', { failure: 'LINK_LOST', advice: 'the connection to the sensor was lost' });
  await page.reload();
  await card('New sensor').getByText('the connection to the sensor was lost').waitFor();
  await card('New sensor').getByRole('button', { name: 'Close' }).click();
  await card('New sensor').waitFor({ state: 'detached' });
  await page.reload();
  await page.getByRole('button', { name: 'Adopt BTHome 3F:20' }).waitFor();
  expect(await card('New sensor').count()).toBe(0);
  await card('New sensor', other.page).getByRole('alert').waitFor();
  await other.page.context().close();
});

test('a step that was taken while the line was broken is shown when it is back', async () => {
  await begin(LABEL);
  hub.cut(false);
  await page.getByText('Reconnecting…').waitFor();
  hub.sensors.step('SETTING_UP');
  hub.restore();
  await present('New sensor').getByText('Setting it up').waitFor();
  // Another start of the hub: it has forgotten, and no event says so.
  hub.cut(false);
  hub.sensors.forget();
  await page.getByText('Reconnecting…').waitFor();
  hub.restore();
  await card('New sensor').getByText('the hub was started anew').waitFor();
});

test('a pairing whose answer is lost is begun once', async () => {
  hub.losesNextAnswer = true;
  await begin(LABEL);
  await present('New sensor').getByText('Looking for it').waitFor();
  expect(sent('PairSensor')).toHaveLength(2);
  expect(hub.sensors.pairings).toHaveLength(1);
});

test('a pairing fits 360 px in both themes', async () => {
  await begin(LABEL, 'A bathroom with a name that is as long as a name of a device can ');
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    await expectAccessible(page);
  }
  await page.setViewportSize({ width: 360, height: 740 });
  await expectNoSideScroll(page);
});
