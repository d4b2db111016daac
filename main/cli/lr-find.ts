import { writeFile } from 'node:fs/promises';
import { InvalidArgumentError, Option, type Command } from 'commander';
import { ENGINE_SETTINGS, type TrainingSettings } from '../../shared/keras/training-settings.ts';
import { usualRange, type RateCurve } from '../../shared/keras/rate-finder.ts';
import { forkTrainer } from '../service/fork-trainer.ts';
import { findProject } from '../service/project.ts';
import { searchRate } from '../service/rate-search.ts';
import { createBar } from './bar.ts';
import { addDataFlags, withDataFlags, type DataFlags } from './data-flags.ts';
import { downloadFirst } from './download.ts';
import { wholeNumber } from './exit.ts';
import { modelNamed } from './project.ts';
import { addTrainingFlags, withTrainingFlags, type TrainingFlags } from './training-flags.ts';
import { figure } from './words.ts';

interface FindFlags extends DataFlags, TrainingFlags {
  readonly model?: string;
  readonly data?: string;
  readonly batchSize?: number;
  readonly limit?: number;
  readonly seed?: number;
  readonly engine?: TrainingSettings['engine'];
  readonly from: number;
  readonly to: number;
  readonly steps: number;
  readonly csv?: string;
  readonly json?: true;
}

/** `lr-find <project|template>`. */
export function addLrFind(program: Command): Command {
  const command = program
    .command('lr-find')
    .description('Trains with ever larger learning rates for a moment, and suggests one.')
    .argument('<project|template>', 'as for train')
    .option('--model <name>', "which of the project's models (default: the one it trains)")
    .option('--data <name|path>', 'a built-in dataset, or a folder or file')
    .option('--batch-size <n>', 'samples a step', wholeNumber(1, 1_000_000))
    .option('--limit <n>', 'use the first n samples only', wholeNumber(1))
    .option('--seed <n>', 'of initial weights, order and dropout', wholeNumber(0, 0xffffffff))
    .addOption(new Option('--engine <name>', 'what computes').choices(ENGINE_SETTINGS))
    .option('--from <rate>', 'the first learning rate', rate, usualRange.from)
    .option('--to <rate>', 'the last one', rate, usualRange.to)
    .option('--steps <n>', 'updates between them', wholeNumber(2, 100_000), usualRange.steps)
    .option('--csv <file>', 'write the curve as a table')
    .option('--json', 'print the curve and the suggestion as JSON');
  return addDataFlags(addTrainingFlags(command)).action(find);
}

async function find(nameOrPath: string, flags: FindFlags): Promise<void> {
  const { model, training } = await findProject(nameOrPath);
  const based = await withTrainingFlags(training, flags);
  const settings: TrainingSettings = {
    ...withDataFlags(based, flags, flags.data),
    ...(flags.model !== undefined && { model: modelNamed(model, flags.model) }),
    ...(flags.batchSize !== undefined && { batch_size: flags.batchSize }),
    ...(flags.limit !== undefined && { limit: flags.limit }),
    ...(flags.seed !== undefined && { seed: flags.seed }),
    ...(flags.engine !== undefined && { engine: flags.engine }),
  };
  await downloadFirst(settings.data);
  const { from, to, steps } = flags;
  const bar = createBar(process.stderr);
  bar.text('Reading the data and preparing the engine');
  const search = searchRate(
    () => forkTrainer(),
    { model, settings, range: { from, to, steps } },
    ({ points }) => {
      const last = points.at(-1);
      if (last)
        bar.progress(points.length / steps, `rate ${figure(last.rate)}  loss ${figure(last.loss)}`);
    },
  );
  process.on('SIGINT', search.end);
  const curve = await search.curve.finally(() => bar.clear());
  if (flags.csv !== undefined) await writeFile(flags.csv, csvOf(curve));
  process.stdout.write(flags.json ? `${JSON.stringify(curve)}\n` : `${words(curve)}\n`);
}

function csvOf({ points }: RateCurve): string {
  const rows = points.map(({ rate, loss, smoothed }) => [rate, loss, smoothed].join(','));
  return ['learning_rate,loss,smoothed', ...rows, ''].join('\n');
}

function words({ points, suggestion, least, diverged }: RateCurve): string {
  const last = points.at(-1);
  const end = diverged && last ? `; it ran away at ${figure(last.rate)}` : '';
  if (suggestion === null)
    return `The loss never fell over ${points.length} rates${end}: try another range, a larger batch or more steps.`;
  return [
    `Suggested learning rate: ${figure(suggestion)} (the loss falls most steeply there)`,
    `The loss was least at ${figure(least)}${end}`,
    `Use it with --learning-rate ${Number(suggestion.toPrecision(3))}`,
  ].join('\n');
}

function rate(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value > 0) || value > 1000)
    throw new InvalidArgumentError('Expected a number above 0, up to 1000.');
  return value;
}
