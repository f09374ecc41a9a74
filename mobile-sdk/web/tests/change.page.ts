import { expect, test } from 'vitest';
import { expectAccessible, expectNoSideScroll, open } from './browser';
import { browser, hub, page, sent, setStage } from './stage';

setStage();

const device = (id: string) => hub.house.devices.find((candidate) => candidate.id === id);

async function settings(name: string): Promise<void> {
  await page.getByRole('link', { name }).click();
  await page.getByRole('link', { name: `Settings of ${name}` }).click();
  await page.getByRole('heading', { name: 'Calibration' }).waitFor();
}

test('new devices are shown with what they measure, and one is adopted into a new room', async () => {
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: /New devices/ }).click();
  const item = page.getByRole('listitem').filter({ hasText: 'BTHome 3F:20' });
  expect((await item.innerText()).replaceAll('\u00a0', ' ')).toContain('20.1 °C');
  await item.getByRole('button', { name: 'Adopt' }).click();
  await page.getByLabel('Name', { exact: true }).fill('Attic');
  await page.getByRole('combobox', { name: 'Room' }).selectOption('New room…');
  await page.getByLabel('Name of the new room').fill('Under the roof');
  await expectAccessible(page);
  await page.getByRole('dialog').getByRole('button', { name: 'Adopt' }).click();
  await page.getByText('is in your home now').waitFor();
  expect(device('new-plain')).toMatchObject({ isAdopted: true, name: 'Attic', room: { name: 'Under the roof' } });
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Home' }).click();
  await page.getByRole('heading', { name: 'Under the roof' }).waitFor();
  await page.getByRole('link', { name: 'Attic' }).waitFor();
});

test('an encrypted device asks for its key; a wrong one is explained and can be corrected', async () => {
  await page.goto(`${hub.url}#/new`);
  await page.getByRole('button', { name: 'Adopt BTHome 7A:04' }).click();
  const dialog = page.getByRole('dialog');
  const key = dialog.getByLabel('Encryption key');
  const adopt = dialog.getByRole('button', { name: 'Adopt' });
  await key.fill('23 1d');
  await key.blur();
  await dialog.getByText('A key has 32 digits').waitFor();
  expect(await key.getAttribute('aria-invalid')).toBe('true');
  await adopt.click();
  await dialog.getByRole('alert').getByText('The key must have 32 hex digits.').waitFor();
  expect(sent('Adopt')).toEqual([]);
  await key.fill('ff'.repeat(16));
  await adopt.click();
  await dialog.getByText('This key does not open what the device sends.').waitFor();
  await key.fill('23:1D:39:C1:D7:CC:1A:B1:AE:E2:24:CD:09:6D:B9:32');
  await adopt.click();
  await page.getByText('is in your home now').waitFor();
  expect(sent('Adopt').at(-1)).toMatchObject({ deviceId: 'new-locked', bindKey: '231d39c1d7cc1ab1aee224cd096db932' });
});

test('the dialog closes on Escape and gives the focus back', async () => {
  await page.goto(`${hub.url}#/new`);
  const adopt = page.getByRole('button', { name: 'Adopt BTHome 3F:20' });
  await adopt.focus();
  await page.keyboard.press('Enter');
  await page.getByRole('dialog').waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await expect.poll(() => adopt.evaluate((button) => button === document.activeElement)).toBe(true);
});

test('a change whose answer is lost is made once, under one number', async () => {
  await settings('Bookshelf');
  hub.losesNextAnswer = true;
  const form = page.getByRole('region', { name: 'Name and room' });
  await form.getByLabel('Name').fill('Window shelf');
  await form.getByRole('button', { name: 'Save' }).click();
  await form.getByText('Saved').waitFor();
  const ids = sent('NameDevice').map((input) => input['clientMutationId']);
  expect(ids).toHaveLength(2);
  expect(new Set(ids).size).toBe(1);
  await page.getByRole('heading', { level: 1, name: 'Window shelf' }).waitFor();
});

test('a device moves to another room, on every page that is open', async () => {
  const other = await open(browser, hub.url);
  await other.page.getByRole('region', { name: 'Living room' }).getByRole('link', { name: 'Bookshelf' }).waitFor();
  await settings('Bookshelf');
  const form = page.getByRole('region', { name: 'Name and room' });
  await form.getByLabel('Room').selectOption('Cellar');
  await form.getByRole('button', { name: 'Save' }).click();
  await form.getByText('Saved').waitFor();
  await other.page.getByRole('region', { name: 'Cellar' }).getByRole('link', { name: 'Bookshelf' }).waitFor();
  await other.page.context().close();
});

test('an offset is shown before it is saved, and a refusal is said in the hub’s words', async () => {
  await settings('Bookshelf');
  const form = page.getByRole('region', { name: 'Calibration' });
  await form.getByLabel('Offset in °C').fill('-0.5');
  await form.getByText('would show 20.9').waitFor();
  await form.getByLabel('Offset in °C').fill('50');
  await form.getByRole('button', { name: 'Save' }).click();
  await form.getByRole('alert').getByText('The offset must be from -10 to 10 °C.').waitFor();
  await form.getByLabel('Offset in °C').fill('-0.5');
  await form.getByRole('button', { name: 'Save' }).click();
  await form.getByText('Saved').waitFor();
  expect(hub.sensor('shelf:temperature').calibrationOffset).toBe(-0.5);
});

test('how long readings are kept can be set', async () => {
  await settings('Bookshelf');
  const form = page.getByRole('region', { name: 'History' });
  await form.getByLabel('As long as the hub keeps everything').uncheck();
  await form.getByLabel('Keep each reading for').selectOption('90 days');
  await form.getByLabel('Keep hourly and daily figures for').selectOption('ever');
  await form.getByRole('button', { name: 'Save' }).click();
  await expect.poll(() => device('shelf')?.retention).toEqual({ rawDays: 90, rollupDays: null, isDefault: false });
});

test('a device is removed only after it is asked for twice', async () => {
  await settings('Bookshelf');
  await page.getByRole('button', { name: 'Remove Bookshelf…' }).click();
  const dialog = page.getByRole('dialog', { name: 'Remove Bookshelf?' });
  await expectAccessible(page);
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  expect(sent('RemoveDevice')).toEqual([]);
  await page.getByRole('button', { name: 'Remove Bookshelf…' }).click();
  await dialog.getByRole('button', { name: 'Remove' }).click();
  await page.getByRole('heading', { name: 'Living room' }).waitFor();
  expect(sent('RemoveDevice')).toMatchObject([{ deviceId: 'shelf', keepHistory: true }]);
  expect(await page.getByRole('link', { name: 'Bookshelf' }).count()).toBe(0);
});

test('a room is renamed and another removed', async () => {
  await page.getByRole('button', { name: 'Edit rooms…' }).click();
  const dialog = page.getByRole('dialog', { name: 'Rooms' });
  await dialog.getByLabel('Which room').selectOption('Hall');
  await dialog.getByLabel('Its name').fill('Entrance');
  await dialog.getByRole('button', { name: 'Rename' }).click();
  await page.getByRole('heading', { name: 'Entrance' }).waitFor();
  await dialog.getByLabel('Which room').selectOption('Cellar');
  await expectAccessible(page);
  await dialog.getByRole('button', { name: 'Remove Cellar' }).click();
  await page.getByRole('heading', { name: 'No room' }).waitFor();
});

test('health shows what needs the owner, with what to do', async () => {
  hub.alerts = [
    {
      kind: 'RECEIVER_DOWN',
      severity: 'CRITICAL',
      device: null,
      advice: 'The adapter hci0 is gone. Plug it in again.',
      since: new Date(Date.now() - 600_000).toISOString(),
    },
  ];
  await page.reload();
  await page.getByRole('link', { name: /Health.*needs you|needs you.*Health/ }).click();
  await page.getByText('The adapter hci0 is gone').waitFor();
  for (const text of ['Wrong key, or forged', 'listening, 48,211 adverts', '18.4 MB', '41a47266c95f']) {
    await page.getByText(text).first().waitFor();
  }
  await expectAccessible(page);
});

test.each([
  ['new devices', '#/new', 'BTHome 3F:20'],
  ['settings', '#/device/shelf', 'Calibration'],
  ['health', '#/health', 'Receivers'],
])('%s are accessible in both themes and fit 360 px', async (_, place, heading) => {
  await page.goto(`${hub.url}${place}`);
  await page.getByRole('heading', { name: heading }).waitFor();
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    await expectAccessible(page);
  }
  await page.setViewportSize({ width: 360, height: 740 });
  await expectNoSideScroll(page);
});
