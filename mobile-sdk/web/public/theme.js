// Before the first paint: the theme that the owner chose, so that a dark room stays dark. The page's own
// code (src/lib/theme.ts) writes the same key.
try {
  const theme = localStorage.getItem('ingle.theme');
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
} catch {
  // Storage is refused (private window): the system's theme it is.
}
