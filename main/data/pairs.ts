import { createRandom } from '../../shared/random.ts';
import { classesOfSamples, type Dataset } from './dataset.ts';

/**
 * Pairs of images: each sample beside another, of the same class in half the cases. `other` is the second image,
 * `same` is 1 where both are of one class, else 0, float32. The partners depend on the seed alone.
 */
export async function pairDataset(dataset: Dataset, seed: number): Promise<Dataset> {
  const labels = await classesOfSamples(dataset, 'label');
  const byClass = new Map<number, number[]>();
  labels.forEach((label, i) => {
    const members = byClass.get(label);
    if (members) members.push(i);
    else byClass.set(label, [i]);
  });
  const draws = createRandom(seed, `pairs/${dataset.name}`).uniform(dataset.size * 2);
  const partners = Int32Array.from(labels, (label, i) => {
    const from = draws[2 * i]! < 0.5 ? byClass.get(label)! : null;
    const at = draws[2 * i + 1]!;
    return from ? from[Math.floor(at * from.length)]! : Math.floor(at * dataset.size);
  });
  return {
    ...dataset,
    elements: {
      ...dataset.elements,
      other: dataset.elements['image']!,
      same: { shape: [1], dtype: 'float32', kind: 'numbers' },
    },
    async batch(indices) {
      const [first, second] = await Promise.all([
        dataset.batch(indices),
        dataset.batch(Int32Array.from(indices, (i) => partners[i]!)),
      ]);
      const [a, b] = [first['label']!.data, second['label']!.data];
      const same = Float32Array.from(a, (label, i) => (label === b[i] ? 1 : 0));
      return {
        ...first,
        other: second['image']!,
        same: { shape: [same.length, 1], dtype: 'float32', data: same },
      };
    },
  };
}
