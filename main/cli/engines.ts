import type { Command } from 'commander';
import type { EngineProgress, EngineReport } from '../../shared/api/engines.ts';
import { forkTrainer } from '../service/fork-trainer.ts';
import { surveyEngines } from '../service/survey.ts';
import { createBar } from './bar.ts';
import { fail } from './exit.ts';
import { bytes, count, table } from './words.ts';

interface Flags {
  readonly json?: true;
  readonly benchmark?: true;
}

/** `engines`. With `--json` it prints a list of EngineReport, and nothing else, to its output. */
export function addEngines(program: Command): Command {
  return program
    .command('engines')
    .description('Shows which engines are installed and really work on this machine.')
    .option('--benchmark', 'also train the autoencoder on each for a moment, in batches of 128')
    .option('--json', 'print them as JSON')
    .action((flags: Flags) => show(flags).catch(fail));
}

async function show({ json, benchmark }: Flags): Promise<void> {
  // Progress is for people at a terminal, whatever becomes of the output.
  const bar = createBar(process.stderr);
  const engines = await surveyEngines(
    () => forkTrainer(),
    benchmark === true,
    (progress) => bar.progress(progress.done / progress.total, progressText(progress)),
  ).finally(bar.clear);
  process.stdout.write(json ? `${JSON.stringify(engines, null, 2)}\n` : `${inWords(engines)}\n`);
}

function progressText({ next }: EngineProgress): string {
  return next ? `trying ${nameOf(next)}` : '';
}

function inWords(engines: readonly EngineReport[]): string {
  const speeds = engines.some(({ samplesPerSecond }) => samplesPerSecond !== undefined);
  const told = engines.some(({ busy }) => busy !== undefined);
  const heads = ['engine', 'installed', 'works', 'device', 'memory', ...(told ? ['busy'] : [])];
  const rows = engines.map((report) => {
    const { installed, works, busy, samplesPerSecond } = report;
    const row = [
      nameOf(report),
      installed ? 'yes' : 'no',
      works ? 'yes' : 'no',
      works ? deviceText(report) : '-',
      memoryText(report),
      ...(told ? [busy === undefined ? '-' : `${Math.round(busy * 100)} %`] : []),
    ];
    const speed = samplesPerSecond === undefined ? '-' : speedText(samplesPerSecond);
    return speeds ? [...row, speed] : row;
  });
  const list = table(speeds ? [...heads, 'samples/s'] : heads, rows);
  const reasons = engines.flatMap((report) =>
    report.reason === undefined ? [] : [`${nameOf(report)}: ${report.reason}`],
  );
  const note = speeds ? ['Training speed of the autoencoder, in batches of 128.'] : [];
  return [list, ...note, ...(reasons.length > 0 ? [reasons.join('\n')] : [])].join('\n\n');
}

function nameOf({ engine, provider }: Pick<EngineReport, 'engine' | 'provider'>): string {
  return `${engine} (${provider})`;
}

/** The device with "CPU" or "GPU" said once. */
function deviceText({ kind, device = '' }: EngineReport): string {
  const prefix = kind === 'gpu' ? 'GPU' : 'CPU';
  return device.toUpperCase().includes(prefix) ? device : `${prefix}: ${device}`;
}

function memoryText({ memory, memoryInUse }: EngineReport): string {
  if (memory === undefined) return '-';
  return memoryInUse === undefined
    ? bytes(memory)
    : `${bytes(memoryInUse)} of ${bytes(memory)} in use`;
}

/** Whole samples, and below 10 a decimal. */
function speedText(rate: number): string {
  return rate < 10 ? rate.toPrecision(2) : count(rate);
}
