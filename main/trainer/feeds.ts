import { nodesOf, type Program } from '../../shared/program/program.ts';
import { sizeOf, type NamedTensors, type TensorData } from '../../shared/program/tensor.ts';
import { createRandom } from '../../shared/random.ts';

/**
 * Draws what a program's random operations need for one run over `batch` samples. It depends on the seed, the name of
 * the operation and the step alone, so a training can be repeated and resumed on any engine.
 */
export function randomFeeds(
  program: Program,
  batch: number,
  seed: number,
  step: number,
): NamedTensors {
  return Object.fromEntries(
    nodesOf(program, 'random').map(({ shape, attrs: { name, distribution } }) => {
      const known = shape.map((dim) => dim ?? batch);
      const random = createRandom(seed, name, step);
      const data =
        distribution.kind === 'uniform'
          ? random.uniform(sizeOf(known), distribution.low, distribution.high)
          : random.normal(sizeOf(known), distribution.mean, distribution.stddev);
      return [name, { shape: known, dtype: 'float32', data } satisfies TensorData];
    }),
  );
}
