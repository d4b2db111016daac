import { basename, dirname, join, resolve } from 'node:path';
import type { Command } from 'commander';
import { forkTrainer } from '../service/fork-trainer.ts';
import { differenceOf, repeatRun, type Largest, type RunDifference } from '../service/rerun.ts';
import { findRunFolder, runsIn } from '../service/run-folders.ts';
import { carryOut, timestamp } from './carry-out.ts';
import { count } from './words.ts';

interface RerunFlags {
  readonly out?: string;
  readonly json?: true;
}

/** `rerun <run>`. */
export function addRerun(program: Command): Command {
  return program
    .command('rerun')
    .description('Repeats a run, and says how far losses, results and weights differ.')
    .argument('<run>', "a run's folder, or in a project its id or number")
    .option('--out <dir>', "the new run's folder (default: a new one beside the run)")
    .option('--json', 'print one JSON event a line, last the difference')
    .action(rerun);
}

async function rerun(name: string, flags: RerunFlags): Promise<void> {
  let original = '';
  await carryOut(
    flags,
    async (report) => {
      original = await findRunFolder(name);
      const runs = await runsIn(dirname(original)).catch(() => []);
      const out = resolve(
        flags.out ?? join(dirname(original), `${basename(original)}-rerun-${timestamp()}`),
      );
      return repeatRun(original, {
        folder: out,
        id: basename(out),
        number: Math.max(0, ...runs.map(({ number }) => number)) + 1,
        startTrainer: () => forkTrainer(),
        onEvents: report.events,
      });
    },
    async ({ folder, state }) => {
      if (state === 'failed') return;
      const difference = await differenceOf(original, folder);
      const line = flags.json
        ? JSON.stringify({ event: 'difference', of: original, run: folder, ...difference })
        : inWords(difference);
      process.stdout.write(`${line}\n`);
    },
  );
}

function inWords(found: RunDifference): string {
  const compared = `${count(found.steps)} losses, ${count(found.epochs)} epochs and ${count(found.weights)} weights`;
  const lines = found.equal
    ? [`The same to the last bit: ${compared}`]
    : [
        `Compared: ${compared}`,
        `  losses: ${far(found.losses)}`,
        `  results of epochs: ${far(found.results)}`,
        `  weights: ${found.values ? far(found.values) : 'no checkpoint of the same step'}`,
      ];
  const other = found.conditions.map(({ what, was, is }) => `  ${what} was ${was}, is ${is}`);
  return [...lines, ...other].join('\n');
}

function far({ difference, at }: Largest): string {
  return at === undefined ? 'equal' : `largest difference ${difference.toPrecision(3)} (${at})`;
}
