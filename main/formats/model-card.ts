import { usualExport } from '../../shared/api/exports.ts';
import { affineOf, channelsOf, type ColumnPreprocessing } from '../../shared/data/preprocessing.ts';
import { leftOutInWords } from '../../shared/data/run-data.ts';
import { pathsByLayer } from '../../shared/keras/graph.ts';
import { layerOf, type Json } from '../../shared/keras/spec.ts';
import { keras3Summary } from '../../shared/keras/summary-keras3.ts';
import { summarize } from '../../shared/keras/summary.ts';
import { formatShape, sizeOf } from '../../shared/program/tensor.ts';
import {
  modelOf,
  planBy,
  type Exporter,
  type ExportSource,
  type TrainingFacts,
} from './exporter.ts';
import { waysToLoad } from './model-card-loading.ts';
import { predictProgram, type PredictProgram } from './predict-program.ts';

/**
 * A model card as Markdown: what goes in and comes out, the architecture, what the layers share, the data with their
 * hash, how it was trained, what came of it, and how to load the model in each place. What is not known is said.
 */
export const cardExporter: Exporter = {
  plan: (source) =>
    planBy((notes) => {
      predictProgram(source, usualExport);
      if (!source.training) notes.push('how the model was trained is not known; the card says so');
    }),
  files: (source, _, __, name) => ({ [`${name}.md`]: modelCard(source, name) }),
};

function modelCard(source: ExportSource, file: string): string {
  const predict = predictProgram(source, usualExport);
  const { training, path } = source;
  const sections = [
    frontMatter(training),
    `# ${inline(path.split('/').at(-1)!)}`,
    introduction(source, predict),
    '## Inputs and outputs',
    ends(predict, training),
    '## Architecture',
    fenced(architecture(source)),
    ...sharing(source),
    '## Data',
    ...(training?.data ? data(training.data) : ['Not known.']),
    '## Training',
    ...(training ? how(training) : ['Not known: the weights come from a file or are fresh.']),
    '## Results',
    ...(training && Object.keys(training.metrics).length > 0
      ? [results(training)]
      : ['Nothing was measured.']),
    '## How to load it',
    ...waysToLoad(file, predict),
  ];
  return `${sections.join('\n\n')}\n`;
}

function frontMatter(training: TrainingFacts | undefined): string {
  const task = training?.data?.task;
  const lines = [
    'library_name: keras',
    'tags:',
    '  - matryoshka',
    ...(task ? [`  - ${task}`] : []),
  ];
  return ['---', ...lines, '---'].join('\n');
}

function introduction({ path, spec }: ExportSource, { variables }: PredictProgram): string {
  const count = (only: boolean) =>
    variables
      .filter(({ trainable }) => trainable || !only)
      .reduce((sum, { shape }) => sum + sizeOf(shape), 0)
      .toLocaleString('en');
  const inside = path.includes('/') ? `, a part of ${code(path.split('/')[0]!)}` : '';
  const others = spec.models
    .map((id) => layerOf(spec, id).config.name)
    .filter((name) => name !== path);
  const beside = others.length > 0 ? ` It was made beside ${others.map(code).join(', ')}.` : '';
  return `The model ${code(path)}${inside}: ${count(false)} parameters, of which ${count(true)} are trainable.${beside} Written by Matryoshka.`;
}

function ends({ inputs, outputs }: PredictProgram, training: TrainingFacts | undefined): string {
  const rows = [
    ...inputs.map((port) => ['input', port] as const),
    ...outputs.map((port) => ['output', port] as const),
  ].map(
    ([role, { name, shape, dtype }]) =>
      `| ${role} | ${code(name)} | ${code(formatShape(shape))} | ${dtype} |`,
  );
  const table = ['| | name | shape | type |', '| --- | --- | --- | --- |', ...rows].join('\n');
  const classes = training?.classes ?? [];
  if (classes.length === 0) return table;
  const named = classes.map((name, i) => `${i} ${inline(name)}`).join(', ');
  return `${table}\n\nClasses: ${named}.`;
}

function architecture(source: ExportSource): string {
  const rows = summarize(source.spec, modelOf(source), { expandNested: true });
  return keras3Summary(rows, { width: 100 }).trimEnd();
}

function sharing(source: ExportSource): string[] {
  const { spec } = source;
  const places = [...pathsByLayer({ ...spec, models: [modelOf(source)] }).values()];
  const all = new Set(places.filter((paths) => paths.length > 1).flat());
  const above = (path: string) => path.slice(0, path.lastIndexOf('/'));
  // What lies in a shared model is shared with it.
  const shared = places.filter((paths) => paths.length > 1 && !all.has(above(paths[0]!)));
  if (shared.length === 0) return [];
  const lines = shared.map((paths) => `- ${paths.map(code).join(' and ')}`);
  return ['These paths lead to one layer with one set of weights:', lines.join('\n')];
}

function data({
  name,
  hash,
  samples,
  task,
  split,
  leftOut,
  preprocessing,
  ties,
}: NonNullable<TrainingFacts['data']>): string[] {
  const facts = [
    `- Data: ${inline(name)}, ${samples.toLocaleString('en')} samples`,
    `- Hash of their content: ${code(hash)}`,
    `- Task: ${task}`,
    `- Split: ${inline(split)}`,
    ...(leftOut ? [`- Left out: ${inline(leftOutInWords(leftOut))}`] : []),
    ...ties.map(
      ({ role, port, columns, as }) =>
        `- The ${role} ${code(port)} takes ${columns.map(code).join(', ')} (${as})`,
    ),
  ];
  const prepared = Object.entries(preprocessing).map(
    ([column, how]) => `- ${code(column)}: ${preparation(how)}`,
  );
  return prepared.length > 0
    ? [facts.join('\n'), 'Before the model gets them:', prepared.join('\n')]
    : [facts.join('\n')];
}

function preparation(how: ColumnPreprocessing): string {
  const { factor, offset } = affineOf(how, 0);
  const affine = `value × ${number(factor)} ${offset < 0 ? '-' : '+'} ${number(Math.abs(offset))}`;
  const each =
    how.normalize && how.normalize.mean.length > 1 ? ' (the first; each has its own)' : '';
  if (how.kind === 'numbers')
    return how.normalize ? `numbers, ${affine}${each}` : 'numbers as they are';
  const [height, width] = how.size;
  const channels = channelsOf(how);
  return `images of ${height} × ${width} px, ${channels} channel${channels === 1 ? '' : 's'} (${how.color}), fit ${how.fit}, ${how.interpolation}; kept as ${how.dtype}, then ${affine}${each}`;
}

function how({ settings, epochs, steps, engine }: TrainingFacts): string[] {
  const { optimizer, loss, loss_weights, class_weight, batch_size, seed, limit, augmentation } =
    settings;
  const rows: [string, unknown][] = [
    ['Optimizer', { [optimizer.class_name]: optimizer.config }],
    ['Loss', loss],
    ['Loss weights', loss_weights],
    ['Class weights', class_weight],
    ['Metrics', settings.metrics],
    ['Batch size', batch_size],
    ['Epochs', `${epochs} of ${settings.epochs}`],
    ['Optimizer updates', steps],
    ['Training samples at most', limit],
    ['Augmentation', augmentation],
    ['Callbacks', settings.callbacks.map(({ class_name }) => class_name)],
    ['Seed', seed],
    ['Computed by', engine],
  ];
  const lines = rows
    .filter(([, value]) => value !== null && value !== undefined && !isEmpty(value))
    .map(([what, value]) => `| ${what} | ${cell(value as Json)} |`);
  return [['| | |', '| --- | --- |', ...lines].join('\n')];
}

function results({ metrics, epochs }: TrainingFacts): string {
  const rows = Object.entries(metrics).map(
    ([name, value]) => `| ${code(name)} | ${number(value)} |`,
  );
  return [`| after ${epochs} epochs | |`, '| --- | --- |', ...rows].join('\n');
}

const isEmpty = (value: unknown) => typeof value === 'object' && Object.keys(value!).length === 0;
const cell = (value: Json) =>
  typeof value === 'object' ? code(JSON.stringify(value)) : inline(String(value));
const number = (x: number) => String(Number(x.toPrecision(6)));

/** A text in which nothing is taken for Markdown or HTML. */
function inline(text: string): string {
  return text.replace(/[\\`*_{}[\]<>#|]/g, '\\$&').replace(/\s+/g, ' ');
}

/** A text as code, whatever is in it. */
function code(text: string): string {
  const longest = Math.max(0, ...(text.match(/`+/g) ?? []).map((run) => run.length));
  const ticks = '`'.repeat(longest + 1);
  const space = longest > 0 ? ' ' : '';
  return `${ticks}${space}${text.replace(/\s+/g, ' ').replaceAll('|', '\\|')}${space}${ticks}`;
}

function fenced(text: string): string {
  return ['```text', text, '```'].join('\n');
}
