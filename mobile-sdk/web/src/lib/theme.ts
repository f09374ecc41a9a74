/** What the owner chose: the system's way, or one of the two. */
export type Theme = 'system' | 'light' | 'dark';

const KEY = 'ingle.theme';

/** The order in which the button goes through them. */
export const next = (theme: Theme): Theme => (theme === 'system' ? 'light' : theme === 'light' ? 'dark' : 'system');

export function stored(storage: Pick<Storage, 'getItem'>): Theme {
  try {
    const value = storage.getItem(KEY);
    return value === 'light' || value === 'dark' ? value : 'system';
  } catch {
    return 'system';
  }
}

/** Shows the theme and keeps it for the next visit, where the browser lets it. */
export function apply(theme: Theme, root: HTMLElement, storage: Pick<Storage, 'setItem' | 'removeItem'>): void {
  if (theme === 'system') delete root.dataset['theme'];
  else root.dataset['theme'] = theme;
  try {
    if (theme === 'system') storage.removeItem(KEY);
    else storage.setItem(KEY, theme);
  } catch {
    // Storage is refused (private window): the choice lasts until the page is closed.
  }
}
