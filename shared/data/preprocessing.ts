import { z } from 'zod';

const side = z.int().positive().max(16_384);

/** What is subtracted from a channel or number after scaling, and what it is divided by then. */
export const normalization = z.strictObject({
  mean: z.array(z.number()),
  std: z.array(z.number().positive()),
});
export type Normalization = z.infer<typeof normalization>;

/**
 * How the images of a column become tensors. Size, fit, interpolation, color, background and dtype are applied once, at
 * import; scale and normalize whenever a batch is made, so that a change of them decodes nothing again.
 */
export const imagePreprocessing = z.strictObject({
  kind: z.literal('image'),
  /** Height and width of every image, in px. */
  size: z.tuple([side, side]),
  /** `stretch` changes the proportions, `crop` fills and cuts what stands over, `pad` fits in and fills the rest. */
  fit: z.enum(['stretch', 'crop', 'pad']),
  interpolation: z.enum(['nearest', 'bilinear', 'bicubic', 'lanczos3']),
  /** `grey` is the luma of ITU-R 601; a number keeps so many channels as they are. */
  color: z.union([z.enum(['grey', 'rgb', 'rgba']), z.int().positive().max(1024)]),
  /** What fills the padding, and lies under see-through pixels where alpha is not kept: 0 (black) to 1 (white). */
  background: z.number().min(0).max(1),
  /** How pixels are kept: 8 or 16 bit whole numbers, or floats as they are. */
  dtype: z.enum(['uint8', 'uint16', 'float32']),
  /** `unit`: whole numbers to 0..1; `signed`: to -1..1; `none`: as they are kept. Floats count as 0..1 already. */
  scale: z.enum(['unit', 'signed', 'none']),
  /** By channel, after scaling. */
  normalize: normalization.nullable(),
});
export type ImagePreprocessing = z.infer<typeof imagePreprocessing>;

/** How the numbers of a column become tensors. */
export const numbersPreprocessing = z.strictObject({
  kind: z.literal('numbers'),
  /** By number; of the last axis where there are fewer, or one for all. */
  normalize: normalization.nullable(),
});
export type NumbersPreprocessing = z.infer<typeof numbersPreprocessing>;

export type ColumnPreprocessing = ImagePreprocessing | NumbersPreprocessing;

/** What is done to each column of images or numbers, by its name. Classes are taken as they are. */
export const preprocessing = z.record(
  z.string(),
  z.discriminatedUnion('kind', [imagePreprocessing, numbersPreprocessing]),
);
export type Preprocessing = Readonly<Record<string, ColumnPreprocessing>>;

/** How many channels the images have in the end. */
export function channelsOf({ color }: Pick<ImagePreprocessing, 'color'>): number {
  return typeof color === 'number' ? color : { grey: 1, rgb: 3, rgba: 4 }[color];
}

/** Height, width and channels of the images in the end. */
export function imageShapeOf(image: Pick<ImagePreprocessing, 'color' | 'size'>): number[] {
  return [...image.size, channelsOf(image)];
}

/** What a stored value becomes in a batch: `value * factor + offset`. */
export interface Affine {
  readonly factor: number;
  readonly offset: number;
}

/** Scaling and normalisation of the values at one place: a channel of an image, or a number of a vector. */
export function affineOf(column: ColumnPreprocessing, place: number): Affine {
  const scaled = column.kind === 'image' ? scaling(column) : { factor: 1, offset: 0 };
  if (!column.normalize) return scaled;
  const { mean, std } = column.normalize;
  const m = mean[place % mean.length] ?? 0;
  const s = std[place % std.length] ?? 1;
  return { factor: scaled.factor / s, offset: (scaled.offset - m) / s };
}

function scaling({ dtype, scale }: ImagePreprocessing): Affine {
  if (scale === 'none') return { factor: 1, offset: 0 };
  const unit = 1 / { uint8: 255, uint16: 65_535, float32: 1 }[dtype];
  return scale === 'unit' ? { factor: unit, offset: 0 } : { factor: 2 * unit, offset: -1 };
}

/** The part of a column's preprocessing that is applied at import, as the cache keeps its result by. */
export function importPart(column: ColumnPreprocessing): object {
  if (column.kind === 'numbers') return { kind: 'numbers' };
  const { kind, size, fit, interpolation, color, background, dtype } = column;
  return { kind, size, fit, interpolation, color, background, dtype };
}
