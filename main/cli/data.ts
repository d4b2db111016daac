import type { Command } from 'commander';
import { z } from 'zod';
import type {
  ColumnStatistics,
  DataColumn,
  DataImport,
  DataReport,
  SplitName,
} from '../../shared/api/data.ts';
import { lackedColumns, neededColumns } from '../../shared/data/needed.ts';
import { modelPorts } from '../../shared/data/ports.ts';
import { shapeData } from '../../shared/data/resolve.ts';
import { shortHash } from '../../shared/data/run-data.ts';
import { dataSettings, type DataSettings } from '../../shared/data/settings.ts';
import { tasksThatFit } from '../../shared/data/task.ts';
import { openDataset } from '../service/open-dataset.ts';
import { findProject } from '../service/project.ts';
import { createBar } from './bar.ts';
import { addDataFlags, withDataFlags, type DataFlags } from './data-flags.ts';
import { downloadFirst } from './download.ts';
import { fail } from './exit.ts';
import { modelNamed } from './project.ts';
import { bytes, count, duration, figure, table } from './words.ts';

interface Flags extends DataFlags {
  readonly for?: string;
  readonly model?: string;
  readonly json?: true;
}

/** How much is shown of what there can be many of, in text. */
const SHOWN = 20;

/** `data <name|path>`. */
export function addData(program: Command): Command {
  return addDataFlags(
    program
      .command('data')
      .description('Shows what data hold: what is recognised, counts, values and problems.')
      .argument(
        '<name|path>',
        'a built-in dataset (mnist; fashion-mnist, kmnist and cifar10 are downloaded), or a folder or file',
      )
      .option('--for <project|template>', 'also show how they meet the model of this project')
      .option('--model <name>', "which of the project's models (default: the one it trains)")
      .option('--json', 'print one JSON object'),
  ).action((data: string, flags: Flags) => show(data, flags).catch(fail));
}

async function show(data: string, flags: Flags): Promise<void> {
  const project = flags.for === undefined ? null : await projectFor(flags.for, flags.model);
  const base = project?.training ?? z.object(dataSettings).parse({});
  const settings = withDataFlags(base, flags, data);
  const bar = createBar(process.stderr);
  const stop = new AbortController();
  await downloadFirst(data);
  process.once('SIGINT', () => stop.abort());
  const view = await openDataset(settings, project, {
    signal: stop.signal,
    tell: (progress) => bar.progress(...progressText(progress)),
  }).finally(bar.clear);
  const report = view.report(data);
  const fit = project && fitTo(report, settings, project);
  const shown = flags.json
    ? JSON.stringify(asJson(report, fit), null, 2)
    : printable(inWords(report, fit));
  process.stdout.write(`${shown}\n`);
  await view.close();
}

async function projectFor(nameOrPath: string, model: string | undefined) {
  const { model: spec, training } = await findProject(nameOrPath);
  if (model === undefined) return { model: spec, training };
  return { model: spec, training: { ...training, model: modelNamed(spec, model) } };
}

function progressText(progress: Partial<DataImport>): [share: number, words: string] {
  const { done = 0, total, secondsLeft } = progress;
  const of = total == null ? '' : ` of ${count(total)}`;
  const left = secondsLeft == null ? '' : `, ${duration(secondsLeft)} left`;
  return [total ? done / total : 0, `${count(done)}${of} samples${left}`];
}

/** Text in which no name of a file moves a terminal's cursor or changes its colours. */
function printable(text: string): string {
  // eslint-disable-next-line no-control-regex
  return text.replace(/[\x00-\x09\x0b-\x1f\x7f-\x9f]/g, (sign) =>
    JSON.stringify(sign)
      .slice(1, -1)
      .replace(/^[\x7f-\x9f]$/, '?'),
  );
}

/** How the data meet a model. */
function fitTo(
  { columns, suggested, statistics }: DataReport,
  settings: DataSettings,
  { model, training }: Awaited<ReturnType<typeof projectFor>>,
) {
  const ports = modelPorts(model, training.model, training);
  const { mapping } = shapeData(ports, columns, suggested, settings);
  const tasks = tasksThatFit(ports, columns, suggested, settings);
  const needed = neededColumns(mapping, columns, settings.task);
  return { task: settings.task, tasks, mapping, lacked: lackedColumns(needed, statistics) };
}

type Fit = ReturnType<typeof fitTo>;

function asJson(report: DataReport, fit: Fit | null) {
  const { data: _, problems, problemList, problemCounts, cacheBytes, ...rest } = report;
  return {
    ...rest,
    cache_bytes: cacheBytes,
    problems: { total: problems, counts: problemCounts, first: problemList },
    ...(fit && {
      fit: {
        task: fit.task,
        tasks_that_fit: fit.tasks,
        ties: fit.mapping.ties,
        problems: fit.mapping.problems,
        left_out: fit.lacked,
      },
    }),
  };
}

function inWords(report: DataReport, fit: Fit | null): string {
  const { name, recognised, hash = '', columns, samples, splits, statistics } = report;
  const parts = splits.map(({ name, size }) => `${name} ${count(size)}`).join(', ');
  return [
    `${name}: ${recognised}`,
    `${count(samples)} samples (${parts}), ${bytes(report.cacheBytes)} in the cache, content ${shortHash(hash)}`,
    ...statistics.flatMap((one) =>
      statisticsInWords(
        one,
        columns.find(({ name }) => name === one.column),
        splits.map(({ name }) => name),
      ),
    ),
    ...(report.duplicates > 0
      ? [`${count(report.duplicates)} samples are there more than once`]
      : []),
    problemsInWords(report),
    ...(fit ? [fitInWords(fit)] : []),
  ].join('\n\n');
}

function statisticsInWords(
  { column, counts, sizes, mean, deviation, min, max, missing }: ColumnStatistics,
  about: DataColumn | undefined,
  splits: readonly SplitName[],
): string[] {
  const classes = about?.classes ?? [];
  const rows = classes.map((name, i) => [
    name,
    ...splits.map((split) => count(counts?.[split]?.[i] ?? 0)),
  ]);
  const values = [
    sizes &&
      `sizes ${sizes
        .slice(0, 5)
        .map(({ shape, count: n }) => `${shape.join('x')} (${count(n)})`)
        .join(', ')}${sizes.length > 5 ? ', …' : ''}`,
    mean && `mean ${shortList(mean)}`,
    deviation && `deviation ${shortList(deviation)}`,
    min !== undefined && max !== undefined && `values ${figure(min)} to ${figure(max)}`,
    missing !== undefined && `${count(missing)} samples have none`,
  ].filter((text) => typeof text === 'string');
  return [
    ...(values.length > 0 ? [`${column}: ${values.join('; ')}`] : []),
    ...(counts
      ? [
          table([column, ...splits], rows.slice(0, SHOWN)) +
            (rows.length > SHOWN ? `\n… and ${count(rows.length - SHOWN)} more classes` : ''),
        ]
      : []),
  ];
}

function shortList(values: readonly number[]): string {
  const shown = values.slice(0, 4).map(figure).join(', ');
  return values.length > 4 ? `${shown}, …` : shown;
}

function problemsInWords({ problems, problemList }: DataReport): string {
  if (problems === 0) return 'No problems.';
  const lines = problemList
    .slice(0, SHOWN)
    .map(({ code, path, message, action }) => `  ${code}  ${path}: ${message}; ${action}`);
  const more = problems - lines.length;
  const rest = more > 0 ? [`  … and ${count(more)} more`] : [];
  return [`${count(problems)} ${problems === 1 ? 'problem' : 'problems'}:`, ...lines, ...rest].join(
    '\n',
  );
}

function fitInWords({ task, tasks, mapping, lacked }: Fit): string {
  const lines =
    mapping.problems.length > 0
      ? mapping.problems.map(({ message }) => `  ${message}`)
      : mapping.ties.map(
          ({ role, port, columns, as, noisy }) =>
            `  ${role} ${port} takes ${columns.join(', ')} as ${as}${noisy ? ', with noise' : ''}`,
        );
  const does = mapping.problems.length > 0 ? 'does not fit the model' : 'fits the model';
  return [
    `The task ${task} ${does}:`,
    ...lines,
    ...lacked.map(
      ({ column, missing }) => `  ${count(missing)} samples have no ${column}, and are left out`,
    ),
    `Tasks that fit: ${tasks.join(', ') || 'none'}`,
  ].join('\n');
}
