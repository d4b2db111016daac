import { shortHash, type RunData } from './run-data.ts';
import { compareSketches, type SampleChanges } from './sketch.ts';

/** One thing in which the data of a run are not what they were. */
export interface DataDifference {
  /** `content`: samples, classes or parts; `split`: which samples are validated on; the others as in RunData. */
  readonly code: 'content' | 'columns' | 'task' | 'split' | 'preprocessing' | 'ties';
  /** The column, input or output that it is about; empty where it is all of the data. */
  readonly subject: string;
  /** For people, as they were and as they are. */
  readonly before: string;
  readonly now: string;
  /** Of `content`, where it is known: how many samples differ, at least. */
  readonly changes?: SampleChanges;
  /** For people, in English. */
  readonly message: string;
}

/**
 * In what data differ from those that a run was made with; empty where they are the same, whatever they are called and
 * wherever they lie. What a record of an older version does not tell is not compared.
 */
export function differenceOf(recorded: RunData, now: RunData): DataDifference[] {
  return [
    ...contentDifference(recorded, now),
    ...columnDifferences(recorded, now),
    ...textDifference('task', '', recorded.task, now.task),
    ...textDifference('split', '', recorded.split, now.split),
    ...preprocessingDifferences(recorded, now),
    ...tieDifferences(recorded, now),
  ];
}

/** Differences as one sentence for people, in English; at most four of them. */
export function describeDifferences(differences: readonly DataDifference[]): string {
  const said = differences.slice(0, 4).map(({ message }) => message);
  const more = differences.length - said.length;
  return said.join('; ') + (more > 0 ? `; and ${more} more` : '');
}

function contentDifference(recorded: RunData, now: RunData): DataDifference[] {
  if (recorded.hash === now.hash) return [];
  const changes =
    recorded.sketch !== undefined && now.sketch !== undefined
      ? compareSketches(recorded.sketch, now.sketch)
      : undefined;
  const counted = changes
    ? Object.entries(changes).flatMap(([how, count]) => (count > 0 ? [`${count} ${how}`] : []))
    : [];
  const what = counted.length > 0 ? ` (of its samples at least ${counted.join(', ')})` : '';
  const [before, after] = [of(recorded), of(now)];
  return [
    {
      code: 'content',
      subject: '',
      before,
      now: after,
      ...(changes && { changes }),
      message: `the content of ${now.name} is not what it was${what}: it had ${before}; it has ${after}`,
    },
  ];
}

const of = ({ samples, hash }: RunData) =>
  `${samples.toLocaleString('en')} samples with the hash ${shortHash(hash)}`;

function columnDifferences(recorded: RunData, now: RunData): DataDifference[] {
  if (!recorded.columns || !now.columns) return [];
  const [before, after] = [recorded.columns, now.columns].map(
    (columns) =>
      new Map(
        columns.map(({ name, kind, classes }) => [
          name,
          classes ? `${classes.length} classes: ${classes.join(', ')}` : kind,
        ]),
      ),
  ) as [Map<string, string>, Map<string, string>];
  return byName(before, after).flatMap(([name, was, is]) =>
    textDifference('columns', name, was, is),
  );
}

function preprocessingDifferences(recorded: RunData, now: RunData): DataDifference[] {
  const [before, after] = [recorded, now].map(
    ({ preprocessing }) =>
      new Map(
        Object.entries(preprocessing).flatMap(([column, settings]) =>
          Object.entries(settings).map(([key, value]) => [
            `${column}.${key}`,
            JSON.stringify(value),
          ]),
        ),
      ),
  ) as [Map<string, string>, Map<string, string>];
  return byName(before, after).flatMap(([name, was, is]) =>
    textDifference('preprocessing', name, was, is),
  );
}

function tieDifferences(recorded: RunData, now: RunData): DataDifference[] {
  const [before, after] = [recorded, now].map(
    ({ ties }) =>
      new Map(
        ties.map(({ role, port, columns, as, noisy }) => [
          `${role} ${port}`,
          `${columns.join(' + ')} as ${as}${noisy ? ', with noise' : ''}`,
        ]),
      ),
  ) as [Map<string, string>, Map<string, string>];
  return byName(before, after).flatMap(([port, was, is]) => textDifference('ties', port, was, is));
}

/** What two maps hold under each name of either. */
function byName(
  before: ReadonlyMap<string, string>,
  now: ReadonlyMap<string, string>,
): [name: string, before: string, now: string][] {
  return [...new Set([...before.keys(), ...now.keys()])].map((name) => [
    name,
    before.get(name) ?? 'absent',
    now.get(name) ?? 'absent',
  ]);
}

const titles = {
  columns: 'the column',
  task: 'the task',
  split: 'the split',
  preprocessing: 'the preprocessing',
  ties: 'what is tied to the',
};

function textDifference(
  code: keyof typeof titles,
  subject: string,
  before: string,
  now: string,
): DataDifference[] {
  if (before === now) return [];
  const title = `${titles[code]}${subject === '' ? '' : ` ${subject}`}`;
  return [
    {
      code,
      subject,
      before,
      now,
      message: `${title} was ${short(before)}; it is ${short(now)}`,
    },
  ];
}

const short = (text: string) => (text.length > 120 ? `${text.slice(0, 117)}…` : text);
