import { createRandom } from '../../shared/random.ts';
import type { Dataset } from './dataset.ts';

/**
 * Pairs of images: each sample beside another, of the same class in half the cases. `other` is the second image,
 * `same` is 1 where both are of one class, else 0, float32. The partners depend on the seed alone.
 */
export function pairDataset(dataset: Dataset, seed: number): Dataset {
  const labels = labelsOf(dataset);
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
      same: { shape: [1], dtype: 'float32' },
    },
    batch(indices) {
      const first = dataset.batch(indices);
      const second = dataset.batch(Int32Array.from(indices, (i) => partners[i]!));
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

/** The labels of all samples, read in parts so that few images are held at a time. */
function labelsOf({ size, batch }: Dataset): Int32Array {
  const labels = new Int32Array(size);
  for (let start = 0; start < size; start += 1000) {
    const part = Int32Array.from({ length: Math.min(1000, size - start) }, (_, i) => start + i);
    labels.set(batch(part)['label']!.data, start);
  }
  return labels;
}
