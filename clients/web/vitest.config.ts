// How the page is tested without a server; tests/client/browser tests it with one.
import path from 'node:path';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  // The package as it is written, as the page is built from it.
  resolve: { alias: { '@chatoxide/react': path.resolve(import.meta.dirname, '../react/src/index.ts') } },
  test: { include: ['test/**/*.test.ts'], retry: 0, allowOnly: false, passWithNoTests: false },
});
