import type { ImagePreprocessing } from '../../../../shared/data/preprocessing.ts';
import type { Pixels } from './pixels.ts';

type Kernel = { readonly reach: number; weight(x: number): number };

const sinc = (x: number) => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x));

/** The usual kernels; bicubic is Keys's with a = -0.5. Nearest takes the pixel that the middle falls in. */
const kernels: Record<Exclude<ImagePreprocessing['interpolation'], 'nearest'>, Kernel> = {
  bilinear: { reach: 1, weight: (x) => Math.max(0, 1 - Math.abs(x)) },
  bicubic: {
    reach: 2,
    weight(x) {
      const a = Math.abs(x);
      if (a < 1) return (1.5 * a - 2.5) * a * a + 1;
      return a < 2 ? ((-0.5 * a + 2.5) * a - 4) * a + 2 : 0;
    },
  },
  lanczos3: { reach: 3, weight: (x) => (Math.abs(x) < 3 ? sinc(x) * sinc(x / 3) : 0) },
};

/** Where the image lands on the wanted size: the part that is taken, and the part of the result that it fills. */
interface Placement {
  readonly from: { top: number; left: number; height: number; width: number };
  readonly to: { top: number; left: number; height: number; width: number };
}

/** How an image of one size comes to another: see `fit` of ImagePreprocessing. Whole pixels, in the middle. */
function place(height: number, width: number, { size, fit }: ImagePreprocessing): Placement {
  const [h, w] = size;
  const from = { top: 0, left: 0, height, width };
  const to = { top: 0, left: 0, height: h, width: w };
  if (fit === 'crop') {
    const scale = Math.min(height / h, width / w);
    from.height = h * scale;
    from.width = w * scale;
    from.top = (height - from.height) / 2;
    from.left = (width - from.width) / 2;
  } else if (fit === 'pad') {
    const scale = Math.min(h / height, w / width);
    to.height = Math.max(1, Math.round(height * scale));
    to.width = Math.max(1, Math.round(width * scale));
    to.top = Math.floor((h - to.height) / 2);
    to.left = Math.floor((w - to.width) / 2);
  }
  return { from, to };
}

/**
 * Brings pixels to the wanted size, any number of channels. When it shrinks, the kernel widens, so that nothing
 * aliases. The values stay within those of the image; padding is the background, and opaque.
 */
export function resample(
  image: Pixels<ArrayLike<number>>,
  to: ImagePreprocessing,
): Pixels<Float32Array> {
  const { channels, white } = image;
  const [height, width] = to.size;
  const { from, to: filled } = place(image.height, image.width, to);
  const columns = taps(from.left, from.width, filled.width, image.width, to.interpolation);
  const rows = taps(from.top, from.height, filled.height, image.height, to.interpolation);
  const values = image.data instanceof Float32Array ? image.data : new Float32Array(image.data);
  const across = new Float32Array(image.height * filled.width * channels);
  for (let y = 0, at = 0; y < image.height; y++)
    for (let x = 0; x < filled.width; x++) {
      const start = (y * image.width + columns.first[x]!) * channels;
      const end = columns.start[x + 1]!;
      for (let c = 0; c < channels; c++) {
        let sum = 0;
        for (let t = columns.start[x]!, i = start + c; t < end; t++, i += channels)
          sum += columns.weights[t]! * values[i]!;
        across[at++] = sum;
      }
    }
  const data = new Float32Array(height * width * channels);
  if (filled.height < height || filled.width < width) fillGround(data, channels, white, to);
  const [low, high] = range(values);
  const line = filled.width * channels;
  for (let y = 0; y < filled.height; y++) {
    const start = ((y + filled.top) * width + filled.left) * channels;
    const end = rows.start[y + 1]!;
    for (let i = 0; i < line; i++) {
      let sum = 0;
      for (let t = rows.start[y]!, at = rows.first[y]! * line + i; t < end; t++, at += line)
        sum += rows.weights[t]! * across[at]!;
      data[start + i] = sum < low ? low : sum > high ? high : sum;
    }
  }
  return { height, width, channels, white, data };
}

function fillGround(
  data: Float32Array,
  channels: number,
  white: number,
  { background }: ImagePreprocessing,
): void {
  data.fill(background * white);
  const alpha = channels === 2 || channels === 4 ? channels - 1 : data.length;
  for (let i = alpha; i < data.length; i += channels) data[i] = white;
}

/** For each place along an axis: the first of the pixels that it is made of, and how much of each it takes. */
interface Taps {
  readonly first: Int32Array;
  /** Where the weights of each place begin; one more at the end. */
  readonly start: Int32Array;
  readonly weights: Float32Array;
}

/** Taps of the sizes that were met last: the images of a folder are mostly alike. */
const known = new Map<string, Taps>();
const KNOWN = 32;

function taps(...axis: Parameters<typeof makeTaps>): Taps {
  const key = axis.join();
  const found = known.get(key) ?? makeTaps(...axis);
  known.delete(key);
  known.set(key, found);
  if (known.size > KNOWN) known.delete(known.keys().next().value!);
  return found;
}

function makeTaps(
  start: number,
  length: number,
  count: number,
  limit: number,
  interpolation: ImagePreprocessing['interpolation'],
): Taps {
  const step = length / count;
  const first = new Int32Array(count);
  const starts = new Int32Array(count + 1);
  const weights: number[] = [];
  for (let i = 0; i < count; i++) {
    const middle = start + (i + 0.5) * step;
    if (interpolation === 'nearest') {
      first[i] = Math.min(Math.floor(middle), limit - 1);
      weights.push(1);
    } else {
      const { reach, weight } = kernels[interpolation];
      const stretch = Math.max(step, 1);
      first[i] = Math.max(0, Math.floor(middle - reach * stretch));
      const end = Math.min(limit, Math.ceil(middle + reach * stretch));
      const raw: number[] = [];
      for (let pixel = first[i]!; pixel < end; pixel++)
        raw.push(weight((pixel + 0.5 - middle) / stretch));
      const sum = raw.reduce((a, b) => a + b, 0);
      weights.push(...raw.map((value) => value / sum));
    }
    starts[i + 1] = weights.length;
  }
  return { first, start: starts, weights: Float32Array.from(weights) };
}

function range(values: Float32Array): [number, number] {
  let low = Infinity;
  let high = -Infinity;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return [low, high];
}
