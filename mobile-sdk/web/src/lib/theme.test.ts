import { expect, test } from 'vitest';
import { apply, next, stored } from './theme';

const broken = {
  getItem: (): string => {
    throw new Error('refused');
  },
  setItem: (): void => {
    throw new Error('refused');
  },
  removeItem: (): void => {
    throw new Error('refused');
  },
};

test('the button goes round', () => {
  expect(next(next(next('system')))).toBe('system');
});

test('a browser that refuses storage still changes the theme', () => {
  const root = { dataset: {} } as HTMLElement;
  apply('dark', root, broken);
  expect(root.dataset['theme']).toBe('dark');
  expect(stored(broken)).toBe('system');
  apply('system', root, broken);
  expect(root.dataset['theme']).toBeUndefined();
});
