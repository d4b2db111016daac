import type { Shape } from '../program/tensor.ts';
import type { KerasLayer } from './chain.ts';
import {
  imageShapeOf,
  type ColumnPreprocessing,
  type ImagePreprocessing,
} from './preprocessing.ts';
import type { RunData } from './run-data.ts';

/**
 * What is done to values as files hold them before they come to an input of a model: first what an image goes through
 * that has any size and colours (`image`), then layers, from there to what the input takes.
 */
export interface PortPreprocessing {
  readonly columns: readonly string[];
  /** What the layers take, without the batch; channels last. */
  readonly shape: readonly number[];
  /** Whole numbers 0..255 or 0..65535, or floats as they are: what pixels are before the layers. */
  readonly dtype: 'uint8' | 'uint16' | 'float32';
  /** How an image is brought to the layers' shape, by whoever loads it; null for what is no image. */
  readonly image: ImagePreprocessing | null;
  /** Rescaling, Normalization and Reshape, as far as they are needed, in their order. */
  readonly layers: readonly KerasLayer[];
  /** For people, in English: what is not in the layers. */
  readonly notes: readonly string[];
}

type Facts = Pick<RunData, 'preprocessing' | 'ties'>;

/**
 * The preprocessing of an input of the model that a run trained; null where the input takes classes or nothing that is
 * known. `shape` is the input's, with the batch first.
 */
export function inputPreprocessing(
  { preprocessing, ties }: Facts,
  port: string,
  shape: Shape,
): PortPreprocessing | null {
  const tie = ties.find(({ role, port: name }) => role === 'input' && name === port);
  const columns = (tie?.columns ?? []).map((name) => preprocessing[name]);
  const [column] = columns;
  if (!tie || !column || !columns.every((one) => one !== undefined)) return null;
  const inner = shape.slice(1).map((dim) => dim ?? 1);
  const notes = tie.noisy ? ['noise was added to this input while it was trained'] : [];
  if (column.kind === 'numbers')
    return {
      columns: tie.columns,
      shape: inner,
      dtype: 'float32',
      image: null,
      layers: numberLayers(columns, inner.at(-1) ?? 1),
      notes,
    };
  const given = imageShapeOf(column);
  return {
    columns: tie.columns,
    shape: given,
    dtype: column.dtype,
    image: column,
    layers: [...valueLayers(column), ...reshaping(given, inner)],
    notes: [...notes, placing(column)],
  };
}

/**
 * The layers that bring what an output of the model gives back to the values that files hold: pixels from black (0) to
 * white (255, 65535 or 1), numbers in their own units. Empty for classes, and where nothing was done to the values.
 */
export function outputPostprocessing(
  { preprocessing, ties }: Facts,
  port: string,
  shape: Shape,
): readonly KerasLayer[] {
  const tie = ties.find(({ role, port: name }) => role === 'output' && name === port);
  const columns = (tie?.columns ?? []).map((name) => preprocessing[name]);
  const [column] = columns;
  if (!tie || !column || !columns.every((one) => one !== undefined)) return [];
  const inner = shape.slice(1).map((dim) => dim ?? 1);
  const last = inner.at(-1) ?? 1;
  if (column.kind === 'numbers') return numberLayers(columns, last).map(inverted).reverse();
  const given = imageShapeOf(column);
  return [...reshaping(inner, given), ...valueLayers(column).map(inverted).reverse()];
}

/** The names of the classes that an output of the model tells apart, in their order; null where it learns no classes. */
export function outputClasses(
  { columns = [], ties }: Pick<RunData, 'columns' | 'ties'>,
  port: string,
): readonly string[] | null {
  const tie = ties.find(({ role, port: name }) => role === 'output' && name === port);
  const [column] = tie?.as === 'index' || tie?.as === 'one-hot' ? tie.columns : [];
  return columns.find(({ name }) => name === column)?.classes ?? null;
}

/** Scaling, then normalisation by channel. */
function valueLayers({ dtype, scale, normalize }: ImagePreprocessing): KerasLayer[] {
  const unit = 1 / { uint8: 255, uint16: 65_535, float32: 1 }[dtype];
  const rescaling = scale === 'unit' ? { scale: unit, offset: 0 } : { scale: 2 * unit, offset: -1 };
  const isSame = scale === 'none' || (scale === 'unit' && unit === 1);
  return [
    ...(isSame ? [] : [{ class_name: 'Rescaling', config: rescaling }]),
    ...normalizing(normalize?.mean ?? [], normalize?.std ?? []),
  ];
}

/** Normalisation of columns of numbers that are stacked, or of one whose last axis has this size. */
function numberLayers(columns: readonly ColumnPreprocessing[], last: number): KerasLayer[] {
  if (columns.every(({ normalize }) => normalize === null)) return [];
  if (columns.length === 1) {
    const { mean, std } = columns[0]!.normalize!;
    return normalizing(mean, std);
  }
  const each = (
    pick: (column: ColumnPreprocessing) => readonly number[] | undefined,
    not: number,
  ) =>
    columns.flatMap((column) => {
      const values = pick(column);
      const size = Math.max(values?.length ?? 1, last / columns.length);
      return Array.from({ length: size }, (_, i) => values?.[i % values.length] ?? not);
    });
  return normalizing(
    each(({ normalize }) => normalize?.mean, 0),
    each(({ normalize }) => normalize?.std, 1),
  );
}

/** Along the last axis; one number holds for all. */
function normalizing(mean: readonly number[], std: readonly number[]): KerasLayer[] {
  if (mean.length === 0) return [];
  const variance = std.map((deviation) => deviation ** 2);
  const config =
    mean.length === 1 && std.length === 1
      ? { axis: null, mean: mean[0]!, variance: variance[0]! }
      : { axis: -1, mean: [...mean], variance };
  return [{ class_name: 'Normalization', config }];
}

function reshaping(from: readonly number[], to: readonly number[]): KerasLayer[] {
  if (String(from) === String(to)) return [];
  return [{ class_name: 'Reshape', config: { target_shape: [...to] } }];
}

/** What undoes a Rescaling or a Normalization. */
function inverted({ class_name, config }: KerasLayer): KerasLayer {
  if (class_name === 'Normalization') return { class_name, config: { ...config, invert: true } };
  const { scale, offset } = config as { scale: number; offset: number };
  return { class_name, config: { scale: 1 / scale, offset: -offset / scale } };
}

const fits = {
  stretch: 'stretched',
  crop: 'scaled to fill and cropped in the middle',
  pad: 'scaled to fit in and padded',
};

function placing({ size, fit, interpolation, color, background }: ImagePreprocessing): string {
  const colors = typeof color === 'number' ? `${color} channels` : color.toUpperCase();
  const ground = `background ${background}`;
  return `images are turned as their EXIF says, ${fits[fit]} to ${size.join(' x ')} px (${interpolation}, ${ground}) and taken as ${colors} before the layers`;
}
