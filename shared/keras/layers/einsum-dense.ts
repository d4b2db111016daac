import { z } from 'zod';
import type { Ops, Value } from '../../program/builder.ts';
import type { Dim, Shape } from '../../program/tensor.ts';
import { activate, activation } from './activation.ts';
import { kernelAndBias } from './config.ts';
import { defineLayer } from './layer.ts';

const dim = z.int().positive().nullable();
const { use_bias: _, ...objects } = kernelAndBias;

const config = z.strictObject({
  equation: z.string(),
  output_shape: z.union([dim, z.array(dim)]).transform((value) => [value].flat()),
  activation,
  bias_axes: z.string().nullish(),
  ...objects,
  lora_rank: z.null().optional(),
  lora_alpha: z.null().optional(),
  quantization_config: z.null().optional(),
});

interface Equation {
  readonly input: string;
  readonly kernel: string;
  readonly output: string;
}

/** The letters of `ab,bc->ac`; an ellipsis becomes letters of its own for the axes that it stands for. */
function parseEquation(equation: string, rank: number): Equation {
  const match = /^([a-zA-Z.]+),([a-zA-Z]+)->([a-zA-Z.]+)$/.exec(equation.replaceAll(' ', ''));
  if (!match) throw new RangeError(`the equation ${equation} is not of the form ab,bc->ac`);
  const [, input, kernel, output] = match as unknown as [string, string, string, string];
  if (!input.includes('...')) return { input, kernel, output };
  const count = rank - input.replace('...', '').length;
  const spare = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ'].filter((letter) => !equation.includes(letter));
  const letters = spare.slice(0, Math.max(count, 0)).join('');
  return { input: input.replace('...', letters), kernel, output: output.replace('...', letters) };
}

/** Sizes of the letters, from the input and from `output_shape`, which leaves the batch out. */
function sizesOf({ input, output }: Equation, shape: Shape, outputShape: readonly Dim[]) {
  if (input.length !== shape.length)
    throw new RangeError(`the equation takes ${input.length} axes; got ${shape.length}`);
  const sizes = new Map<string, Dim>();
  [...input].forEach((letter, axis) => sizes.set(letter, shape[axis]!));
  const given = output.length - outputShape.length;
  [...output].slice(given).forEach((letter, i) => {
    if (outputShape[i] !== null && !sizes.has(letter)) sizes.set(letter, outputShape[i]!);
  });
  return sizes;
}

function known(sizes: ReadonlyMap<string, Dim>, letters: string, what: string): number[] {
  return [...letters].map((letter) => {
    const size = sizes.get(letter);
    if (size == null) throw new RangeError(`the size of ${letter} in the ${what} is not known`);
    return size;
  });
}

/** y = activation(einsum(equation, x, kernel) + bias). */
export const einsumDense = defineLayer({
  className: 'EinsumDense',
  config,
  variables(config, [shape]) {
    const equation = parseEquation(config.equation, shape!.length);
    const sizes = sizesOf(equation, shape!, config.output_shape);
    const kernel = {
      name: 'kernel',
      shape: known(sizes, equation.kernel, 'kernel'),
      initializer: config.kernel_initializer,
      regularizer: config.kernel_regularizer,
      constraint: config.kernel_constraint,
    };
    if (!config.bias_axes) return [kernel];
    const axes = [...config.bias_axes].map((letter) => equation.output.indexOf(letter));
    if (axes.includes(-1))
      throw new RangeError(`bias_axes ${config.bias_axes} are not all in the output`);
    const first = Math.min(...axes);
    const bias = [...equation.output]
      .slice(first)
      .map((letter, i) => (axes.includes(first + i) ? known(sizes, letter, 'bias')[0]! : 1));
    return [
      kernel,
      {
        name: 'bias',
        shape: bias,
        initializer: config.bias_initializer,
        regularizer: config.bias_regularizer,
        constraint: config.bias_constraint,
      },
    ];
  },
  call(context, [x], config) {
    const equation = parseEquation(config.equation, x!.shape.length);
    const y = contract(context.ops, equation, x!, context.variable('kernel'));
    const biased = config.bias_axes ? context.ops.add(y, context.variable('bias')) : y;
    return activate(context, biased, config);
  },
});

/**
 * The einsum of two tensors as one matrix product: letters in all three are the batch, those of both operands alone
 * are summed, the rest are rows and columns.
 */
function contract(ops: Ops, { input, kernel, output }: Equation, x: Value, w: Value): Value {
  const rows = [...input].filter((letter) => !kernel.includes(letter));
  const batch = [...input].filter((letter) => kernel.includes(letter) && output.includes(letter));
  const summed = [...input].filter((letter) => kernel.includes(letter) && !output.includes(letter));
  const columns = [...kernel].filter((letter) => !input.includes(letter));
  const sizes = new Map<string, Dim>();
  [...input].forEach((letter, axis) => sizes.set(letter, x.shape[axis]!));
  [...kernel].forEach((letter, axis) => sizes.set(letter, w.shape[axis]!));
  const sizesFor = (letters: string[]) => letters.map((letter) => sizes.get(letter)!);
  const product = (letters: string[]) =>
    sizesFor(letters).reduce<Dim>(
      (all, size) => (all === null || size === null ? null : all * size),
      1,
    );
  const order = (letters: string[], of: string) => letters.map((letter) => of.indexOf(letter));

  const left = ops.reshape(ops.transpose(x, order([...batch, ...rows, ...summed], input)), [
    ...sizesFor(batch),
    product(rows),
    product(summed),
  ]);
  const right = ops.reshape(ops.transpose(w, order([...batch, ...summed, ...columns], kernel)), [
    ...sizesFor(batch),
    product(summed),
    product(columns),
  ]);
  const letters = [...batch, ...rows, ...columns];
  const y = ops.reshape(ops.matMul(left, right), sizesFor(letters));
  return ops.transpose(y, order([...output], letters.join('')));
}
