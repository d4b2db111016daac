import { PAIR_COLUMNS } from '../../shared/data/mapping.ts';
import { createRandom } from '../../shared/random.ts';
import { classesOfSamples, dataError, type Dataset } from './dataset.ts';
import { gather } from './typed-array.ts';

/**
 * Pairs of images: each sample beside another, of the same class in half the cases. `other` is the image of the second,
 * `same` is 1 where both are of one class, else 0, float32. Images and classes are the first columns of their kind. The
 * partners depend on the seed alone. Throws a StudioError for data without images or classes.
 */
export async function pairDataset(dataset: Dataset, seed: number): Promise<Dataset> {
  const image = columnOf(dataset, 'image');
  const label = columnOf(dataset, 'class');
  const labels = await classesOfSamples(dataset, label);
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
      [PAIR_COLUMNS.other]: dataset.elements[image]!,
      [PAIR_COLUMNS.same]: { shape: [1], dtype: 'float32', kind: 'numbers' },
    },
    async batch(indices, only) {
      const second = gather(partners, indices, new Int32Array(indices.length));
      const [first, others] = await Promise.all([
        dataset.batch(
          indices,
          only?.filter((name) => Object.hasOwn(dataset.elements, name)),
        ),
        dataset.batch(second, [image]),
      ]);
      const same = Float32Array.from(second, (other, i) =>
        labels[other] === labels[indices[i]!] ? 1 : 0,
      );
      return {
        ...first,
        [PAIR_COLUMNS.other]: others[image]!,
        [PAIR_COLUMNS.same]: { shape: [same.length, 1], dtype: 'float32', data: same },
      };
    },
  };
}

function columnOf({ name, elements }: Dataset, kind: 'image' | 'class'): string {
  const found = Object.keys(elements).find((column) => elements[column]!.kind === kind);
  if (found === undefined)
    throw dataError(`pairs need ${kind === 'image' ? 'images' : 'classes'}; ${name} has none`);
  return found;
}
