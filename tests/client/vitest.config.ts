// How the client tests run: files side by side, each test once, nothing left out.
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['**/*.test.ts', '**/*.test.tsx'],
    exclude: ['node_modules/**', 'artifacts/**'],
    pool: 'forks',
    maxWorkers: 3,
    retry: 0,
    allowOnly: false,
    passWithNoTests: false,
    testTimeout: 20_000,
    hookTimeout: 60_000,
    globalSetup: ['./support/environment.ts'],
    reporters: [['default', { summary: false }], './support/reporter.ts'],
  },
});
