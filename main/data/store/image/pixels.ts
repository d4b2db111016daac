import type { ImagePreprocessing } from '../../../../shared/data/preprocessing.ts';
import { channelsOf } from '../../../../shared/data/preprocessing.ts';

/** How pixels are kept. */
export type PixelValues = Uint8Array | Uint16Array | Float32Array;

/** Pixels in rows from the top, channels last. */
export interface Pixels<Values = PixelValues> {
  readonly height: number;
  readonly width: number;
  /** 1 grey, 2 grey and alpha, 3 red, green, blue, 4 with alpha; or as many as there are. */
  readonly channels: number;
  readonly data: Values;
  /** The value that stands for white. */
  readonly white: number;
}

/** An image could not become what is wanted; the message says why. */
export class ImageError extends Error {
  /** As in DataProblem. */
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** An array for `size` values of this type. */
function pixelArray(dtype: ImagePreprocessing['dtype'], size: number): PixelValues {
  if (dtype === 'uint8') return new Uint8Array(size);
  return dtype === 'uint16' ? new Uint16Array(size) : new Float32Array(size);
}

/** The value that stands for white where pixels are kept with this type. */
export function whiteOf(dtype: ImagePreprocessing['dtype']): number {
  return { uint8: 255, uint16: 65_535, float32: 1 }[dtype];
}

/**
 * Pixels with the channels and of the type that are wanted; the size stays. Colours become grey by the luma of
 * ITU-R 601, `0.299 R + 0.587 G + 0.114 B`; see-through pixels are laid on the background where alpha is not kept.
 * Throws an ImageError where the channels can't be had.
 */
export function convertPixels(
  { data, channels, white, height, width }: Pixels<ArrayLike<number>>,
  to: ImagePreprocessing,
): PixelValues {
  const wanted = channelsOf(to);
  const scale = whiteOf(to.dtype) / white;
  if (channels === wanted && scale === 1 && isKeptAs(data, to.dtype)) return data;
  const count = height * width;
  const out = pixelArray(to.dtype, count * wanted);
  const put =
    to.dtype === 'float32'
      ? (at: number, value: number) => (out[at] = value * scale)
      : (at: number, value: number) => (out[at] = value * scale + 0.5);
  if (channels === wanted) {
    for (let i = 0; i < out.length; i++) put(i, data[i]!);
    return out;
  }
  if (typeof to.color === 'number' || channels > 4)
    throw new ImageError(
      'wrong-channels',
      `the image has ${channels} channels; expected ${wanted}`,
    );
  const colors = channels < 3 ? 1 : 3;
  const alpha = channels % 2 === 0 ? channels - 1 : -1;
  const ground = (alpha >= 0 && wanted !== 4 ? to.background : 0) * white;
  const pixel = [0, 0, 0];
  for (let i = 0; i < count; i++) {
    const from = i * channels;
    const cover = alpha >= 0 && wanted !== 4 ? data[from + alpha]! / white : 1;
    for (let c = 0; c < 3; c++)
      pixel[c] = data[from + (colors === 1 ? 0 : c)]! * cover + ground * (1 - cover);
    if (wanted === 1)
      put(i, colors === 1 ? pixel[0]! : pixel[0]! * 0.299 + pixel[1]! * 0.587 + pixel[2]! * 0.114);
    else {
      for (let c = 0; c < 3; c++) put(i * wanted + c, pixel[c]!);
      if (wanted === 4) put(i * 4 + 3, alpha >= 0 ? data[from + alpha]! : white);
    }
  }
  return out;
}

/**
 * Pixels without the colours or the alpha that are not kept, before they are brought to another size: grey is a
 * weighted sum of colours, as a pixel of another size is of pixels, so that only the cost differs; what is behind
 * see-through pixels must not be mixed into those beside them.
 */
export function withoutUnkept(
  image: Pixels<ArrayLike<number>>,
  to: ImagePreprocessing,
): Pixels<ArrayLike<number>> {
  const { data, channels, height, width } = image;
  if (typeof to.color === 'number' || channels > 4) return image;
  if (channels % 2 === 0 && to.color !== 'rgba') {
    const color = channels === 2 ? 'grey' : to.color;
    const opaque = convertPixels(image, { ...to, color, dtype: 'float32' });
    return { ...image, channels: channelsOf({ color }), data: opaque, white: 1 };
  }
  if (channels !== 3 || to.color !== 'grey') return image;
  const grey = new Float32Array(height * width);
  for (let i = 0; i < grey.length; i++)
    grey[i] = data[3 * i]! * 0.299 + data[3 * i + 1]! * 0.587 + data[3 * i + 2]! * 0.114;
  return { ...image, channels: 1, data: grey };
}

function isKeptAs(
  data: ArrayLike<number>,
  dtype: ImagePreprocessing['dtype'],
): data is PixelValues {
  if (dtype === 'uint8') return data instanceof Uint8Array;
  return dtype === 'uint16' ? data instanceof Uint16Array : data instanceof Float32Array;
}
