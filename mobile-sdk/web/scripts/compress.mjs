// Writes a Brotli file beside each file of the build that shrinks by it, for the hub to serve as it is.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants } from 'node:zlib';

const dist = new URL('../dist/', import.meta.url).pathname;
const shrinks = /\.(html|js|css|svg|webmanifest)$/;

for (const name of readdirSync(dist, { recursive: true }).map(String)) {
  if (!shrinks.test(name)) continue;
  const bytes = readFileSync(join(dist, name));
  const packed = brotliCompressSync(bytes, {
    params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length },
  });
  if (packed.length < bytes.length) writeFileSync(join(dist, `${name}.br`), packed);
}
