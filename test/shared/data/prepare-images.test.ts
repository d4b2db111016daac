import { describe, expect, test } from 'vitest';
import { resample } from '../../../main/data/store/image/resample.ts';
import { convertPixels, withoutUnkept } from '../../../main/data/store/image/pixels.ts';
import { prepareImages, rawImageShape } from '../../../shared/data/prepare-images.ts';
import { affineOf, type ImagePreprocessing } from '../../../shared/data/preprocessing.ts';
import { createOps } from '../../../shared/program/builder.ts';
import { interpret } from '../../../shared/program/interpreter/interpret.ts';
import { tensor } from '../../../shared/program/tensor.ts';
import { createRandom } from '../../../shared/random.ts';

const usual: ImagePreprocessing = {
  kind: 'image',
  size: [6, 8],
  fit: 'stretch',
  interpolation: 'bilinear',
  color: 'rgb',
  background: 0.25,
  dtype: 'float32',
  scale: 'unit',
  normalize: null,
};

/** What the import and the making of a batch give for an image. */
function imported(data: Uint8Array, [height, width]: number[], to: ImagePreprocessing) {
  const channels = data.length / (height! * width!);
  const image = { height: height!, width: width!, channels, white: 255, data };
  const kept = convertPixels(resample(withoutUnkept(image, to), to), to);
  const count = kept.length / (to.size[0] * to.size[1]);
  return Float32Array.from(kept, (value, i) => {
    const { factor, offset } = affineOf(to, i % count);
    return value * factor + offset;
  });
}

describe('the operations prepare images as the import does', () => {
  const sizes = [
    [6, 8],
    [13, 9],
    [3, 20],
    [31, 40],
  ];
  for (const fit of ['stretch', 'crop', 'pad'] as const)
    for (const interpolation of ['nearest', 'bilinear', 'bicubic', 'lanczos3'] as const)
      test(`${fit}, ${interpolation}`, () => {
        for (const how of [
          {},
          { color: 'grey', dtype: 'uint8' },
          { scale: 'signed', normalize: { mean: [0.1, 0.2, 0.3], std: [0.5, 1, 2] } },
        ] as const)
          for (const size of sizes) {
            const to: ImagePreprocessing = { ...usual, fit, interpolation, ...how } as never;
            const numbers = createRandom(1, String(size)).uniform(size[0]! * size[1]! * 3, 0, 256);
            const data = Uint8Array.from(numbers);
            const ops = createOps();
            const fed = ops.feed('x', rawImageShape(to));
            const program = ops.program({ y: prepareImages(ops, fed, to) });
            const x = tensor(data, [1, ...size, 3]);
            const received = interpret(program, {}, { x })['y']!;
            const expected = imported(data, size, to);
            expect(received.shape).toEqual([1, 6, 8, to.color === 'grey' ? 1 : 3]);
            // A rounding to whole levels can fall the other way where the numbers differ by a millionth.
            const level = to.dtype === 'uint8' ? 1.001 / 255 : 0;
            let others = 0;
            received.data.forEach((value, i) => {
              const off = Math.abs(value - expected[i]!);
              if (off > 1e-5) others++;
              expect(off).toBeLessThan(level + 1e-5);
            });
            expect(others).toBeLessThan(3);
          }
      });
});
