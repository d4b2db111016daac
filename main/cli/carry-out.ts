import type { RunSummary } from '../../shared/api/contract.ts';
import { encodeError } from '../../shared/api/errors.ts';
import type { RunHandle } from '../service/run-handle.ts';
import { fail, INTERRUPTED } from './exit.ts';
import { reportAsJson } from './report-json.ts';
import { reportAsText } from './report-text.ts';
import type { Report } from './report.ts';

/**
 * Follows a run that `begin` begins to its end, and says what happens; Ctrl-C stops it after the step, a second one at
 * once. `afterwards` may say more about a run that has ended. Sets the exit code.
 */
export async function carryOut(
  { json }: { readonly json?: true },
  begin: (report: Report) => Promise<RunHandle>,
  afterwards?: (summary: RunSummary) => Promise<void>,
): Promise<void> {
  const report = json ? reportAsJson() : reportAsText(process.stdout);
  try {
    const run = await begin(report);
    let interrupted = 0;
    const interrupt = () => {
      interrupted += 1;
      if (interrupted === 1) report.note('Stopping after this step; again to end at once.');
      void (interrupted === 1 ? run.stop() : run.kill());
    };
    process.on('SIGINT', interrupt);
    process.on('SIGTERM', interrupt);
    const summary = await run.done;
    report.end(summary);
    process.exitCode = interrupted > 0 ? INTERRUPTED : summary.state === 'failed' ? 1 : 0;
    if (interrupted === 0) await afterwards?.(summary);
  } catch (error) {
    report.failed(encodeError(error));
    if (!json) fail(error);
    process.exitCode = 1;
  }
}

/** Local time as part of a file name: `2026-11-23-154233`. */
export function timestamp(): string {
  const now = new Date();
  const two = (value: number) => String(value).padStart(2, '0');
  const day = [now.getFullYear(), two(now.getMonth() + 1), two(now.getDate())].join('-');
  return `${day}-${two(now.getHours())}${two(now.getMinutes())}${two(now.getSeconds())}`;
}
