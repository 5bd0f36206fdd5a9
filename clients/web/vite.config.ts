// How the page is built: from the package's source, and beside it the client's bundles, which the server answers where Node
// does.
import react from '@vitejs/plugin-react';
import { cpSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { defineConfig, type Plugin } from 'vite';
import { compressed } from './compress';
import { serviceWorker } from './worker';

const SERVER = 'http://localhost:3000';

const bundles: Plugin = {
  name: 'client bundles',
  apply: 'build',
  closeBundle() {
    const client = path.dirname(createRequire(import.meta.url).resolve('socket.io-client/package.json'));
    const from = path.join(client, 'dist');
    const to = path.resolve(import.meta.dirname, 'dist/socket.io');
    for (const file of readdirSync(from).filter((name) => /^socket\.io\..*js(\.map)?$/.test(name))) {
      cpSync(path.join(from, file), path.join(to, file));
    }
  },
};

export default defineConfig({
  plugins: [react(), bundles, serviceWorker(), compressed()],
  resolve: {
    alias: [
      {
        find: /^@chatoxide\/react$/,
        replacement: path.resolve(import.meta.dirname, '../react/src/index.ts'),
      },
      {
        find: '@chatoxide/react/styles.css',
        replacement: path.resolve(import.meta.dirname, '../react/src/component/styles/index.css'),
      },
    ],
    dedupe: ['react', 'react-dom'],
  },
  // Nothing in the page, as its policy wants it; not even small images.
  build: {
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rollupOptions: {
      onwarn(warning, warn) {
        // Hints to the minifier in packages that it does not take.
        if (warning.code !== 'INVALID_ANNOTATION') warn(warning);
      },
    },
  },
  server: { proxy: { '/socket.io': { target: SERVER, ws: true }, '/demo': SERVER, '/client.json': SERVER } },
});
