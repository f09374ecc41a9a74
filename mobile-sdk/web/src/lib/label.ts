// The text on a sensor's label as people paste or type it: `HS1:` and 95 characters of Base45 (RFC 9285).

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:';
const PREFIX = 'HS1:';

/** What a label of today has. One of tomorrow may have more: the hub says what it thinks of it. */
export const LABEL_LENGTH = 99;

/**
 * The text as it stands on the label, as far as that can be told: in capitals, and without the line breaks and spaces that
 * came in on the way. A space can also be a character of the code, so spaces go only where the length says that they must.
 */
export function tidyLabel(text: string): string {
  const whole = text.toUpperCase().replace(/\u00a0/g, ' ').trim();
  const readings = [whole.replace(/[^\S ]+/g, ''), whole.replace(/\s*[^\S ]+\s*/g, ' '), whole.replace(/\s*[^\S ]+\s*/g, ''), whole.replace(/\s+/g, '')];
  return readings.find((reading) => reading.length === LABEL_LENGTH) ?? readings[0] ?? '';
}

/** Does it begin as a label does? */
export const isLabel = (tidy: string): boolean => tidy.startsWith(PREFIX);

/** The number of the sensor in a tidy label, 16 hex digits as the hub has it; `null` if it cannot be read. */
export function uidOf(tidy: string): string | null {
  if (!isLabel(tidy)) return null;
  // Three characters are two bytes; of those, the first is the version, two are the product and eight the number.
  const bytes: number[] = [];
  for (let at = PREFIX.length; bytes.length < 12; at += 3) {
    const [low = -1, middle = -1, high = -1] = [...tidy.slice(at, at + 3)].map((character) => ALPHABET.indexOf(character));
    const pair = low + middle * 45 + high * 2025;
    if (Math.min(low, middle, high) < 0 || pair > 0xffff) return null;
    bytes.push(pair >> 8, pair & 0xff);
  }
  return bytes.slice(3, 11).map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
