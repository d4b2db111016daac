import type { TargetFeed } from '../program/objective.ts';
import { formatShape, type NamedTensors, type TensorData } from '../program/tensor.ts';
import { SpecError } from './spec.ts';

/** What each class counts for, by its number; classes that are left out count once. */
export type ClassWeight = Readonly<Record<string, number>>;

/**
 * One weight a sample: that of the class which its target says, as its number or one-hot. The target is
 * [batch], [batch, 1] or [batch, classes]. Throws a SpecError for another one.
 * Source: keras.src.trainers.data_adapters.data_adapter_utils.class_weight_to_sample_weights.
 */
export function classSampleWeights({ shape, data }: TensorData, weights: ClassWeight): TensorData {
  const [batch, classes = 1, ...rest] = shape;
  if (rest.length > 0)
    throw new SpecError(
      'class_weight',
      `expected a target of one class a sample; got the shape ${formatShape(shape)}`,
    );
  const classOf = (sample: number) => {
    if (classes === 1) return rounded(data[sample]!);
    const row = Array.from({ length: classes }, (_, i) => data[sample * classes + i]!);
    return row.indexOf(Math.max(...row));
  };
  const weightOf = (_: unknown, sample: number) => {
    const key = String(classOf(sample));
    return Object.hasOwn(weights, key) ? weights[key]! : 1;
  };
  const values = Float32Array.from({ length: batch! }, weightOf);
  return { shape: [batch!], dtype: 'float32', data: values };
}

/** The feeds of the sample weights that a training step takes, beside those of its targets. */
export function classWeightFeeds(
  targets: readonly TargetFeed[],
  feeds: NamedTensors,
  weights: ClassWeight | null,
): NamedTensors {
  if (!weights) return {};
  return Object.fromEntries(
    targets.map(({ name, sampleWeight }) => [
      sampleWeight!.name,
      classSampleWeights(feeds[name]!, weights),
    ]),
  );
}

/** To the nearest whole number, halves to the even one, as NumPy does. */
function rounded(value: number): number {
  const nearest = Math.round(value);
  return (nearest - value === 0.5 && nearest % 2 !== 0 ? nearest - 1 : nearest) + 0;
}
