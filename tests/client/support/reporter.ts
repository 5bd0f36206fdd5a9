// Ends a run with its numbers on one line, and fails it when a test was left out.
import type { Reporter, TestModule } from 'vitest/node';
import { leftOut } from './reference';

interface Numbers {
  passed: number;
  failed: number;
  skipped: number;
}

/** The last line of a run. `absent`: the files that were not collected, for want of the reference document. */
export function summary({ passed, failed, skipped }: Numbers, absent: string[]): string {
  const left = skipped > 0 ? `, ${skipped} skipped` : '';
  const out = absent.length > 0 ? `; NOT RUN, no reference document: ${absent.join(', ')}` : '';
  return `client: ${passed} passed, ${failed} failed${left}${out}`;
}

export default class Count implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const count = { passed: 0, failed: 0, skipped: 0 };
    for (const module of modules) {
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        count[state === 'pending' ? 'skipped' : state] += 1;
      }
      if (module.state() === 'failed' && module.errors().length > 0) count.failed += 1;
    }
    console.log(summary(count, leftOut()));
    if (count.skipped > 0) process.exitCode = 1;
  }
}
