import { stat } from 'node:fs/promises';
import type { DataColumn } from '../../../shared/api/data.ts';
import { StudioError } from '../../../shared/api/errors.ts';
import { affineOf, type Preprocessing } from '../../../shared/data/preprocessing.ts';
import type { NamedTensors } from '../../../shared/program/tensor.ts';
import { sizeOf } from '../../../shared/program/tensor.ts';
import { checkIndices, selectSamples, type DataElement, type Dataset } from '../dataset.ts';
import { gather } from '../typed-array.ts';
import {
  createBatchMaker,
  DamagedRecord,
  type BatchMaker,
  type ReadColumn,
} from './batch-maker.ts';
import { createBatchReader } from './batch-reader.ts';
import { columnFiles, markDamaged } from './entry.ts';
import type { ImportedData } from './imported.ts';
import { recordBytes, type Layout, type StoredColumn } from './layout.ts';
import { openNames } from './names.ts';
import { drawPictures } from './pictures.ts';
import { namesFile, readSnapshot, type Snapshot } from './snapshot.ts';

/** Up to so many bytes all records are checked when data are opened; others are when they are read. */
const CHECKED_BYTES = 64 << 20;

/** Opens what was imported; null where it is not there or is damaged, which is then marked. */
export async function openImported(
  folder: string,
  layout: Layout,
  preprocessing: Preprocessing,
): Promise<ImportedData | null> {
  const snapshot = await readSnapshot(folder);
  if (!snapshot || !(await hasRecords(folder, layout, snapshot))) return null;
  const { head, records, classes, nameStarts } = snapshot;
  const columns = readColumns(folder, layout, preprocessing);
  let names: ReturnType<typeof openNames>;
  try {
    names = openNames(namesFile(folder, snapshot.id), nameStarts);
  } catch {
    return null;
  }
  const maker = createBatchMaker(columns);
  if (!(await isWhole(maker, layout, snapshot, folder))) {
    maker.close();
    names.close();
    return null;
  }
  const reader = createBatchReader(columns, maker);
  const all: Dataset = {
    name: head.name,
    size: records.length,
    elements: elementsOf(head.columns),
    async batch(indices, only) {
      checkIndices(indices, records.length, head.name);
      const wanted = (name: string) => !only || only.includes(name);
      const stored = layout.columns.flatMap((column, i) => (wanted(column.name) ? [i] : []));
      const made = stored.length > 0 ? await read(stored, indices) : [];
      const tensors: NamedTensors = {};
      stored.forEach((column, i) => {
        const { name, shape } = layout.columns[column]!;
        tensors[name] = { shape: [indices.length, ...shape], dtype: 'float32', data: made[i]! };
      });
      for (const [name, values] of Object.entries(classes))
        if (wanted(name)) {
          const data = gather(values, indices, new Int32Array(indices.length));
          tensors[name] = { shape: [indices.length], dtype: 'int32', data };
        }
      return tensors;
    },
  };

  async function read(stored: readonly number[], indices: ArrayLike<number>) {
    try {
      return await reader.make(requestOf(snapshot!, stored, indices));
    } catch (error) {
      if (!(error instanceof DamagedRecord)) throw error;
      await markDamaged(folder, [error.record]);
      throw new StudioError(
        'CACHE_DAMAGED',
        `the decoded data of ${head.name} in ${folder} were damaged; they are made anew when the data are opened again`,
      );
    }
  }

  let start = 0;
  const splits = head.splits.map(({ name, size }) => {
    const from = start;
    start += size;
    const numbers = Int32Array.from({ length: size }, (_, i) => from + i);
    return { name, from, dataset: selectSamples(all, numbers, `${head.name}/${name}`) };
  });
  const { name, kind, recognised, hash, sketch, report } = head;
  return {
    name,
    kind,
    recognised,
    hash,
    sketch,
    columns: head.columns,
    preprocessing,
    all,
    splits,
    report,
    names: async (numbers) => Array.from(numbers, (number) => names.name(number)),
    async pictures(numbers, side, column) {
      checkIndices(numbers, records.length, name);
      const index = layout.columns.findIndex(
        (one) => one.kind === 'image' && (column === undefined || one.name === column),
      );
      if (index < 0) return null;
      const { min = 0, max = 1 } = report.statistics.find(
        (one) => one.column === layout.columns[index]!.name,
      )!;
      const wanted = gather(records, numbers, new Int32Array(numbers.length));
      return drawPictures(columns[index]!.file, layout.columns[index]!, wanted, { side, min, max });
    },
    async close() {
      await reader.close();
      names.close();
    },
  };
}

function requestOf(
  { records, sums }: Snapshot,
  stored: readonly number[],
  indices: ArrayLike<number>,
) {
  return {
    records: gather(records, indices, new Int32Array(indices.length)),
    columns: stored.map((column) => ({
      column,
      sums: gather(sums[column]!, indices, new Uint32Array(indices.length)),
    })),
  };
}

function elementsOf(columns: readonly DataColumn[]): Record<string, DataElement> {
  return Object.fromEntries(
    columns.map(({ name, kind, shape = [], classes }) => [
      name,
      kind === 'class'
        ? { kind, shape: [], dtype: 'int32', classes: classes ?? [] }
        : { kind, shape, dtype: 'float32' },
    ]),
  );
}

function readColumns(folder: string, layout: Layout, preprocessing: Preprocessing): ReadColumn[] {
  const files = columnFiles(folder, layout);
  return layout.columns.map((column, i) => ({
    file: files[i]!,
    dtype: column.dtype,
    size: sizeOf(column.shape),
    affine: affines(column, preprocessing),
  }));
}

/** By channel; for numbers by number, or one where all are treated alike. */
function affines({ name, kind, shape }: StoredColumn, preprocessing: Preprocessing) {
  const how = preprocessing[name]!;
  const alike = kind === 'numbers' && (how.normalize?.mean.length ?? 1) === 1;
  const places = kind === 'image' ? shape[2]! : alike ? 1 : sizeOf(shape);
  return Array.from({ length: places }, (_, place) => affineOf(how, place));
}

/** Whether the files hold all records. */
async function hasRecords(folder: string, layout: Layout, { records }: Snapshot): Promise<boolean> {
  const count = records.reduce((most, record) => Math.max(most, record + 1), 0);
  for (const [i, file] of columnFiles(folder, layout).entries()) {
    const size = await stat(file).then(
      (found) => found.size,
      () => -1,
    );
    if (size < count * layout.columns[i]!.bytes) return false;
  }
  return true;
}

/** Checks the records of small data; false when some are damaged, which are marked then. */
async function isWhole(maker: BatchMaker, layout: Layout, snapshot: Snapshot, folder: string) {
  const size = snapshot.records.length;
  if (recordBytes(layout) * size > CHECKED_BYTES) return true;
  const everything = Int32Array.from({ length: size }, (_, i) => i);
  const damaged = maker.check(requestOf(snapshot, [...layout.columns.keys()], everything));
  if (damaged.length > 0) await markDamaged(folder, damaged);
  return damaged.length === 0;
}
