import { writeSync } from 'node:fs';
import type { Reporter, TestModule } from 'vitest/node';

/** Prints `N passed, N failed[, N skipped]`, alone on the run's last line. */
export default class Counts implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    const states = modules.flatMap((module) => [...module.children.allTests()]);
    const count = (state: string) => states.filter((test) => test.result().state === state).length;
    // A file or a suite that breaks fails beside its tests, which are then skipped.
    const suites = modules.flatMap((module) => [module, ...module.children.allSuites()]);
    const broken = suites.filter((suite) => suite.errors().length > 0).length + errors.length;
    const skipped = count('skipped');
    const line = `${count('passed')} passed, ${count('failed') + broken} failed`;
    process.once('exit', () => {
      writeSync(1, `${line}${skipped > 0 ? `, ${skipped} skipped` : ''}\n`);
    });
  }
}
