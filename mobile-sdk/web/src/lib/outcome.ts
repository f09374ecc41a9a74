// What became of adverts, in words. The codes are the hub's; one that is not listed is shown as it is.

const WORDS: Readonly<Record<string, string>> = {
  stored: 'Stored',
  duplicate: 'Heard more than once',
  replayed: 'Played again, refused',
  bad_mic: 'Wrong key, or forged',
  not_adopted: 'From devices not adopted',
  not_ours: 'Of other kinds of devices',
  missing_key: 'Encrypted, key missing',
  plaintext_refused: 'Plain though it should be encrypted',
  counter_missing: 'Without a counter, refused',
};

/** `bad_mic` as `Wrong key, or forged`; `some_new_code` as `Some new code`. */
export function outcomeName(code: string): string {
  const text = WORDS[code.toLowerCase()] ?? code.replaceAll('_', ' ').toLowerCase();
  return text.charAt(0).toUpperCase() + text.slice(1);
}
