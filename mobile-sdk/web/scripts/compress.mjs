// Writes a Brotli and a gzip file beside each file of the build that shrinks by it, for the hub to serve as it is.
// Browsers ask for Brotli only over https and on localhost; a phone that opens the hub by its plain http name gets gzip.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const dist = new URL('../dist/', import.meta.url).pathname;
const shrinks = /\.(html|js|css|svg|webmanifest)$/;

for (const name of readdirSync(dist, { recursive: true }).map(String)) {
  if (!shrinks.test(name)) continue;
  const bytes = readFileSync(join(dist, name));
  const packed = brotliCompressSync(bytes, {
    params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length },
  });
  if (packed.length < bytes.length) writeFileSync(join(dist, `${name}.br`), packed);
  const zipped = gzipSync(bytes, { level: 9 });
  if (zipped.length < bytes.length) writeFileSync(join(dist, `${name}.gz`), zipped);
}
