import { join } from 'node:path';
import { levelsOf } from '../../shared/data/levels.ts';
import type { Tie } from '../../shared/data/mapping.ts';
import type {
  ImagesPlan,
  ImagesResult,
  StoredInput,
  StoredPicture,
} from '../../shared/api/events.ts';
import type { TensorData } from '../../shared/program/tensor.ts';
import { classesOfSamples, firstSamples, type Dataset } from '../data/dataset.ts';
import type { TrainingData } from '../data/training-data.ts';
import { writeFileAtomic } from '../formats/atomic.ts';
import { encodeStrip, isImageShape, stripShape } from '../formats/strip.ts';
import { imageFile, type TrainJob } from './contract.ts';
import { judgeClasses, judgeNumbers, rowsOf, sampleErrors } from './predictions.ts';
import type { Session } from './session.ts';

/** How many validation samples are shown. */
const SHOWN = 10;

/** The share of the training time that pictures between the fixed steps may take. */
const SHARE = 0.004;

/** Keeps what a model makes of a few fixed samples, at some of the steps. */
export interface Painter {
  readonly images: ImagesPlan;
  /**
   * Stores the pictures that the model makes when this is one of the steps, and judges them; null when it was not.
   * `trained` is how many seconds the training has taken so far.
   */
  paint(step: number, trained: number): Promise<ImagesResult | null>;
}

/**
 * A painter of the model's first output that gives images, else of its first that gives a class or numbers for images;
 * what stays the same, such as the samples themselves, is stored at once. Null where neither goes in nor comes out an
 * image.
 */
export async function createPainter(
  { engine, variables, compiled, feeds, data, stepsPerEpoch }: Session,
  { folder, settings }: TrainJob,
): Promise<Painter | null> {
  const { elements, mapping, validation } = data;
  const kindOf = (tie: Tie) => elements[tie.columns[0]!]!.kind;
  const inputs = mapping.ties.filter((tie) => tie.role === 'input' && kindOf(tie) === 'image');
  const outputs = mapping.ties.filter(({ role }) => role === 'output');
  const output =
    outputs.find((tie) => kindOf(tie) === 'image') ?? (inputs.length > 0 ? outputs[0] : undefined);
  const [input] = inputs;
  if (!output || !input) return null;

  const predict = await engine.compile(compiled.predict);
  const samples = await shownSamples(validation);
  const batch = { samples, elements: await validation.batch(samples) };
  const fed = feeds(batch, 'validation');
  const givesImages = kindOf(output) === 'image';
  const { index } = data.ports.outputs.find(({ name }) => name === output.port)!;
  const target = fed[`target/${index}`]!;
  const picture = (tie: Tie, values: TensorData) => inUnits(data, tie.columns[0]!, values);

  const restores = givesImages && !input.noisy && output.columns[0] === input.columns[0];
  const second = inputs[1];
  const pictures: Partial<Record<StoredInput, TensorData>> = {
    input: picture(input, fed[input.port]!),
    ...(second && !givesImages && { other: picture(second, fed[second.port]!) }),
    ...(givesImages && !restores && { target: picture(output, target) }),
  };
  if (!Object.values(pictures).every(({ shape }) => isImageShape(shape.slice(1)))) return null;
  for (const [name, images] of Object.entries(pictures))
    await store(folder, name as StoredInput, images);

  const labels = batch.elements[output.columns[0]!]!.data;
  const { classes = [] } = elements[output.columns[0]!]!;
  const givesClasses = kindOf(output) === 'class' && output.as !== 'number';
  const truths = givesClasses
    ? Array.from(labels, (label) => classes[label] ?? String(label))
    : rowsOf(target);
  const when = pictureSteps(settings.epochs, stepsPerEpoch);
  let spent = 0;
  return {
    images: {
      count: samples.length,
      shape: stripShape((pictures.target ?? pictures.input!).shape.slice(1)),
      pictures: Object.keys(pictures) as StoredInput[],
      ...(!givesImages && { truths }),
    },
    async paint(step, trained) {
      const isFixed = when.fixed(step);
      if (!isFixed && !(when.regular(step) && spent <= trained * SHARE)) return null;
      const began = performance.now();
      const made = (await predict.run(variables, fed))[compiled.outputs[index]!]!;
      if (givesImages) await store(folder, step, picture(output, made));
      if (!isFixed) spent += (performance.now() - began) / 1000;
      if (givesImages) return { errors: sampleErrors(target, made) };
      return givesClasses ? judgeClasses(made, labels, classes) : judgeNumbers(made, target);
    },
  };
}

/** Values of a column of images as the images that they are, 0 for black and 1 for white. */
export function inUnits(
  { elements, preprocessing }: TrainingData,
  column: string,
  values: TensorData,
): TensorData {
  const { shape } = elements[column]!;
  const { black, white } = levelsOf(preprocessing[column]!);
  const data = Float32Array.from(values.data, (value, i) => {
    const channel = i % black.length;
    return (value - black[channel]!) / (white[channel]! - black[channel]!);
  });
  return { shape: [values.shape[0]!, ...shape], dtype: 'float32', data };
}

/** Up to ten fixed samples: the first of each class, in the order of classes, then the first of the others. */
async function shownSamples(dataset: Dataset): Promise<Int32Array> {
  const some = firstSamples(dataset, 1000);
  const column = Object.keys(dataset.elements).find(
    (name) => dataset.elements[name]!.kind === 'class',
  );
  const labels =
    column === undefined ? new Int32Array(some.size) : await classesOfSamples(some, column);
  const firsts = new Map<number, number>();
  labels.forEach((label, sample) => {
    if (!firsts.has(label)) firsts.set(label, sample);
  });
  const byClass = [...firsts].sort(([a], [b]) => a - b).map(([, sample]) => sample);
  const others = Array.from(labels.keys()).filter((sample) => !byClass.includes(sample));
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

async function store(folder: string, picture: StoredPicture, images: TensorData): Promise<void> {
  await writeFileAtomic(join(folder, imageFile(picture)), encodeStrip(images), { durable: false });
}
