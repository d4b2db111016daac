import { InvalidArgumentError, type Command } from 'commander';
import { forkTrainer } from '../service/fork-trainer.ts';
import { findRunFolder } from '../service/run-folders.ts';
import { readRunRecord } from '../service/run-record.ts';
import { resumeRun } from '../service/train-run.ts';
import { carryOut } from './carry-out.ts';

interface ResumeFlags {
  readonly epochs?: { readonly count: number; readonly more: boolean };
  readonly json?: true;
}

/** `resume <run>`. */
export function addResume(program: Command): Command {
  return program
    .command('resume')
    .description(
      'Lets a run go on that was stopped or killed, from its newest checkpoint, to the same numbers as if it had not been.',
    )
    .argument('<run>', "a run's folder, or in a project its id or number")
    .option('--epochs <n>', 'epochs in the end, or with + before it more epochs: 20, +5', epochs)
    .option('--json', 'print one JSON event a line')
    .action(resume);
}

async function resume(name: string, flags: ResumeFlags): Promise<void> {
  await carryOut(flags, async (report) => {
    const folder = await findRunFolder(name);
    const { settings } = await readRunRecord(folder);
    const asked = flags.epochs && flags.epochs.count + (flags.epochs.more ? settings.epochs : 0);
    return resumeRun({
      folder,
      ...(asked !== undefined && { epochs: asked }),
      startTrainer: () => forkTrainer(),
      onEvents: report.events,
    });
  });
}

function epochs(text: string): ResumeFlags['epochs'] {
  const count = Number(text);
  if (!/^\+?\d+$/.test(text) || count < 1 || count > 1_000_000)
    throw new InvalidArgumentError('Expected a whole number from 1 to 1000000, or +n for n more.');
  return { count, more: text.startsWith('+') };
}
