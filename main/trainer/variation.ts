import { StudioError } from '../../shared/api/errors.ts';
import {
  augmentationProgram,
  augments,
  type AugmentedGroup,
} from '../../shared/data/augmentation.ts';
import { levelsOf, rangeOf, type Levels } from '../../shared/data/levels.ts';
import type { Mapping } from '../../shared/data/mapping.ts';
import { addNoise } from '../../shared/data/noise.ts';
import type { Preprocessing } from '../../shared/data/preprocessing.ts';
import type { TrainingSettings } from '../../shared/keras/training-settings.ts';
import type { NamedTensors, TensorData } from '../../shared/program/tensor.ts';
import type { Batch } from '../data/batches.ts';
import type { DataElement } from '../data/dataset.ts';
import type { Engine } from '../engines/engine.ts';
import { randomFeeds } from './feeds.ts';

/** What is varied, and how its values lie. */
export interface VariedData {
  readonly mapping: Mapping;
  readonly preprocessing: Preprocessing;
  readonly elements: Readonly<Record<string, DataElement>>;
}

type Settings = Pick<TrainingSettings, 'task' | 'seed' | 'noise' | 'augmentation'>;

/** Varies training batches as the settings' augmentation says. */
export interface Augmenter {
  /** The batch's elements, images varied. It depends on the seed and the number of updates alone. */
  augment(batch: Batch, updates: number): Promise<NamedTensors>;
}

/**
 * An augmenter that runs Keras's augmentation layers on the engine; one that leaves batches as they are where no switch
 * is on. Throws a StudioError when there are no images to vary, or not by this engine.
 */
export async function createAugmenter(
  engine: Engine,
  data: VariedData,
  { augmentation, seed, task }: Settings,
): Promise<Augmenter> {
  if (!augments(augmentation)) return { augment: async ({ elements }) => elements };
  const groups = augmentedGroups(data, task);
  const [first] = groups[0]?.columns ?? [];
  if (!first)
    throw badSettings('augmentation varies images, and nothing that goes into the model is one');
  let program;
  try {
    program = augmentationProgram(augmentation, groups, rangeOf(data.preprocessing[first.name]!));
  } catch (error) {
    if (error instanceof RangeError) throw badSettings(`augmentation: ${error.message}`);
    throw error;
  }
  const missing = engine.unsupported(program);
  if (missing.length > 0)
    throw badSettings(
      `the engine ${engine.name} can't augment images: it lacks ${missing.join(', ')}`,
    );
  const executable = await engine.compile(program);
  const none = await engine.variables({});
  const names = groups.flatMap(({ columns }) => columns.map(({ name }) => name));
  return {
    async augment({ size, elements }, updates) {
      const images = Object.fromEntries(names.map((name) => [name, elements[name]!]));
      const random = randomFeeds(program, size, seed, updates);
      return { ...elements, ...(await executable.run(none, { ...images, ...random })) };
    },
  };
}

/**
 * The images that go in, each varied by itself; where an image is to become another one, all together, so that they
 * still belong together.
 */
function augmentedGroups(
  { mapping, elements }: VariedData,
  task: Settings['task'],
): AugmentedGroup[] {
  const images = (role: 'input' | 'output') =>
    mapping.ties
      .filter((tie) => tie.role === role)
      .flatMap(({ columns }) => columns)
      .filter((name) => elements[name]?.kind === 'image');
  const ins = [...new Set(images('input'))];
  const targets = [...new Set(images('output'))].filter((name) => !ins.includes(name));
  const column = (name: string) => ({ name, shape: elements[name]!.shape });
  if (task === 'image-to-image' || targets.length > 0)
    return ins.length > 0
      ? [{ columns: [...ins, ...targets].map(column), photometric: ins.length }]
      : [];
  return ins.map((name) => ({ columns: [column(name)], photometric: 1 }));
}

/** What a batch is for: noise in training is new at every step, else it stays. */
export type Purpose = { readonly updates: number } | 'validation';

/** The noisy columns of a batch; none where the task adds no noise. */
export function noisyColumns(
  { mapping, preprocessing, elements: types }: VariedData,
  { noise, seed }: Settings,
  samples: ArrayLike<number>,
  elements: NamedTensors,
  purpose: Purpose,
): NamedTensors {
  const names = new Set(
    mapping.ties.filter(({ noisy }) => noisy).flatMap(({ columns }) => columns),
  );
  const [part, step] = purpose === 'validation' ? ['validation', 0] : ['train', purpose.updates];
  return Object.fromEntries(
    [...names].map((name): [string, TensorData] => {
      const clean = elements[name]!;
      const levels = noiseLevels(preprocessing, name, types[name]!);
      const data = Float32Array.from(clean.data);
      const size = data.length / clean.shape[0]!;
      for (let i = 0; i < clean.shape[0]!; i++) {
        const key = { seed, purpose: `${part}/${name}`, sample: samples[i]!, step };
        addNoise(data.subarray(i * size, (i + 1) * size), noise, levels, key);
      }
      return [name, { ...clean, data }];
    }),
  );
}

function noiseLevels(preprocessing: Preprocessing, name: string, { shape }: DataElement): Levels {
  return levelsOf(
    preprocessing[name] ?? { kind: 'numbers', normalize: null },
    shape.reduce((a, b) => a * b, 1),
  );
}

function badSettings(message: string): StudioError {
  return new StudioError('BAD_SETTINGS', message);
}
