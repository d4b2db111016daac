import { createOps } from '../../shared/program/builder.ts';
import type { Program } from '../../shared/program/program.ts';
import { tensor, type NamedTensors } from '../../shared/program/tensor.ts';
import type { Engine } from './engine.ts';

/** A program with what it runs on. */
export interface StepSample {
  readonly program: Program;
  readonly variables: NamedTensors;
  readonly feeds: NamedTensors;
}

/** Small whole numbers, so that every engine gives the same to the last bit but for reduced precision. */
const WANTED = {
  scores: [1052, 1280],
  kernel: [-783, -1010, -1465, -1692],
  /** Of the next step, where the kernel that the first one left makes everything negative. */
  next: [0, 0],
} as const;

/** How far a result may be off, relative to its size: GPUs may multiply in TF32, with 10 bits. */
const TOLERANCE = 0.01;

/**
 * Runs a convolution, a matrix product, a gradient and an update on the engine, twice.
 * Throws when a result is not what it must be: a device may be listed, and yet not work.
 */
export async function runProbeStep(engine: Engine): Promise<void> {
  const window = { strides: [1, 1], padding: 'valid', dilations: [1, 1], groups: 1 } as const;
  const ops = createOps();
  const kernel = ops.variable('kernel', [2, 2, 1, 1]);
  const image = ops.feed('image', [null, 3, 3, 1]);
  const weights = ops.feed('weights', [4, 2]);
  const hidden = ops.relu(ops.conv(image, kernel, window));
  const scores = ops.matMul(ops.reshape(hidden, [null, 4]), weights);
  const gradient = ops.convFilterGrad(image, hidden, [2, 2], window);
  const executable = await engine.compile(
    ops.program({ scores }, { kernel: ops.sub(kernel, gradient) }),
  );
  const variables = await engine.variables({ kernel: tensor([1, 2, 3, 4], [2, 2, 1, 1]) });
  const feeds = {
    image: tensor([1, 2, 3, 4, 5, 6, 7, 8, 9], [1, 3, 3, 1]),
    weights: tensor([1, 2, 3, 4, 5, 6, 7, 8], [4, 2]),
  };
  const first = await executable.run(variables, feeds);
  const second = await executable.run(variables, feeds);
  const results: NamedTensors = {
    ...first,
    ...(await variables.read()),
    next: second['scores']!,
  };
  variables.dispose();
  await executable.dispose();
  for (const [name, wanted] of Object.entries(WANTED)) {
    const got = [...(results[name]?.data ?? [])];
    if (!wanted.every((x, i) => Math.abs(x - got[i]!) <= TOLERANCE * Math.abs(x)))
      throw new Error(`it computes wrong numbers: ${name} are [${got}] in place of [${wanted}]`);
  }
}

/** What running a sample gave. */
export interface Timing {
  /** The median of a run, the first one left out. */
  readonly milliseconds: number;
  /** The outputs of the first run. */
  readonly outputs: NamedTensors;
}

/** Time to spend on timing one engine, beside the first run. */
const PATIENCE_MS = 2000;

/** Times the sample: after a first run up to 5 more, as long as they take no more than 2 s. */
export async function timeStep(engine: Engine, sample: StepSample): Promise<Timing> {
  const executable = await engine.compile(sample.program);
  const variables = await engine.variables(sample.variables);
  const outputs = await executable.run(variables, sample.feeds);
  const times: number[] = [];
  for (let spent = 0; times.length < 5 && (spent < PATIENCE_MS || times.length === 0);) {
    const start = performance.now();
    await executable.run(variables, sample.feeds);
    const time = performance.now() - start;
    times.push(time);
    spent += time;
  }
  variables.dispose();
  await executable.dispose();
  times.sort((a, b) => a - b);
  return { milliseconds: times[Math.floor(times.length / 2)]!, outputs };
}

/** Whether two engines gave the same outputs but for rounding and reduced precision. */
export function agree(a: NamedTensors, b: NamedTensors): boolean {
  return Object.entries(a).every(([name, { data }]) => {
    const [numbers, others] = [[...data], [...(b[name]?.data ?? [])]];
    const scale = numbers.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
    const close = (x: number, y: number) => Object.is(x, y) || Math.abs(x - y) <= TOLERANCE * scale;
    return numbers.length === others.length && numbers.every((x, i) => close(x, others[i]!));
  });
}
