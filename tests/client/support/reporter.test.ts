// The test reporter: the summary line at the end of a run, and the runs that are refused.
import { afterEach, expect, test, vi } from 'vitest';
import { leftOut, NEED_REFERENCE } from './reference';
import { summary } from './reporter';

afterEach(() => vi.unstubAllEnvs());

test('the last line names the files that were not run', () => {
  vi.stubEnv('REFERENCE_DOCUMENT', '/nowhere');
  vi.stubEnv('REQUIRE_REFERENCE', undefined);
  const line = summary({ passed: 3, failed: 0, skipped: 0 }, leftOut());
  for (const file of NEED_REFERENCE) expect(line).toContain(file);
  expect(line).toMatch(/^client: 3 passed, 0 failed; NOT RUN/);
});

test('a run that leaves nothing out prints only the numbers', () => {
  expect(summary({ passed: 3, failed: 1, skipped: 2 }, [])).toBe('client: 3 passed, 1 failed, 2 skipped');
});

test('where the reference document is required, a run without it is refused', () => {
  vi.stubEnv('REFERENCE_DOCUMENT', '/nowhere');
  vi.stubEnv('REQUIRE_REFERENCE', '1');
  expect(() => leftOut()).toThrow('REQUIRE_REFERENCE');
  vi.stubEnv('REFERENCE_DOCUMENT', import.meta.filename);
  expect(leftOut()).toEqual([]);
});
