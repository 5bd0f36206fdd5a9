// How the client tests run: files side by side, each test once, nothing left out.
import path from 'node:path';
import { defineConfig } from 'vitest/config';
import { leftOut } from './support/reference';

// The page that this run writes anew is held to the one that is there, which is the run before's.
const writesPage = process.env.WRITE_TRANSPORT_TABLE ? ['transport/page.test.ts'] : [];

export default defineConfig({
  resolve: {
    // The package as it is written, with this folder's React and client.
    alias: {
      '@chatoxide/react/core': path.resolve(import.meta.dirname, '../../clients/react/src/core/index.ts'),
      '@chatoxide/react/testing': path.resolve(
        import.meta.dirname,
        '../../clients/react/src/testing/index.ts',
      ),
      '@chatoxide/react': path.resolve(import.meta.dirname, '../../clients/react/src/index.ts'),
    },
    dedupe: ['react', 'react-dom', 'socket.io-client'],
  },
  test: {
    include: ['**/*.test.ts', '**/*.test.tsx'],
    exclude: ['node_modules/**', 'artifacts/**', ...leftOut(), ...writesPage],
    pool: 'forks',
    // More than the two processors of a small machine: stories wait for much of their time.
    maxWorkers: 3,
    retry: 0,
    // Tests of one file that run at once, where the file allows it.
    maxConcurrency: 3,
    allowOnly: false,
    passWithNoTests: false,
    testTimeout: 20_000,
    // A client that has lost its server tries again after up to five seconds.
    expect: { poll: { timeout: 15_000 } },
    hookTimeout: 60_000,
    globalSetup: ['./support/environment.ts', './transport/page.ts'],
    reporters: [['default', { summary: false }], './support/reporter.ts'],
  },
});
