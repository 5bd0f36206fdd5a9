// How the page is tested without a server; tests/client/browser tests it with one.
import path from 'node:path';
import { defineConfig } from 'vitest/config';

const source = (file: string) => path.resolve(import.meta.dirname, '../react/src', file);

export default defineConfig({
  // The package as it is written, as the page is built from it.
  resolve: {
    alias: [
      { find: /^@chatoxide\/react$/, replacement: source('index.ts') },
      { find: '@chatoxide/react/testing', replacement: source('testing/index.ts') },
    ],
  },
  test: {
    include: ['test/**/*.test.{ts,tsx}'],
    testTimeout: 60_000,
    retry: 0,
    allowOnly: false,
    passWithNoTests: false,
  },
});
