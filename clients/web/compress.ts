// The files of the page, compressed once at build time: the server sends what a browser takes and compresses nothing itself.
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import type { Plugin } from 'vite';

// Smaller files are not compressed: the headers would cost more bytes than compression saves.
const SMALLEST = 512;
const TEXT = /\.(css|html|js|json|map|svg|txt|webmanifest)$/;

const ENCODINGS: [string, (content: Buffer) => Buffer][] = [
  ['.gz', (content) => gzipSync(content, { level: constants.Z_BEST_COMPRESSION })],
  [
    '.br',
    (content) =>
      brotliCompressSync(content, {
        params: {
          [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
          [constants.BROTLI_PARAM_SIZE_HINT]: content.length,
        },
      }),
  ],
];

/** Writes `name.gz` and `name.br` beside each text file of the built page, where they are smaller. */
export function compressed(): Plugin {
  let folder = '';
  return {
    name: 'compressed files',
    apply: 'build',
    configResolved(config) {
      folder = path.resolve(config.root, config.build.outDir);
    },
    closeBundle: {
      // Run after the other plugins, so that the files that they write are compressed, too.
      order: 'post',
      sequential: true,
      handler: () => compressAll(folder),
    },
  };
}

function compressAll(folder: string): void {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  for (const file of files.filter((name) => TEXT.test(name)).map((name) => path.join(folder, name))) {
    if (!statSync(file).isFile()) continue;
    const content = readFileSync(file);
    if (content.length < SMALLEST) continue;
    for (const [extension, encode] of ENCODINGS) {
      const encoded = encode(content);
      if (encoded.length < content.length) writeFileSync(file + extension, encoded);
    }
  }
}
