import type {
  DatasetFacts,
  DataReport,
  SampleFilter,
  SampleInfo,
  SamplePage,
  SplitName,
} from '../../shared/api/data.ts';
import { shownNumbers } from '../../shared/data/shown-numbers.ts';
import { classesOfSamples, MISSING } from '../data/dataset.ts';
import type { FoundData } from '../data/look-at-data.ts';
import type { ImportedData } from '../data/store/imported.ts';

/** An imported dataset as windows look at it. */
export interface DatasetView {
  readonly name: string;
  readonly facts: DatasetFacts;
  report(data: string): DataReport;
  samples(filter: SampleFilter, from: number, count: number, side: number): Promise<SamplePage>;
  /** Closes the data once those who read it have what they asked for. */
  close(): Promise<void>;
}

/** Filters whose samples are remembered. */
const REMEMBERED = 8;

/** Columns and arrays of the files that are told of: a table may have a million. */
const MOST_FIELDS = 200;

/** Looks at imported data, as they were found. */
export function viewDataset(imported: ImportedData, { source, suggested }: FoundData): DatasetView {
  const { all, splits, columns, report } = imported;
  /** Pages that are being read. */
  const reading = new Set<Promise<SamplePage>>();
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

  const shown = columns.some(({ kind }) => kind === 'image') ? [] : shownNumbers(columns);

  /** Some numbers of each sample, where it has no images. */
  async function valuesOf(page: Int32Array): Promise<readonly number[][] | null> {
    if (shown.length === 0 || page.length === 0) return null;
    const batch = await all.batch(page, [...new Set(shown.map(({ column }) => column))]);
    return Array.from(page, (_, row) =>
      shown.map(({ column, index }) => {
        const { data } = batch[column]!;
        return data[(row * data.length) / page.length + index]!;
      }),
    );
  }

  async function read(
    filter: SampleFilter,
    from: number,
    count: number,
    side: number,
  ): Promise<SamplePage> {
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
      ...(known && known[number] !== MISSING && { label: known[number]! }),
      problems: problems.get(number) ?? [],
      ...(values && { values: values[i]! }),
    }));
    return { total: numbers.length, samples, side, ...(pictures && { pictures }) };
  }

  return {
    name: imported.name,
    facts,
    report: (data) => ({
      ...facts,
      data,
      name: imported.name,
      ...(source.fields && { fields: source.fields.slice(0, MOST_FIELDS) }),
      preprocessing: imported.preprocessing,
      suggested,
      cacheBytes: report.cacheBytes,
      statistics: report.statistics,
      duplicates: report.duplicates,
      problemList: report.problemList,
      problemCounts: report.problemCounts,
    }),
    samples(...query) {
      const page = read(...query).finally(() => reading.delete(page));
      reading.add(page);
      return page;
    },
    async close() {
      await Promise.allSettled(reading);
      await imported.close();
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
