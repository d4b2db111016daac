import { dirname, resolve } from 'node:path';
import { Option, type Command } from 'commander';
import type { RunSummary } from '../../shared/api/contract.ts';
import type { RunState } from '../../shared/api/events.ts';
import { filterRuns, runOrders, sortRuns, type RunOrder } from '../../shared/api/find-runs.ts';
import { packRun } from '../service/pack-run.ts';
import { findRunFolder, placeOfRuns, runsIn } from '../service/run-folders.ts';
import { importRun } from '../service/run-import.ts';
import { fail } from './exit.ts';
import { runAsJson } from './run-json.ts';
import { bytes, duration, figure, table } from './words.ts';

interface RunsFlags {
  readonly search?: string;
  readonly state?: RunState;
  readonly tag?: readonly string[];
  readonly sort?: RunOrder;
  readonly zip?: string;
  readonly out?: string;
  readonly import?: string;
  readonly json?: true;
}

const states: readonly RunState[] = [
  ...(['queued', 'loading', 'compiling', 'adapting', 'training', 'validating', 'saving'] as const),
  ...(['paused', 'finished', 'stopped', 'failed'] as const),
];

/** `runs [dir]`. */
export function addRuns(program: Command): Command {
  return program
    .command('runs')
    .description('Lists the runs of a project or a folder; packs one, or takes one in.')
    .argument('[dir]', "a project's folder, or one that holds runs (default: here)", '.')
    .option('--search <text>', 'only runs in whose settings, tags, notes, … all these words are')
    .addOption(new Option('--state <state>', 'only runs in this state').choices(states))
    .option('--tag <tag...>', 'only runs with these tags')
    .addOption(new Option('--sort <by>', 'the best or newest first').choices(runOrders))
    .option('--zip <run>', "pack a run's folder: a run by its folder, id or number")
    .option('--out <file>', 'the zip to write (default: <run>.zip here)')
    .option('--import <folder|zip>', 'take a run from elsewhere into the project, as a copy')
    .option('--json', 'print the runs as a JSON list')
    .action((dir: string, flags: RunsFlags) => act(dir, flags).catch(fail));
}

async function act(dir: string, flags: RunsFlags): Promise<void> {
  if (flags.zip !== undefined) return zip(await findRunFolder(flags.zip, dir), flags);
  if (flags.import !== undefined) return take(flags.import, dir, flags);
  const found = filterRuns(await runsIn(dir), {
    text: flags.search ?? '',
    states: flags.state ? [flags.state] : null,
    tags: flags.tag ?? [],
  });
  const newest = flags.sort === 'created' || flags.sort === 'run';
  const runs = flags.sort ? sortRuns(found, flags.sort, newest) : found;
  const text = flags.json ? JSON.stringify(runs.map(runAsJson), null, 2) : list(runs);
  process.stdout.write(`${text}\n`);
}

async function zip(run: string, flags: RunsFlags): Promise<void> {
  const packed = await packRun(run, flags.out === undefined ? null : resolve(flags.out));
  process.stdout.write(
    flags.json
      ? `${JSON.stringify(packed)}\n`
      : `The run is packed in ${packed.file} (${bytes(packed.bytes)})\n`,
  );
}

async function take(source: string, dir: string, flags: RunsFlags): Promise<void> {
  const place = placeOfRuns(dir);
  const numbers = (await runsIn(dir).catch(() => [])).map(({ number }) => number);
  const id = await importRun(source, place, numbers);
  const [run] = await runsIn(resolve(place, id));
  process.stdout.write(
    flags.json ? `${JSON.stringify(runAsJson(run!))}\n` : `The run is in ${run!.folder}\n`,
  );
}

function list(runs: readonly RunSummary[]): string {
  if (runs.length === 0) return 'No runs.';
  const folders = [...new Set(runs.map(({ folder }) => dirname(folder)))];
  const heads = ['run', 'state', 'epoch', 'loss', 'val_loss', 'best', 'time', 'engine', 'tags'];
  const rows = runs.map((run) => [
    run.id,
    run.state,
    `${run.lastEpoch?.epoch ?? 0}/${run.settings.epochs}`,
    figure(run.lastEpoch?.loss),
    figure(run.lastEpoch?.valLoss),
    figure(run.bestEpoch?.valLoss),
    duration(run.seconds ?? 0),
    run.engine ? `${run.engine.engine} ${run.engine.provider}` : '-',
    run.tags?.join(', ') ?? '',
  ]);
  return `${table(heads, rows)}\n\n${runs.length} in ${folders.join(', ')}`;
}
