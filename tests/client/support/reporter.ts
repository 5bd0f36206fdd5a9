// Ends a run with its numbers on one line, and fails it when a test was left out.
import type { Reporter, TestModule } from 'vitest/node';

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
    const left = count.skipped > 0 ? `, ${count.skipped} skipped` : '';
    console.log(`client: ${count.passed} passed, ${count.failed} failed${left}`);
    if (count.skipped > 0) process.exitCode = 1;
  }
}
