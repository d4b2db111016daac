import { z } from 'zod';
import { sizeOf } from '../program/tensor.ts';
import { createRandom, type Random } from '../random.ts';
import { kerasObject } from './keras-object.ts';
import { toSnakeCase } from './names.ts';
import { SpecError, type JsonObject } from './spec.ts';

type Initialize = (shape: readonly number[], random: Random) => ArrayLike<number>;

/** A Keras initializer: its configuration gives the function that fills a shape. */
type Initializer = (config: unknown) => Initialize;

function initializer<S extends z.ZodType>(
  schema: S,
  fill: (config: z.infer<S>, shape: readonly number[], random: Random) => ArrayLike<number>,
): Initializer {
  return (config) => {
    const parsed = schema.parse(config ?? {});
    return (shape, random) => fill(parsed, shape, random);
  };
}

const seed = z.unknown().optional();
const constantOf = (value: number) => (shape: readonly number[]) =>
  new Float32Array(sizeOf(shape)).fill(value);

/** Standard deviation of a normal distribution cut at two standard deviations. */
const TRUNCATED_STDDEV = 0.87962566103423978;

/** Normal numbers, drawn again while they lie over two standard deviations away. */
function truncatedNormal(n: number, mean: number, stddev: number, random: Random): Float32Array {
  const values = new Float32Array(n);
  for (let i = 0; i < n;) {
    for (const value of random.normal(Math.max(64, n - i)))
      if (Math.abs(value) <= 2 && i < n) values[i++] = mean + stddev * value;
  }
  return values;
}

/** Which axes of a weight count as inputs and outputs; by its shape unless both are given. */
interface FanAxes {
  readonly input_axes?: readonly number[] | null | undefined;
  readonly output_axes?: readonly number[] | null | undefined;
}

/** Fans of a weight as in keras.src.initializers.random_initializers.compute_fans. */
function fans(
  shape: readonly number[],
  { input_axes, output_axes }: FanAxes,
): { fanIn: number; fanOut: number } {
  if (input_axes && output_axes) {
    const product = (axes: readonly number[]) => sizeOf(axes.map((axis) => shape.at(axis) ?? 1));
    return { fanIn: product(input_axes), fanOut: product(output_axes) };
  }
  if (shape.length === 0) return { fanIn: 1, fanOut: 1 };
  if (shape.length === 1) return { fanIn: shape[0]!, fanOut: shape[0]! };
  const field = sizeOf(shape.slice(0, -2));
  return { fanIn: shape.at(-2)! * field, fanOut: shape.at(-1)! * field };
}

const axes = z.array(z.int()).nullish();

const varianceScaling = z.strictObject({
  scale: z.number().positive().default(1),
  mode: z.enum(['fan_in', 'fan_out', 'fan_avg']).default('fan_in'),
  distribution: z
    .enum(['truncated_normal', 'untruncated_normal', 'uniform'])
    .default('truncated_normal'),
  input_axes: axes,
  output_axes: axes,
  seed,
});

function scaled(
  { scale, mode, distribution, ...fanAxes }: z.infer<typeof varianceScaling>,
  shape: readonly number[],
  random: Random,
): Float32Array {
  const { fanIn, fanOut } = fans(shape, fanAxes);
  const fan = mode === 'fan_in' ? fanIn : mode === 'fan_out' ? fanOut : (fanIn + fanOut) / 2;
  const variance = scale / Math.max(1, fan);
  const size = sizeOf(shape);
  if (distribution === 'uniform') {
    const limit = Math.sqrt(3 * variance);
    return random.uniform(size, -limit, limit);
  }
  const stddev = Math.sqrt(variance);
  return distribution === 'untruncated_normal'
    ? random.normal(size, 0, stddev)
    : truncatedNormal(size, 0, stddev / TRUNCATED_STDDEV, random);
}

const ownFans = z.strictObject({ seed, input_axes: axes, output_axes: axes });

/** A named case of VarianceScaling. */
const scaling = (
  scale: number,
  mode: 'fan_in' | 'fan_avg',
  distribution: 'uniform' | 'truncated_normal',
) =>
  initializer(ownFans, (fanAxes, shape, random) =>
    scaled({ ...fanAxes, scale, mode, distribution }, shape, random),
  );

/** Rows (or columns) that are orthonormal: Gram-Schmidt on normal numbers, signs as QR with a positive diagonal. */
function orthogonal(shape: readonly number[], gain: number, random: Random): Float32Array {
  if (shape.length < 2) throw new RangeError('an orthogonal weight has at least 2 axes');
  const columns = shape.at(-1)!;
  const rows = sizeOf(shape) / columns;
  const [count, length] = rows < columns ? [rows, columns] : [columns, rows];
  const basis: Float64Array[] = [];
  while (basis.length < count) {
    const vector = Float64Array.from(random.normal(length));
    for (let pass = 0; pass < 2; pass++)
      for (const other of basis) {
        const along = other.reduce((sum, value, i) => sum + value * vector[i]!, 0);
        for (let i = 0; i < length; i++) vector[i]! -= along * other[i]!;
      }
    const norm = Math.hypot(...vector);
    if (norm > 1e-6) basis.push(vector.map((value) => value / norm));
  }
  return Float32Array.from({ length: rows * columns }, (_, i) => {
    const row = Math.floor(i / columns);
    const column = i % columns;
    return gain * (rows < columns ? basis[row]![column]! : basis[column]![row]!);
  });
}

const initializers: Readonly<Record<string, Initializer>> = {
  zeros: initializer(z.strictObject({}), (_, shape) => constantOf(0)(shape)),
  ones: initializer(z.strictObject({}), (_, shape) => constantOf(1)(shape)),
  constant: initializer(z.strictObject({ value: z.number().default(0) }), ({ value }, shape) =>
    constantOf(value)(shape),
  ),
  random_uniform: initializer(
    z.strictObject({ minval: z.number().default(-0.05), maxval: z.number().default(0.05), seed }),
    ({ minval, maxval }, shape, random) => random.uniform(sizeOf(shape), minval, maxval),
  ),
  random_normal: initializer(
    z.strictObject({ mean: z.number().default(0), stddev: z.number().default(0.05), seed }),
    ({ mean, stddev }, shape, random) => random.normal(sizeOf(shape), mean, stddev),
  ),
  truncated_normal: initializer(
    z.strictObject({ mean: z.number().default(0), stddev: z.number().default(0.05), seed }),
    ({ mean, stddev }, shape, random) => truncatedNormal(sizeOf(shape), mean, stddev, random),
  ),
  variance_scaling: initializer(varianceScaling, scaled),
  glorot_uniform: scaling(1, 'fan_avg', 'uniform'),
  glorot_normal: scaling(1, 'fan_avg', 'truncated_normal'),
  he_uniform: scaling(2, 'fan_in', 'uniform'),
  he_normal: scaling(2, 'fan_in', 'truncated_normal'),
  lecun_uniform: scaling(1, 'fan_in', 'uniform'),
  lecun_normal: scaling(1, 'fan_in', 'truncated_normal'),
  orthogonal: initializer(
    z.strictObject({ gain: z.number().default(1), seed }),
    ({ gain }, shape, random) => orthogonal(shape, gain, random),
  ),
  identity: initializer(z.strictObject({ gain: z.number().default(1) }), ({ gain }, shape) => {
    if (shape.length !== 2) throw new RangeError('an identity weight has 2 axes');
    const columns = shape[1]!;
    return Float32Array.from({ length: sizeOf(shape) }, (_, i) =>
      Math.floor(i / columns) === i % columns ? gain : 0,
    );
  }),
  // Keras's bias of an LSTM with unit_forget_bias: ones for the forget gate, the second of four.
  unit_forget_bias: (config) => {
    const { bias_initializer, units } = unitForgetBias.parse(config);
    const fill = initializerOf(bias_initializer as string | JsonObject);
    return (_, random) => [
      ...Array.from(fill([units], random)),
      ...Array.from(constantOf(1)([units])),
      ...Array.from(fill([2 * units], random)),
    ];
  },
};

const unitForgetBias = z.strictObject({
  bias_initializer: z.union([z.string(), z.record(z.string(), z.json())]),
  units: z.int().positive(),
});

/** Other names of initializers, as Keras has them. */
const aliases: Readonly<Record<string, string>> = {
  zero: 'zeros',
  one: 'ones',
  uniform: 'random_uniform',
  normal: 'random_normal',
  identity_initializer: 'identity',
  orthogonal_initializer: 'orthogonal',
};

/** The function of an initializer. Throws a RangeError that names an unknown one or a wrong key. */
export function initializerOf(given: string | JsonObject): Initialize {
  return kerasObject('initializer', initializers, aliases, given);
}

/**
 * A kernel's initializer with the axes that count as its inputs and outputs, as Keras gives it to an EinsumDense.
 * Only those that scale by fans take them; others stay as they are.
 */
export function withFans(
  given: string | JsonObject,
  input_axes: readonly number[],
  output_axes: readonly number[],
): string | JsonObject {
  const class_name = typeof given === 'string' ? given : String(given['class_name']);
  if (!/^(variance_scaling|(glorot|he|lecun)_)/.test(toSnakeCase(class_name))) return given;
  const config = typeof given === 'string' ? {} : (given['config'] as JsonObject);
  return { class_name, config: { ...config, input_axes, output_axes } };
}

/**
 * The first numbers of a variable, float32. They depend on the seed and the variable's key alone.
 * Throws a SpecError at `key` for an unknown initializer or configuration.
 */
export function initialize(
  given: string | JsonObject,
  shape: readonly number[],
  key: string,
  seedOfRun: number,
): Float32Array {
  try {
    return Float32Array.from(initializerOf(given)(shape, createRandom(seedOfRun, key)));
  } catch (error) {
    throw new SpecError(key, (error as Error).message);
  }
}
