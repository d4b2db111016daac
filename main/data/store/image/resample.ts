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
 * aliases. The values stay within those of the image; padding is the background.
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
  const across = new Float32Array(image.height * filled.width * channels);
  for (let y = 0; y < image.height; y++)
    for (let x = 0; x < filled.width; x++) {
      const { first, weights } = columns[x]!;
      for (let c = 0; c < channels; c++) {
        let sum = 0;
        let at = (y * image.width + first) * channels + c;
        for (let t = 0; t < weights.length; t++, at += channels)
          sum += weights[t]! * image.data[at]!;
        across[(y * filled.width + x) * channels + c] = sum;
      }
    }
  const data = new Float32Array(height * width * channels).fill(to.background * white);
  if (channels % 2 === 0)
    for (let i = channels - 1; i < data.length; i += channels) data[i] = white;
  const [low, high] = range(image.data);
  for (let y = 0; y < filled.height; y++) {
    const { first, weights } = rows[y]!;
    const line = ((y + filled.top) * width + filled.left) * channels;
    for (let i = 0; i < filled.width * channels; i++) {
      let sum = 0;
      for (let t = 0; t < weights.length; t++)
        sum += weights[t]! * across[(first + t) * filled.width * channels + i]!;
      data[line + i] = Math.min(Math.max(sum, low), high);
    }
  }
  return { height, width, channels, white, data };
}

/** For each of `count` places along an axis: the pixels that it is made of, and how much of each. */
function taps(
  start: number,
  length: number,
  count: number,
  limit: number,
  interpolation: ImagePreprocessing['interpolation'],
): { first: number; weights: Float32Array }[] {
  const step = length / count;
  return Array.from({ length: count }, (_, i) => {
    const middle = start + (i + 0.5) * step;
    if (interpolation === 'nearest')
      return { first: Math.min(Math.floor(middle), limit - 1), weights: Float32Array.of(1) };
    const { reach, weight } = kernels[interpolation];
    const stretch = Math.max(step, 1);
    const first = Math.max(0, Math.floor(middle - reach * stretch));
    const end = Math.min(limit, Math.ceil(middle + reach * stretch));
    const weights = Float32Array.from({ length: end - first }, (_, t) =>
      weight((first + t + 0.5 - middle) / stretch),
    );
    const sum = weights.reduce((a, b) => a + b, 0);
    return { first, weights: weights.map((value) => value / sum) };
  });
}

function range(values: ArrayLike<number>): [number, number] {
  let low = Infinity;
  let high = -Infinity;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return [low, high];
}
