// Writes the page's service worker: worker.js with the names of the built files, and a version made of their contents.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Plugin } from 'vite';

export function serviceWorker(): Plugin {
  let folder = '';
  return {
    name: 'service worker',
    apply: 'build',
    configResolved(config) {
      folder = path.resolve(config.root, config.build.outDir);
    },
    closeBundle: {
      // Before its compression.
      order: 'pre',
      sequential: true,
      handler: () => write(folder),
    },
  };
}

function write(folder: string): void {
  const names = readdirSync(path.join(folder, 'assets'))
    .filter((name) => !/\.(gz|br|map)$/.test(name))
    .sort();
  const source = readFileSync(path.resolve(import.meta.dirname, 'worker.js'), 'utf8');
  const hash = createHash('sha256')
    .update(source)
    .update(readFileSync(path.join(folder, 'index.html')));
  // The names have the hashes of the contents.
  const version = hash.update(names.join()).digest('hex').slice(0, 16);
  const files = names.map((name) => `/assets/${name}`);
  const worker = source.replace('__VERSION__', version).replace('__FILES__', JSON.stringify(files));
  writeFileSync(path.join(folder, 'sw.js'), worker);
}
