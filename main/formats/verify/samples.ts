import type { ImagePreprocessing } from '../../../shared/data/preprocessing.ts';
import { tensor, type TensorData } from '../../../shared/program/tensor.ts';
import { createRandom } from '../../../shared/random.ts';
import type { Port } from '../predict-program.ts';

/** Dimensions that the model leaves open, beside the batch. */
const OPEN = [24, 31, 5];

/**
 * Random inputs to compare on: numbers around 0, whole numbers that every table has a row for, and for inputs that
 * prepare images themselves, images. These have the wanted size and whole levels, and are grey where grey is wanted, for
 * levels that lie between two would fall this way or that.
 */
export function sampleInputs(
  inputs: readonly Port[],
  batch: number,
  prepared: ReadonlyMap<string, ImagePreprocessing>,
): TensorData[] {
  return inputs.map(({ name, shape, dtype }) => {
    const image = prepared.get(name);
    const open = image ? image.size : OPEN;
    let next = 0;
    const known = shape.map(
      (dim, axis) => dim ?? (axis === 0 ? batch : open[next++ % open.length]!),
    );
    const size = known.reduce((a, b) => a * b, 1);
    const random = createRandom(7, name);
    if (image) {
      const levels = random.uniform(size, 0, 256).map(Math.floor);
      const grey = image.color === 'grey';
      return tensor(
        levels.map((level, i) => (grey ? levels[i - (i % 3)]! : level)),
        known,
      );
    }
    if (dtype !== 'float32')
      return tensor(random.uniform(size, 0, 2).map(Math.floor), known, dtype);
    return tensor(random.uniform(size, -1, 1), known);
  });
}
