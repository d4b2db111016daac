import type {
  DatasetFacts,
  DataReport,
  SampleFilter,
  SampleInfo,
  SamplePage,
  SplitName,
} from '../../shared/api/data.ts';
import type { Preprocessing } from '../../shared/data/preprocessing.ts';
import { classesOfSamples } from '../data/dataset.ts';
import type { ImportedData } from '../data/store/imported.ts';

/** An imported dataset as windows look at it. */
export interface DatasetView {
  readonly imported: ImportedData;
  readonly facts: DatasetFacts;
  report(data: string): DataReport;
  samples(filter: SampleFilter, from: number, count: number, side: number): Promise<SamplePage>;
}

/** Numbers of a sample without images that are shown. */
const SHOWN_NUMBERS = 12;

/** Filters whose samples are remembered. */
const REMEMBERED = 8;

/** Looks at imported data; `suggested` is what suits the data by themselves. */
export function viewDataset(imported: ImportedData, suggested: Preprocessing): DatasetView {
  const { all, splits, columns, report } = imported;
  const classColumn = columns.find(({ kind }) => kind === 'class')?.name;
  const problems = problemsBySample(imported);
  const kept = new Map<string, Promise<Int32Array>>();
  let labels: Promise<Int32Array> | null = null;
  const labelsOf = () => {
    if (classColumn === undefined) return null;
    return (labels ??= classesOfSamples(all, classColumn));
  };
  const facts: DatasetFacts = {
    kind: imported.kind,
    recognised: imported.recognised,
    hash: imported.hash,
    samples: all.size,
    splits: splits.map(({ name, dataset }) => ({ name, size: dataset.size })),
    columns,
    problems: Object.values(report.problemCounts).reduce((sum, count) => sum + count, 0),
  };

  const splitOf = (sample: number): SplitName =>
    splits.findLast(({ from }) => sample >= from)?.name ?? 'all';

  /** The numbers of the samples that a filter leaves. */
  async function left({ split, label, problem }: SampleFilter): Promise<Int32Array> {
    const known = label === undefined ? null : await labelsOf();
    const part = splits.find(({ name }) => name === split);
    const [from, to] =
      split === undefined
        ? [0, all.size]
        : part
          ? [part.from, part.from + part.dataset.size]
          : [0, 0];
    const fits = (sample: number) =>
      (known === null || known[sample] === label) &&
      (problem === undefined || (problems.get(sample)?.includes(problem) ?? false));
    return Int32Array.from({ length: to - from }, (_, i) => from + i).filter(fits);
  }

  function numbersOf(filter: SampleFilter): Promise<Int32Array> {
    const key = JSON.stringify([filter.split, filter.label, filter.problem]);
    const numbers = kept.get(key) ?? left(filter);
    kept.delete(key);
    kept.set(key, numbers);
    if (kept.size > REMEMBERED) kept.delete(kept.keys().next().value!);
    return numbers;
  }

  /** The first numbers of each sample, where it has no images. */
  async function valuesOf(page: Int32Array): Promise<readonly number[][] | null> {
    const column = columns.find(({ kind }) => kind === 'numbers')?.name;
    if (column === undefined || columns.some(({ kind }) => kind === 'image') || page.length === 0)
      return null;
    const names = columns.filter(({ kind }) => kind === 'numbers').map(({ name }) => name);
    const batch = await all.batch(page, names);
    return Array.from(page, (_, row) =>
      names
        .flatMap((name) => {
          const { data } = batch[name]!;
          const width = data.length / page.length;
          return [...data.subarray(row * width, row * width + SHOWN_NUMBERS)];
        })
        .slice(0, SHOWN_NUMBERS),
    );
  }

  return {
    imported,
    facts,
    report: (data) => ({
      ...facts,
      data,
      name: imported.name,
      preprocessing: imported.preprocessing,
      suggested,
      cacheBytes: report.cacheBytes,
      statistics: report.statistics,
      duplicates: report.duplicates,
      problemList: report.problemList,
      problemCounts: report.problemCounts,
    }),
    async samples(filter, from, count, side) {
      const numbers = await numbersOf(filter);
      const page = numbers.slice(from, from + count);
      const [names, pictures, values, known] = await Promise.all([
        imported.names(page),
        page.length > 0 ? imported.pictures(page, side) : null,
        valuesOf(page),
        labelsOf(),
      ]);
      const samples = Array.from(page, (number, i): SampleInfo => ({
        number,
        name: names[i]!,
        split: splitOf(number),
        ...(known && { label: known[number]! }),
        problems: problems.get(number) ?? [],
        ...(values && { values: values[i]! }),
      }));
      return { total: numbers.length, samples, side, ...(pictures && { pictures }) };
    },
  };
}

/** The codes of each sample's problems. */
function problemsBySample({ report }: ImportedData): Map<number, string[]> {
  const codes = new Map<number, string[]>();
  for (const { sample, code } of report.problemList) {
    if (sample === undefined) continue;
    const list = codes.get(sample);
    if (!list) codes.set(sample, [code]);
    else if (!list.includes(code)) list.push(code);
  }
  return codes;
}
