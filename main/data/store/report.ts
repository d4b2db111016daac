import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { ColumnStatistics, DataColumn, SplitName } from '../../../shared/api/data.ts';
import { createSketch } from '../../../shared/data/sketch.ts';
import { MISSING } from '../dataset.ts';
import type { Source } from '../source.ts';
import type { Collected } from './collect.ts';
import type { Entry } from './entry.ts';
import { bytesOf } from './evict.ts';
import { imageProblems, imageStatistics, readFacts, type Facts } from './facts.ts';
import type { ImportReport } from './imported.ts';
import type { NameFile } from './names.ts';
import { numberStatistics } from './number-statistics.ts';
import type { ListedProblems } from './problem-list.ts';
import { findTwins, twinProblems } from './twins.ts';

/** What is said of an import as a whole: the head of its snapshot. */
export interface ImportSummary {
  readonly hash: string;
  /** See shared/data/sketch.ts. */
  readonly sketch: string;
  readonly name: string;
  readonly kind: Source['kind'];
  readonly recognised: string;
  readonly columns: readonly DataColumn[];
  readonly splits: Collected['splits'];
  readonly report: ImportReport;
}

/** What every part of the report is made of. */
export interface Reported {
  readonly source: Source;
  readonly entry: Entry;
  readonly collected: Collected;
  readonly facts: Facts;
  readonly problems: ListedProblems;
  /** The split that a sample is in. */
  splitOf(sample: number): SplitName;
  /** The name of a sample. */
  nameOf(sample: number): string;
}

/** Statistics, duplicates, leaks and problems of what was collected. */
export async function createReport(
  source: Source,
  entry: Entry,
  collected: Collected,
  names: NameFile,
): Promise<{ summary: ImportSummary; sums: Uint32Array[] }> {
  const { records, splits, problems } = collected;
  const facts = await readFacts(entry, records);
  const starts = startsOf(splits);
  const reported: Reported = {
    source,
    entry,
    collected,
    facts,
    problems,
    splitOf: (sample) => splits[starts.findLastIndex((start) => sample >= start)]!.name,
    nameOf: (sample) => names.name(sample),
  };
  imageProblems(reported);
  const twins = await findTwins(reported);
  twinProblems(reported, twins);
  emptiedClasses(reported);
  const summary: ImportSummary = {
    hash: contentHash(source, collected, facts),
    sketch: sketchOf(reported),
    name: source.name,
    kind: source.kind,
    recognised: source.recognised,
    columns: columnsOf(source, entry),
    splits,
    report: {
      statistics: await statisticsOf(reported),
      duplicates: twins.count,
      problemList: problems.list,
      problemCounts: problems.counts,
      cacheBytes: await bytesOf(entry.folder),
    },
  };
  return { summary, sums: facts.sums.map((sums) => Uint32Array.from(records, (r) => sums[r]!)) };
}

/** Where each split begins. */
function startsOf(splits: Collected['splits']): number[] {
  let start = 0;
  return splits.map(({ size }) => (start += size) - size);
}

/** Of the content before decoding, the classes and the splits: nothing of where it lies or what is made of it. */
function contentHash(
  source: Source,
  { records, classes, splits }: Collected,
  facts: Facts,
): string {
  const digest = createHash('sha256');
  const columns = source.columns.map(({ name, kind, classes }) => [name, kind, classes ?? null]);
  digest.update(JSON.stringify([columns, splits]));
  for (const record of records) digest.update(facts.content(record));
  for (const numbers of Object.values(classes)) digest.update(numbers);
  return digest.digest('hex');
}

/** Of each sample's name and content, classes and part. */
function sketchOf({ collected, facts, splitOf }: Reported): string {
  const { records, classes, nameSums } = collected;
  const labels = Object.values(classes);
  const sketch = createSketch();
  records.forEach((record, sample) => {
    const name = nameSums[sample]!;
    const numbers = labels.map((values) => values[sample]).join();
    sketch.add(name, crc32(`${splitOf(sample)} ${numbers}`, crc32(facts.content(record), name)));
  });
  return sketch.text();
}

function columnsOf(source: Source, entry: Entry): DataColumn[] {
  return source.columns.map(({ name, kind, classes }) => {
    const stored = entry.layout.columns.find((column) => column.name === name);
    return { name, kind, ...(stored && { shape: stored.shape }), ...(classes && { classes }) };
  });
}

async function statisticsOf(reported: Reported): Promise<ColumnStatistics[]> {
  const { source, entry, collected } = reported;
  const statistics: ColumnStatistics[] = [];
  for (const { name, kind, classes } of source.columns) {
    const stored = entry.layout.columns.findIndex((column) => column.name === name);
    if (kind === 'class') statistics.push(classStatistics(name, classes?.length ?? 0, collected));
    else if (kind === 'image') statistics.push(imageStatistics(reported, stored));
    else statistics.push(await numberStatistics(reported, stored));
  }
  return statistics;
}

/** Samples of each class, by split, and how many have none. */
function classStatistics(
  column: string,
  count: number,
  { classes, splits }: Collected,
): ColumnStatistics {
  const starts = startsOf(splits);
  let missing = 0;
  const counts = Object.fromEntries(
    splits.map(({ name, size }, i) => {
      const counts = new Array<number>(count).fill(0);
      for (const index of classes[column]!.subarray(starts[i]!, starts[i]! + size))
        if (index === MISSING) missing++;
        else counts[index]!++;
      return [name, counts];
    }),
  );
  return { column, counts, ...(missing > 0 && { missing }) };
}

/** Classes that are left without a sample because none of theirs could be used. */
function emptiedClasses({ source, collected, problems }: Reported): void {
  const known = source.problems.filter(({ code }) => code === 'empty-class').length;
  for (const { name, classes = [] } of source.columns.filter(({ kind }) => kind === 'class')) {
    const counts = new Array<number>(classes.length).fill(0);
    for (const index of collected.classes[name]!) if (index !== MISSING) counts[index]!++;
    const empty = classes.filter((_, index) => counts[index] === 0);
    if (empty.length <= known) continue;
    for (const one of empty)
      if (
        !source.problems.some(
          ({ code, message }) => code === 'empty-class' && message.includes(one),
        )
      )
        problems.addNew({
          code: 'empty-class',
          path: one,
          message: `none of the samples of class ${one} can be used`,
          action: 'kept as a class without samples',
        });
  }
}
