import type { ColumnStatistics } from '../../../shared/api/data.ts';
import type { Entry } from './entry.ts';
import { CLIPPED, FIRST_FRAME, FLATTENED } from './image/decode.ts';
import type { StoredImages } from './layout.ts';
import type { Reported } from './report.ts';
import { KEY_BYTES, type ImageRow } from './row.ts';

/** What the rows of an entry say of the records that samples have. */
export interface Facts {
  /** CRC-32 of each record, by stored column. */
  readonly sums: readonly Uint32Array[];
  content(record: number): Buffer;
  /** By stored column; null for numbers. */
  readonly images: readonly (ImageFactsTable | null)[];
}

/** Of each record's image: how it came. Sums are over all samples. */
export interface ImageFactsTable {
  readonly height: Uint32Array;
  readonly width: Uint32Array;
  readonly channels: Uint16Array;
  readonly notes: Uint8Array;
  readonly sums: Float64Array;
  readonly squares: Float64Array;
  least: number;
  most: number;
}

/** Reads the rows of the records that these samples have. */
export async function readFacts(entry: Entry, samples: Int32Array): Promise<Facts> {
  const count = entry.records;
  const uses = new Uint32Array(count);
  for (const record of samples) uses[record]!++;
  const content = Buffer.alloc(count * KEY_BYTES);
  const sums = entry.layout.columns.map(() => new Uint32Array(count));
  const images = entry.layout.columns.map(({ kind, shape }): ImageFactsTable | null =>
    kind === 'numbers'
      ? null
      : {
          height: new Uint32Array(count),
          width: new Uint32Array(count),
          channels: new Uint16Array(count),
          notes: new Uint8Array(count),
          sums: new Float64Array(shape[2]!),
          squares: new Float64Array(shape[2]!),
          least: Infinity,
          most: -Infinity,
        },
  );
  let next = 0;
  for await (const row of entry.rows()) {
    if (row.record !== next) continue;
    next++;
    row.content.copy(content, row.record * KEY_BYTES);
    row.sums.forEach((sum, i) => (sums[i]![row.record] = sum));
    row.images.forEach((image, i) => {
      if (image) note(images[i]!, row.record, image, uses[row.record]!);
    });
  }
  return {
    sums,
    images,
    content: (record) => content.subarray(record * KEY_BYTES, (record + 1) * KEY_BYTES),
  };
}

function note(table: ImageFactsTable, record: number, image: ImageRow, uses: number): void {
  table.height[record] = image.height;
  table.width[record] = image.width;
  table.channels[record] = image.channels;
  table.notes[record] = image.notes;
  if (uses === 0) return;
  table.least = Math.min(table.least, image.least);
  table.most = Math.max(table.most, image.most);
  image.sums.forEach((sum, c) => (table.sums[c]! += sum * uses));
  image.squares.forEach((square, c) => (table.squares[c]! += square * uses));
}

/** Sizes in the histogram; rarer ones are left out of it. */
const MOST_SIZES = 1000;

/** Sizes as they came, and mean and deviation of the pixels as they are kept. */
export function imageStatistics(
  { entry, collected, facts }: Reported,
  at: number,
): ColumnStatistics {
  const { name, shape } = entry.layout.columns[at]!;
  const table = facts.images[at]!;
  const { records } = collected;
  const pixels = shape[0]! * shape[1]! * records.length;
  const mean = Array.from(table.sums, (sum) => sum / pixels);
  const deviation = Array.from(table.squares, (square, c) =>
    Math.sqrt(Math.max(0, square / pixels - mean[c]! ** 2)),
  );
  const sizes = sizesOf(table, records)
    .slice(0, MOST_SIZES)
    .map(([key, count]) => ({ shape: key.split(' ').map(Number), count }));
  const some = records.length > 0;
  return {
    column: name,
    sizes,
    ...(some && { mean, deviation, min: table.least, max: table.most }),
  };
}

/** How many images came with each height, width and channels, the most common first. */
function sizesOf(table: ImageFactsTable, records: Int32Array): [string, number][] {
  const counts = new Map<string, number>();
  for (const record of records) {
    const key = `${table.height[record]} ${table.width[record]} ${table.channels[record]}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return [...counts].sort(([, a], [, b]) => b - a);
}

const fitted = { stretch: 'stretched', crop: 'scaled and cropped', pad: 'scaled and padded' };

/** Images of another size than most, alpha that is not kept, frames that are left out, values that were cut. */
export function imageProblems(reported: Reported): void {
  const { entry, collected, facts, problems, source } = reported;
  for (const [at, column] of entry.layout.columns.entries()) {
    if (column.kind !== 'image') continue;
    const table = facts.images[at]!;
    const { records } = collected;
    const [common] = sizesOf(
      { ...table, channels: new Uint16Array(table.channels.length) },
      records,
    );
    const [height, width] = column.to.size;
    const action = `${fitted[column.to.fit]} to ${width} x ${height}`;
    const dominant = common !== undefined && common[1] > records.length / 2;
    let others = 0;
    for (const [sample, record] of records.entries()) {
      const [h, w] = [table.height[record]!, table.width[record]!];
      if (dominant && common[0] !== `${h} ${w} 0`) {
        const message = `is ${w} x ${h} px; most are ${common[0].split(' ').slice(0, 2).reverse().join(' x ')}`;
        add('wrong-size', sample, message, h === height && w === width ? 'kept' : action);
      } else if (h !== height || w !== width) others++;
      const notes = table.notes[record]!;
      if (notes & FLATTENED)
        add('alpha', sample, 'has see-through pixels or an alpha channel', ground(column));
      if (notes & FIRST_FRAME)
        add('frames', sample, 'has several frames or pages', 'the first one is taken');
      if (notes & CLIPPED)
        add('clipped', sample, `has values outside of ${column.dtype}`, 'cut to its range');
    }
    if (!dominant && others > 0)
      problems.addNew({
        code: 'sizes',
        path: source.name,
        message: `the images of ${column.name} come in many sizes: ${others.toLocaleString('en')} of ${records.length.toLocaleString('en')} are not ${width} x ${height} px`,
        action,
      });
  }

  function add(code: string, sample: number, message: string, action: string) {
    problems.addNew({ code, path: reported.nameOf(sample), message, action, sample });
  }
}

function ground({ to }: StoredImages): string {
  const shade =
    to.background === 0 ? 'black' : to.background === 1 ? 'white' : `grey ${to.background}`;
  return `laid on ${shade}`;
}
