/** Samples that stand side by side in one picture, as bytes of red, green, blue and alpha. */
export interface Samples {
  readonly width: number;
  readonly height: number;
  readonly images: readonly ImageData[];
}

/**
 * Takes a PNG apart into `count` samples that stand side by side in it. The bytes stay as they are:
 * no colour space is converted. Rejects when the picture can't be read or its width does not divide.
 */
export async function readSamples(png: Uint8Array, count: number): Promise<Samples> {
  const blob = new Blob([png as Uint8Array<ArrayBuffer>], { type: 'image/png' });
  const bitmap = await createImageBitmap(blob, {
    colorSpaceConversion: 'none',
    premultiplyAlpha: 'none',
  });
  const width = bitmap.width / count;
  if (!Number.isInteger(width)) {
    throw new Error(
      `A picture of ${count} samples is ${bitmap.width} px wide, which does not divide.`,
    );
  }
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
  const context = canvas.getContext('2d', { willReadFrequently: true })!;
  context.drawImage(bitmap, 0, 0);
  const images: ImageData[] = [];
  for (let i = 0; i < count; i++) {
    images.push(context.getImageData(i * width, 0, width, bitmap.height));
  }
  bitmap.close();
  return { width, height: canvas.height, images };
}

/**
 * |a − b| of two pictures in a ramp from black over amber to white. The scale is fixed: a difference
 * of 0 is black, of half the range amber, of the whole range white; colours count by their mean.
 */
export function difference(a: ImageData, b: ImageData): ImageData {
  const result = new ImageData(a.width, a.height);
  for (let i = 0; i < result.data.length; i += 4) {
    let sum = 0;
    for (let channel = 0; channel < 3; channel++) {
      sum += Math.abs(a.data[i + channel]! - b.data[i + channel]!);
    }
    const entry = Math.round(sum / 3) * 3;
    result.data[i] = ramp[entry]!;
    result.data[i + 1] = ramp[entry + 1]!;
    result.data[i + 2] = ramp[entry + 2]!;
    result.data[i + 3] = 255;
  }
  return result;
}

/** Black, dark amber, amber, white: red, green and blue for each difference from 0 to 255. */
const ramp = buildRamp([
  [0, [0, 0, 0]],
  [0.25, [130, 62, 6]],
  [0.5, [238, 152, 30]],
  [1, [255, 255, 255]],
]);

type Stop = readonly [at: number, color: readonly [number, number, number]];

function buildRamp(stops: readonly Stop[]): Uint8Array {
  const colors = new Uint8Array(256 * 3);
  for (let i = 0; i < 256; i++) {
    const at = i / 255;
    const upper = Math.max(
      1,
      stops.findIndex((stop) => stop[0] >= at),
    );
    const [from, to] = [stops[upper - 1]!, stops[upper]!];
    const share = (at - from[0]) / (to[0] - from[0]);
    for (let c = 0; c < 3; c++) {
      colors[i * 3 + c] = Math.round(from[1][c]! + share * (to[1][c]! - from[1][c]!));
    }
  }
  return colors;
}
