import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { decode } from 'fast-png';
import sharp from 'sharp';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { imageFile } from '../../../main/trainer/contract.ts';
import { train } from '../../../main/trainer/trainer.ts';
import type { RunEventBody, StoredPicture } from '../../../shared/api/events.ts';
import { compose, type Composer } from '../../../shared/keras/compose.ts';
import type { ModelSpec } from '../../../shared/keras/spec.ts';
import { trainingSettings } from '../../../shared/keras/training-settings.ts';
import { createRandom } from '../../../shared/random.ts';

const files = await mkdtemp(join(tmpdir(), 'tasks-'));
afterAll(() => rm(files, { recursive: true, force: true }));
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(files, 'run-'));
});

const COUNT = 40;

async function put(path: string, content: string | Uint8Array): Promise<void> {
  await mkdir(dirname(join(files, path)), { recursive: true });
  await writeFile(join(files, path), content);
}

/** Squares of 24 x 16 px in a colour of their own: red of class 0, green of class 1. */
beforeAll(async () => {
  const table = ['file,kind,brightness,x,y'];
  const numbers = ['a,b,c,sum,difference'];
  const random = createRandom(0, 'tasks').uniform(COUNT * 5);
  for (let i = 0; i < COUNT; i++) {
    const [a, b, c, bright, place] = random.subarray(i * 5) as unknown as [number, number, number, number, number];
    const level = Math.round(55 + 200 * bright);
    const color = i % 2 === 0 ? { r: level, g: 0, b: 0 } : { r: 0, g: level, b: 0 };
    const square = await sharp({ create: { width: 8, height: 8, channels: 3, background: color } }).png().toBuffer();
    const left = Math.floor(place * 8);
    const picture = sharp({ create: { width: 24, height: 16, channels: 3, background: '#000' } }).composite([{ input: square, left, top: 4 }]);
    const png = await picture.png().toBuffer();
    await put(`classes/${i % 2 === 0 ? 'red' : 'green'}/${i}.png`, png);
    await put(`pairs/input/${i}.png`, png);
    await put(`pairs/target/${i}.png`, await sharp(png).removeAlpha().negate().greyscale().png().toBuffer());
    await put(`table/images/${i}.png`, png);
    table.push(`images/${i}.png,${i % 2 === 0 ? 'red' : 'green'},${bright.toFixed(4)},${a.toFixed(4)},${b.toFixed(4)}`);
    numbers.push([a, b, c, a + b, a - b].map((value) => value.toFixed(5)).join(','));
  }
  await put('table/table.csv', table.join('\n'));
  await put('numbers.csv', numbers.join('\n'));
}); // prettier-ignore

interface Options extends Record<string, unknown> {
  readonly data?: string;
  readonly stop?: (event: RunEventBody) => boolean;
}

/** Trains for a few steps on what lies in a folder, and gives all that was told. */
async function run(model: ModelSpec, { data = 'classes', stop, ...settings }: Options = {}) {
  const controller = new AbortController();
  const events: RunEventBody[] = [];
  const job = {
    model,
    folder,
    settings: trainingSettings.parse({
      model: model.models.at(-1),
      data: join(files, data),
      engine: 'onnx',
      epochs: 2,
      batch_size: 8,
      ...settings,
    }),
  };
  const end = await train(
    job,
    (list) => {
      events.push(...list);
      if (stop && list.some(stop)) controller.abort();
    },
    controller.signal,
  );
  const of = <T extends RunEventBody['type']>(type: T) =>
    events.filter((event): event is Extract<RunEventBody, { type: T }> => event.type === type);
  const [plan] = of('plan');
  const losses = of('steps').flatMap((event) => event.losses);
  const valLosses = of('epoch').map(({ valLoss }) => valLoss!);
  return { end, of, plan: plan!, losses, valLosses };
}

const model = (build: (composer: Composer) => ReturnType<Composer['model']>) => compose(build);
const picture = async (name: StoredPicture) =>
  decode(await readFile(join(folder, imageFile(name))));

/** A small autoencoder of images of this shape. */
const small = (shape: [number, number, number], channels = shape[2]) =>
  model(({ input, layers, model }) => {
    const x = input(shape, { name: 'x' });
    const hidden = layers.conv2d(4, 3, { padding: 'same', activation: 'relu' })(x);
    const y = layers.conv2d(channels, 3, { padding: 'same', activation: 'sigmoid', name: 'y' })(
      hidden,
    );
    return model(x, y, { name: 'small' });
  });
const judge = (units: number, activation: string) =>
  model(({ input, layers, model }) => {
    const x = input([8, 12, 3], { name: 'x' });
    const y = layers.dense(units, { activation, name: 'y' })(layers.flatten()(x));
    return model(x, y, { name: 'judge' });
  });

test('images take the size and the channels that the model asks for; colours stay colours', async () => {
  const { plan } = await run(small([8, 12, 3]));
  expect(plan.trainSamples + plan.validationSamples).toBe(COUNT);
  expect(plan.validationSamples).toBe(8);
  expect(plan.images).toMatchObject({ shape: [8, 12, 3], pictures: ['input'] });
  expect(plan.data).toMatchObject({ name: 'classes', samples: COUNT, task: 'reconstruct' });
  expect(plan.data!.preprocessing['image']).toMatchObject({ size: [8, 12], color: 'rgb' });
  const samples = await picture('input');
  expect([samples.width, samples.height, samples.channels]).toEqual([8 * 12, 8, 3]);
  // Classes are in the order of their names: the first sample is green, the second red.
  const light = (sample: number, channel: number) => {
    let sum = 0;
    for (let y = 0; y < 8; y++)
      for (let x = 0; x < 12; x++)
        sum += samples.data[(y * samples.width + sample * 12 + x) * 3 + channel]!;
    return sum;
  };
  expect([light(0, 0), light(1, 1)]).toEqual([0, 0]);
  expect(Math.min(light(0, 1), light(1, 0))).toBeGreaterThan(0);

  const grey = await run(small([16, 16, 1]));
  expect(grey.plan.data!.preprocessing['image']).toMatchObject({ size: [16, 16], color: 'grey' });
  expect(grey.plan.data!.hash).toBe(plan.data!.hash);
});

describe('denoise', () => {
  const settings = { task: 'denoise', noise: { kind: 'gaussian', amount: 0.5 } };
  test('gives the model noise and asks for the clean image; the noise of validation stays', async () => {
    const { plan, losses, valLosses } = await run(small([8, 12, 3]), { ...settings, epochs: 3 });
    expect(plan.images).toMatchObject({ pictures: ['input', 'target'] });
    const [noisy, clean] = [await picture('input'), await picture('target')];
    expect(noisy.data).not.toEqual(clean.data);
    const again = await run(small([8, 12, 3]), { ...settings, epochs: 3 });
    expect(again.losses).toEqual(losses);
    expect(again.valLosses).toEqual(valLosses);
    const plain = await run(small([8, 12, 3]), { epochs: 3 });
    expect(plain.losses[0]).not.toBe(losses[0]);
    // What the samples are without noise is the same picture.
    expect((await picture('input')).data).toEqual(clean.data);
  });
});

test('image to image learns the other image, and shows what goes in, comes out and should', async () => {
  const { plan, valLosses } = await run(small([16, 24, 3], 1), {
    data: 'pairs',
    task: 'image-to-image',
    epochs: 6,
  });
  expect(plan.data!.ties.map(({ port, columns }) => [port, ...columns])).toEqual([
    ['x', 'input'],
    ['y', 'target'],
  ]);
  expect(plan.images).toMatchObject({ shape: [16, 24, 1], pictures: ['input', 'target'] });
  const [input, target, output] = [
    await picture('input'),
    await picture('target'),
    await picture(0),
  ];
  expect([input.channels, target.channels, output.channels]).toEqual([3, 1, 1]);
  expect([target.data[0], input.data[0]]).toEqual([255, 0]);
  expect(valLosses.at(-1)!).toBeLessThan(valLosses[0]!);
});

test('augmentation varies pairs alike, for training alone, and the same seed the same', async () => {
  const settings = {
    data: 'pairs',
    task: 'image-to-image',
    augmentation: { flip: 'horizontal', brightness: 0.5 },
  };
  const first = await run(small([16, 24, 3], 1), settings);
  const again = await run(small([16, 24, 3], 1), settings);
  expect(again.losses).toEqual(first.losses);
  const plain = await run(small([16, 24, 3], 1), { ...settings, augmentation: {} });
  expect(plain.losses).not.toEqual(first.losses);
  expect(plain.valLosses[0]).toBe(first.valLosses[0]);
});

describe('classify', () => {
  test('two classes by one number, with what the model says of each sample', async () => {
    const { of, plan } = await run(judge(1, 'sigmoid'), {
      task: 'classify',
      loss: 'binary_crossentropy',
      metrics: ['accuracy'],
      optimizer: { class_name: 'Adam', config: { learning_rate: 0.05 } },
      epochs: 8,
    });
    expect(plan.images!.truths!.slice(0, 2)).toEqual(['green', 'red']);
    const said = of('images').at(-1)!.predictions!;
    expect(said.map((one) => 'label' in one && one.label)).toEqual(plan.images!.truths);
    expect(of('epoch').at(-1)!.logs!['val_accuracy']).toBe(1);
  });

  test('with too few outputs is refused', async () => {
    const few = run(judge(1, 'softmax'), {
      task: 'classify',
      loss: 'sparse_categorical_crossentropy',
    });
    await expect(few).rejects.toThrow(
      /output y gives float32 \(None, 1\); to classify there is label \(2 classes\)/,
    );
  });
});

describe('regress', () => {
  const linear = (outputs: readonly (readonly [string, number])[]) =>
    model(({ input, layers, model }) => {
      const x = input([3], { name: 'x' });
      const ends = outputs.map(([name, units]) => layers.dense(units, { name })(x));
      return model(x, ends, { name: 'linear' });
    });
  const settings = {
    data: 'numbers.csv',
    task: 'regress',
    recognise: { columns: { sum: 'numbers', difference: 'numbers' } },
    optimizer: { class_name: 'Adam', config: { learning_rate: 0.2 } },
    epochs: 30,
  };

  test('several numbers at one output', async () => {
    const { valLosses, plan } = await run(linear([['out', 2]]), settings);
    expect(plan.data!.ties).toMatchObject([
      { port: 'x' },
      { port: 'out', columns: ['sum', 'difference'] },
    ]);
    expect(valLosses.at(-1)!).toBeLessThan(1e-3);
    expect(plan.images).toBeUndefined();
  });

  test('one number at each of several outputs, by their names', async () => {
    const { plan, valLosses } = await run(linear([['difference', 1], ['sum', 1]]), settings); // prettier-ignore
    expect(plan.data!.ties.slice(1)).toMatchObject([
      { port: 'difference', columns: ['difference'], why: 'name' },
      { port: 'sum', columns: ['sum'], why: 'name' },
    ]);
    expect(valLosses.at(-1)!).toBeLessThan(1e-2);
  });

  test('numbers that belong to images, shown beside what the model says', async () => {
    const { plan, of } = await run(judge(1, 'linear'), {
      data: 'table',
      task: 'regress',
      columns: { outputs: { y: 'brightness' } },
    });
    const truths = plan.images!.truths as number[][];
    expect(truths).toHaveLength(8);
    const { errors, predictions } = of('images').at(-1)!;
    predictions!.forEach((said, i) => {
      if (!('values' in said)) throw new Error('expected numbers');
      expect(errors[i]).toBeCloseTo((said.values[0]! - truths[i]![0]!) ** 2, 5);
    });
  });
});

test('several inputs and outputs of several kinds', async () => {
  const both = model(({ input, layers, model }) => {
    const image = input([8, 12, 3], { name: 'photo' });
    const place = input([2], { name: 'place' });
    const all = layers.concatenate()([layers.flatten()(image), place]);
    const kind = layers.dense(2, { activation: 'softmax', name: 'kind' })(all);
    return model([image, place], [kind, layers.dense(1, { name: 'bright' })(all)], {
      name: 'both',
    });
  });
  const { plan, valLosses } = await run(both, {
    data: 'table',
    task: 'classify',
    loss: { kind: 'sparse_categorical_crossentropy', bright: 'mean_squared_error' },
    columns: { inputs: { place: ['x', 'y'] }, outputs: { bright: 'brightness' } },
    epochs: 4,
  });
  expect(plan.data!.ties.map(({ port, columns, as }) => [port, columns.join('+'), as])).toEqual([
    ['photo', 'file', 'values'],
    ['place', 'x+y', 'values'],
    ['kind', 'kind', 'index'],
    ['bright', 'brightness', 'values'],
  ]);
  expect(valLosses.at(-1)!).toBeLessThan(valLosses[0]!);
});

test('an image goes into a vector, and out of one', async () => {
  const flat = model(({ input, layers, model }) => {
    const x = input([16 * 24 * 3], { name: 'x' });
    return model(x, layers.dense(16 * 24 * 3, { activation: 'sigmoid' })(x), { name: 'flat' });
  });
  const { plan } = await run(flat);
  expect(plan.images).toMatchObject({ shape: [16, 24, 3] });
  expect((await readdir(join(folder, 'images'))).length).toBeGreaterThan(2);
  const output = await picture(0);
  expect([output.width, output.height]).toEqual([24 * 8, 16]);
});

test('standardised images have mean 0 and deviation 1 over the training samples; pictures show them as they are', async () => {
  const { plan } = await run(small([16, 24, 3]), {
    preprocessing: { '*': { normalize: 'standard' } },
  });
  const image = plan.data!.preprocessing['image']!;
  expect(image.normalize!.mean).toHaveLength(3);
  for (const mean of image.normalize!.mean.slice(0, 2)) expect(mean).toBeGreaterThan(0.01);
  // Nothing is blue: a deviation of 0 counts as 1.
  expect([image.normalize!.mean[2], image.normalize!.std[2]]).toEqual([0, 1]);
  const { data } = await picture('input');
  expect([Math.min(...data), data[0]]).toEqual([0, 0]);
  expect(Math.max(...data)).toBeGreaterThan(100);
});

describe('is refused before anything is trained', () => {
  test.each<[string, ModelSpec, Options, RegExp]>([
    ['pairs without another image', small([8, 12, 3]), { task: 'image-to-image' }, /image-to-image there is no column.*the task reconstruct or denoise would fit/],
    ['a column that is not there', small([8, 12, 3]), { columns: { inputs: { x: 'photo' } } }, /there is no column photo; there are image/],
    ['an input that is not there', small([8, 12, 3]), { columns: { inputs: { z: 'image' } } }, /there is no input z; there are x/],
    ['parts that are not given', small([8, 12, 3]), { split: { by: 'given' } }, /has the parts all \(40\); to split as given/],
    ['augmentation without images', compose(({ input, layers, model }) => {
      const x = input([3], { name: 'x' });
      return model(x, layers.dense(3)(x), { name: 'numbers' });
    }), { data: 'numbers.csv', recognise: { columns: { sum: 'ignore', difference: 'ignore' } }, augmentation: { flip: 'vertical' } }, /augmentation varies images, and nothing that goes into the model is one/],
    ['images of two sizes that move together', compose(({ input, layers, model }) => {
      const x = input([8, 12, 3], { name: 'x' });
      return model(x, layers.upSampling2d(2, { name: 'y' })(x), { name: 'larger' });
    }), { data: 'pairs', task: 'image-to-image', augmentation: { rotation: 0.1 } }, /need one size; input is 8×12, target is 16×24/],
  ])('%s', async (_, model, options, message) => {
    await expect(run(model, options)).rejects.toThrow(message);
    expect(await readdir(folder)).toEqual([]);
  }); // prettier-ignore
});

test('a stop while data are decoded ends the run; what is decoded stays', async () => {
  const { end, of } = await run(small([8, 12, 3]), {
    preprocessing: { '*': { size: [13, 17] } },
    task: 'image-to-image',
    data: 'pairs',
    stop: ({ type }) => type === 'state',
  }).catch((error: Error) => ({ end: error.message, of: () => [] }));
  expect([end, of('steps')]).toEqual([{ state: 'stopped' }, []]);
});
