import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { isLabel, LABEL_LENGTH, tidyLabel, uidOf } from '../src/lib/label';

// The same vectors that the sensor's firmware is held against.
const vectors = readFileSync(new URL('../../../sensor-fw/wire/vectors/setup_code.toml', import.meta.url), 'utf8');
const GOLDEN = [...vectors.matchAll(/^text = "(HS1:[^"]+)"\nproduct = \d+\nuid = "([0-9a-f]{16})"/gm)].map(([, text = '', uid = '']) => ({ text, uid }));
const text = GOLDEN[0]?.text ?? '';
const spaced = GOLDEN.find(({ text }) => text.includes(' '))?.text ?? '';

test('a label is read as it is, and its number with it', () => {
  expect(GOLDEN.length).toBeGreaterThanOrEqual(3);
  for (const { text, uid } of GOLDEN) {
    expect(text).toHaveLength(LABEL_LENGTH);
    expect(tidyLabel(text)).toBe(text);
    expect(uidOf(text)).toBe(uid);
  }
});

test.each([
  ['small letters', text.toLowerCase()],
  ['spaces and line ends around it', `\n  ${text} \r\n`],
  ['groups of four', text.replace(/.{4}/g, '$& ')],
  ['lines', text.replace(/.{33}/g, '$&\n')],
  ['lines that are indented', text.replace(/.{33}/g, '$&\n  ')],
  ['spaces that do not break', `\u00a0${text}\u00a0`],
])('%s are forgiven', (_, typed) => expect(tidyLabel(typed)).toBe(text));

test('a space that is part of the code stays', () => {
  expect(spaced).not.toBe('');
  expect(tidyLabel(` ${spaced.toLowerCase()}\n`)).toBe(spaced);
  const [before = '', after = ''] = spaced.split(' ');
  expect(tidyLabel(`${before} \n${after}`)).toBe(spaced);
  expect(tidyLabel(`${before}\n${after}`)).toBe(spaced);
});

test('what is no label has no number', () => {
  for (const other of ['', 'HS1:', 'HS1:ABC', 'https://example.org', `HS1:${':'.repeat(95)}`, text.replace(/^.{9}/, 'HS1:X50_7')]) {
    expect(uidOf(tidyLabel(other))).toBeNull();
  }
  expect(isLabel(tidyLabel(' hs1:x5'))).toBe(true);
  expect(isLabel('MT:Y.K9042C00KA0648G00')).toBe(false);
});
