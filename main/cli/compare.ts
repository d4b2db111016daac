import { basename, dirname } from 'node:path';
import type { Command } from 'commander';
import { MOST_COMPARED } from '../../shared/api/runs.ts';
import { comparedRows, differs, type ComparedLayer } from '../../shared/keras/compare.ts';
import type { Leaf } from '../../shared/leaves.ts';
import { compareRunFolders, type RunComparison } from '../service/compare-runs.ts';
import { findRunFolder } from '../service/run-folders.ts';
import { fail, USAGE } from './exit.ts';
import { runAsJson } from './run-json.ts';
import { figure, table } from './words.ts';

interface CompareFlags {
  readonly project: string;
  readonly all?: true;
  readonly json?: true;
}

/** `compare <run> <run>…`. */
export function addCompare(program: Command): Command {
  return program
    .command('compare')
    .description('Sets runs side by side: settings, results, architectures and weights.')
    .argument('<runs...>', "two runs or more: their folders, or a project's ids or numbers")
    .option('--project <dir>', 'where ids and numbers are looked up', '.')
    .option('--all', 'what is equal, too')
    .option('--json', 'print the comparison as JSON')
    .action((names: string[], flags: CompareFlags) => compare(names, flags).catch(fail));
}

async function compare(names: readonly string[], flags: CompareFlags): Promise<void> {
  if (names.length < 2 || names.length > MOST_COMPARED) {
    process.stderr.write(
      `matryoshka: expected 2 to ${MOST_COMPARED} runs to compare; got ${names.length}\n`,
    );
    process.exitCode = USAGE;
    return;
  }
  const folders: string[] = [];
  for (const name of names) folders.push(await findRunFolder(name, flags.project));
  const comparison = await compareRunFolders(folders);
  process.stdout.write(
    flags.json
      ? `${JSON.stringify(asJson(comparison), null, 2)}\n`
      : inWords(comparison, flags.all === true),
  );
}

/** The comparison as plain data; numbers that JSON can't hold are null, and so is what a run lacks. */
function asJson({ runs, facts, layers, weights, epochs }: RunComparison) {
  const orNull = (values: readonly (Leaf | undefined)[]) => values.map((value) => value ?? null);
  const rows = comparedRows(layers);
  return {
    runs: runs.map(runAsJson),
    settings: facts.map((fact) => ({ ...fact, values: orNull(fact.values) })),
    epochs: epochs.map((list) =>
      list.map(({ epoch, step, loss, valLoss, logs }) => ({
        epoch,
        step,
        loss,
        val_loss: valLoss,
        ...logs,
      })),
    ),
    architecture: {
      differing: rows.filter(differs).length,
      layers: rows.map((row) => ({
        path: row.path,
        class_name: row.nodes.map((node) => node?.className ?? null),
        params: row.nodes.map((node) => node?.params ?? null),
        standing: row.standing,
        changes: row.changes.map(({ key, values }) => ({ key, values: orNull(values) })),
        weight_distance: weights.distances.map((of) => of?.[row.below] ?? null),
      })),
    },
    weights: { steps: weights.steps },
  };
}

function inWords({ runs, facts, layers, weights }: RunComparison, all: boolean): string {
  const names = runs.map(({ folder, id }, i) => `[${i + 1}] ${basename(dirname(folder))}/${id}`);
  const shown = facts.filter((fact) => all || fact.differs);
  const rows = comparedRows(layers).filter((row) => all || differs(row));
  const heads = runs.map((_, i) => `[${i + 1}]`);
  const equal = facts.length - facts.filter((fact) => fact.differs).length;
  return [
    ...names,
    '',
    `Settings and results: ${facts.length - equal} differ, ${equal} are equal`,
    ...(shown.length > 0
      ? [
          table(
            ['', ...heads],
            shown.map(({ key, values }) => [key, ...values.map(text)]),
          ),
        ]
      : []),
    '',
    rows.length === 0 ? 'The architectures are the same.' : 'Architecture:',
    ...rows.flatMap(layerLines),
    '',
    ...weightLines(weights, layers, heads),
    '',
  ].join('\n');
}

const signs = { same: ' ', changed: '≠', added: '+', removed: '-', absent: ' ' } as const;

function layerLines({ path, nodes, standing, changes }: ComparedLayer): string[] {
  const mark = standing.map((one) => signs[one]).join('');
  const className = nodes.find((node) => node)?.className ?? '';
  return [
    `${mark} ${path} (${className})`,
    ...changes.map(({ key, values }) => `    ${key}: ${values.map(text).join(' | ')}`),
  ];
}

/** How far weights lie apart: the model's, and those of the layers right inside it. */
function weightLines(
  { steps, distances }: RunComparison['weights'],
  layers: ComparedLayer,
  heads: readonly string[],
): string[] {
  const near = [layers, ...(layers.children ?? [])];
  const rows = near.flatMap(({ path, below }) => {
    const told = distances.slice(1).map((of) => of?.[below]);
    if (told.every((one) => !one)) return [];
    return [
      [
        path,
        ...told.map((one) =>
          one ? `${figure(one.distance)} (${(100 * one.relative).toPrecision(3)} %)` : '-',
        ),
      ],
    ];
  });
  if (rows.length === 0) return ['There are no weights to compare.'];
  const at = steps.map((step, i) => `${heads[i]} at step ${step ?? '-'}`).join(', ');
  return [`Distance of the weights to those of [1] (${at}):`, table(['', ...heads.slice(1)], rows)];
}

function text(value: Leaf | undefined): string {
  if (value === undefined || value === null) return '-';
  if (typeof value === 'number') return Number.isInteger(value) ? String(value) : figure(value);
  const long = Array.isArray(value) ? value.map(String).join(', ') : String(value);
  return long.length > 40 ? `${long.slice(0, 37)}...` : long;
}
