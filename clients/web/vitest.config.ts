// How the page is tested without a server; tests/client/browser tests it with one.
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: { include: ['test/**/*.test.ts'], retry: 0, allowOnly: false, passWithNoTests: false },
});
