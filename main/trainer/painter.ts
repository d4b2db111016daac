import { join } from 'node:path';
import type { RunPlan } from '../../shared/api/events.ts';
import type { TensorData } from '../../shared/program/tensor.ts';
import type { Dataset } from '../data/dataset.ts';
import { writeFileAtomic } from '../formats/atomic.ts';
import { encodeStrip, isImageShape } from '../formats/strip.ts';
import { outputShape } from './binding.ts';
import { imageFile, type TrainJob } from './contract.ts';
import type { Session } from './session.ts';

/** How many validation samples are shown. */
const SHOWN = 10;

/** The share of the training time that pictures between the fixed steps may take. */
const SHARE = 0.01;

/** Stores what a model makes of a few fixed samples, at some of the steps. */
export interface Painter {
  readonly images: NonNullable<RunPlan['images']>;
  /**
   * Stores the reconstructions when this is one of the steps. Gives the mean squared error of each sample, or null
   * when it was not. `trained` is how many seconds the training has taken so far.
   */
  paint(step: number, trained: number): Promise<readonly number[] | null>;
}

/** A painter of the model's first output, with the samples stored; null when the task or the output gives no images. */
export async function createPainter(
  { engine, variables, compiled, bind, validation, stepsPerEpoch }: Session,
  { folder, settings }: TrainJob,
): Promise<Painter | null> {
  const image = outputShape(compiled, 0).slice(1);
  if (settings.task !== 'reconstruct' || !isImageShape(image)) return null;
  const predict = await engine.compile(compiled.predict);
  const samples = await validation.batch(await shownSamples(validation));
  const feeds = bind(samples);
  const originals = samples['image']!;
  const when = pictureSteps(settings.epochs, stepsPerEpoch);
  let spent = 0;
  await store(folder, null, originals);
  return {
    images: { count: originals.shape[0]!, shape: image },
    async paint(step, trained) {
      if (!when.fixed(step) && !(when.regular(step) && spent <= trained * SHARE)) return null;
      const began = performance.now();
      const made = (await predict.run(variables, feeds))[compiled.outputs[0]!]!;
      await store(folder, step, made);
      spent += (performance.now() - began) / 1000;
      return sampleErrors(originals, made);
    },
  };
}

/** Up to ten fixed samples: the first of each class, in the order of classes, then the first of the others. */
async function shownSamples(dataset: Dataset): Promise<Int32Array> {
  const looked = Int32Array.from({ length: Math.min(dataset.size, 1000) }, (_, i) => i);
  const labels = (await dataset.batch(looked, ['label']))['label']!.data;
  const firsts = new Map<number, number>();
  for (const sample of looked)
    if (!firsts.has(labels[sample]!)) firsts.set(labels[sample]!, sample);
  const byClass = [...firsts].sort(([a], [b]) => a - b).map(([, sample]) => sample);
  const others = looked.filter((sample) => !byClass.includes(sample));
  return Int32Array.from([...byClass, ...others].slice(0, SHOWN));
}

/** The steps after which pictures are stored: always at the fixed ones, at the regular ones if they cost little. */
export function pictureSteps(epochs: number, stepsPerEpoch: number) {
  const early = new Set([0, 1, 2, 5, 10, 20, 50]);
  const total = epochs * stepsPerEpoch;
  const every = Math.max(10, Math.ceil(total / 200));
  const ends = stepsPerEpoch * Math.ceil(epochs / 200);
  return {
    fixed: (step: number) => early.has(step) || step % ends === 0 || step === total,
    regular: (step: number) => step % every === 0,
  };
}

async function store(folder: string, step: number | null, images: TensorData): Promise<void> {
  await writeFileAtomic(join(folder, imageFile(step)), encodeStrip(images), { durable: false });
}

/** The mean squared difference of each sample. */
function sampleErrors(a: TensorData, b: TensorData): number[] {
  const count = a.shape[0]!;
  const size = a.data.length / count;
  return Array.from({ length: count }, (_, sample) => {
    let sum = 0;
    for (let i = sample * size; i < (sample + 1) * size; i++) sum += (a.data[i]! - b.data[i]!) ** 2;
    return sum / size;
  });
}
