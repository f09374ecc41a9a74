// GraphiQL in a browser that may reach nothing but the hub.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { chromium } from 'playwright-core';
import { startHub } from './hub.js';

const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);
const isBuilt = existsSync(new URL('../../graphiql/dist/index.html', import.meta.url));
const skip = (!executablePath && 'there is no Chromium') || (!isBuilt && 'GraphiQL is not built: cargo xtask web');

let hub, browser;
before(async () => {
  if (skip) return;
  hub = await startHub();
  browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
});
after(async () => {
  await browser?.close();
  hub?.stop();
});

async function open(query) {
  const page = await browser.newPage();
  const troubles = [];
  page.on('console', (message) => message.type() === 'error' && troubles.push(message.text()));
  page.on('pageerror', (error) => troubles.push(String(error)));
  page.on('request', (request) => {
    const url = request.url();
    if (!url.startsWith(hub.at('/')) && !url.startsWith('data:')) troubles.push(url);
  });
  await page.goto(hub.at('/graphiql'));
  const editor = page.locator('.graphiql-query-editor .CodeMirror');
  await editor.click();
  await page.evaluate((text) => document.querySelector('.graphiql-query-editor .CodeMirror').CodeMirror.setValue(text), query);
  // GraphiQL reads what is typed when the typist pauses; it knows then whether this is a subscription, and keeps it.
  await page.waitForFunction((text) => localStorage.getItem('graphiql:query') === text, query);
  return { page, troubles };
}

async function run(query, expected) {
  const { page, troubles } = await open(query);
  await page.locator('.graphiql-execute-button').click();
  await page.locator('.result-window').getByText(expected).first().waitFor({ timeout: 10_000 });
  await page.close();
  assert.deepEqual(troubles, []);
}

test('a query is answered, and nothing is loaded from elsewhere', { skip }, () => run('{ __typename }', 'Query'));

test('a subscription runs over the websocket', { skip }, () => run(hub.subscription, 'cursor'));

test('the schema is documented', { skip }, async () => {
  const { page, troubles } = await open('{ __typename }');
  await page.getByLabel('Show Documentation Explorer').click();
  await page.getByText('Root Types').waitFor({ timeout: 10_000 });
  await page.close();
  assert.deepEqual(troubles, []);
});
