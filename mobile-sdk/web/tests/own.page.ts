import { beforeEach, expect, test } from 'vitest';
import { expectAccessible, expectNoSideScroll } from './browser';
import { rollout } from './hub/rollouts';
import { paired, type Paired } from './hub/sensors';
import { hub, page, sent, setStage } from './stage';

let own: Paired;

setStage(null);
beforeEach(async () => {
  own = paired('5e39789127937f40');
  const shelf = hub.house.devices.find(({ id }) => id === 'shelf');
  if (shelf) shelf.pairedSensor = own;
  await page.clock.install();
});

const sensor = () => page.getByRole('region', { name: 'Sensor', exact: true });
const fact = async (name: string): Promise<string> =>
  (await sensor().locator('dl > div').filter({ hasText: name }).locator('dd').innerText()).replaceAll('\u00a0', ' ');

async function show(): Promise<void> {
  await page.goto(`${hub.url}#/device/shelf`);
  await sensor().getByText('Firmware').waitFor();
}

test('a sensor of ours shows how it is and what it does; others have nothing of that', async () => {
  own.trouble = 'the link was lost while settings were told';
  await show();
  expect(await fact('Firmware')).toBe('1.4.2.0');
  expect(await fact('Battery under load')).toMatch(/^2\.91 V\s+4 min ago$/);
  expect(await fact('Sends every')).toBe('5 s');
  await sensor().getByText('When the hub last spoke with it: the link was lost while settings were told.').waitFor();
  // Its key is the hub's and the sensor's own.
  expect(await page.getByLabel('Encryption key').count()).toBe(0);
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    await expectAccessible(page);
  }
  await page.setViewportSize({ width: 360, height: 740 });
  await expectNoSideScroll(page);
  await page.goto(`${hub.url}#/device/front`);
  await page.getByRole('region', { name: 'History' }).getByRole('checkbox').waitFor();
  expect(await sensor().count()).toBe(0);
  expect(await page.getByRole('region', { name: 'Release' }).count()).toBe(0);
});

test('what is changed is not told yet until the sensor says that it does it', async () => {
  await show();
  await sensor().getByText('Change what it does').click();
  await sensor().getByLabel('Measures every').fill('120');
  await sensor().getByLabel('Sends with').fill('-8');
  await expectAccessible(page);
  await sensor().getByRole('button', { name: 'Save' }).click();
  await sensor().getByText('2\u00a0min: not told yet').waitFor();
  await sensor().getByText('It is told in its next window, within 10').waitFor();
  expect(await fact('Measures every')).toMatch(/^1 min\s+2 min: not told yet$/);
  expect(await fact('Sends with')).toMatch(/^0 dBm\s+−8 dBm: not told yet$/);
  const [input] = sent('SetSensor');
  expect(input).toEqual({ deviceId: 'shelf', samplingS: 120, txPowerDbm: -8, clientMutationId: input?.['clientMutationId'] });
  await expectAccessible(page);
  own.reportedSettings = own.desiredSettings;
  await page.clock.fastForward(10_000);
  await sensor().getByText('not told yet').first().waitFor({ state: 'detached' });
  expect(await fact('Measures every')).toBe('2 min');
});

test('a setting that the hub refuses is said in its words', async () => {
  await show();
  await sensor().getByText('Change what it does').click();
  await sensor().getByLabel('Can be told something every').fill('30');
  await sensor().getByRole('button', { name: 'Save' }).click();
  await sensor().getByRole('alert').getByText('The window interval is 30 s; expected 60 to 43200 s, or 0 for none.').waitFor();
});

test('what was not asked since the hub started is not claimed', async () => {
  [own.report, own.reportedSettings] = [null, null];
  await show();
  expect(await fact('Battery under load')).toBe('not asked yet');
  await sensor().getByText('was not asked yet since the hub started').waitFor();
});

test('a sensor is released after it is said what that means', async () => {
  await show();
  await page.getByRole('button', { name: 'Release Bookshelf…' }).click();
  const dialog = page.getByRole('dialog', { name: 'Release Bookshelf?' });
  await dialog.getByText('forgets its key').waitFor();
  await dialog.getByText('history stays').waitFor();
  await expectAccessible(page);
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  expect(sent('ReleaseSensor')).toEqual([]);
  await page.getByRole('button', { name: 'Release Bookshelf…' }).click();
  await dialog.getByRole('button', { name: 'Release', exact: true }).click();
  await page.getByRole('region', { name: 'Release' }).getByText('It is released in its next window').waitFor();
  expect(sent('ReleaseSensor')).toMatchObject([{ deviceId: 'shelf' }]);
});

test('what is typed stays while the hub is asked again', async () => {
  await show();
  const days = page.getByLabel('As long as the hub keeps everything');
  await days.uncheck();
  await sensor().getByText('Change what it does').click();
  await sensor().getByLabel('Measures every').fill('45');
  const before = hub.asked.filter(({ name }) => name === 'DeviceDetail').length;
  await page.clock.fastForward(10_000);
  await expect.poll(() => hub.asked.filter(({ name }) => name === 'DeviceDetail').length).toBeGreaterThan(before);
  hub.rename('bed', 'Bed');
  await expect.poll(() => hub.asked.filter(({ name }) => name === 'DeviceDetail').length).toBeGreaterThan(before + 1);
  expect(await sensor().getByLabel('Measures every').inputValue()).toBe('45');
  expect(await days.isChecked()).toBe(false);
});

test('an update of sensors is shown with how far it is, and is paused, resumed and stopped for good', async () => {
  const update = rollout('1.5.0.0', 'HALTED');
  update.halt = { ring: 1, judged: '3', failed: '2', reason: 'the image did not start' };
  hub.rollouts = [rollout('1.4.2.0', 'COMPLETE'), update];
  await page.goto(`${hub.url}#/health`);
  const card = page.getByRole('region', { name: 'Update 1.5.0.0' });
  await card.getByText('Halted in ring 1 of 3: too many failed').waitFor();
  await card.getByText('2 of 3 failed, the last so: the image did not start.').waitFor();
  expect(await page.getByRole('region', { name: 'Update 1.4.2.0' }).getByRole('button').count()).toBe(0);
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    await expectAccessible(page);
  }
  await page.setViewportSize({ width: 360, height: 740 });
  await expectNoSideScroll(page);
  await card.getByRole('button', { name: 'Go on' }).click();
  await card.getByText('Goes on, ring 1 of 3').waitFor();
  await card.getByRole('button', { name: 'Pause' }).click();
  await card.getByText('Paused in ring 1 of 3').waitFor();
  await card.getByRole('button', { name: 'Stop for good…' }).click();
  await page.getByRole('dialog').getByText('go back to the version before').waitFor();
  await expectAccessible(page);
  await page.getByRole('dialog').getByRole('button', { name: 'Stop for good' }).click();
  await card.getByText('Ended: it was stopped').waitFor();
  expect(['ResumeRollout', 'PauseRollout', 'AbortRollout'].map((name) => sent(name).length)).toEqual([1, 1, 1]);
});
