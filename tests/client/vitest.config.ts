// How the client tests run: files side by side, each test once, nothing left out.
import { defineConfig } from 'vitest/config';
import { referenceDocument } from './support/reference';

// These run the original's own code, which is not ours to keep: only where its document is beside the checkout.
const needsReference = ['original/**', 'hook/**'];
const hasReference = referenceDocument() !== undefined;
if (!hasReference)
  console.warn(`not run: ${needsReference.join(', ')} (no reference document beside this checkout)`);

export default defineConfig({
  test: {
    include: ['**/*.test.ts', '**/*.test.tsx'],
    exclude: ['node_modules/**', 'artifacts/**', ...(hasReference ? [] : needsReference)],
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
