import { z } from 'zod';
import type { Ops, Value } from '../../program/builder.ts';
import { normalizeAxes } from '../../program/shapes.ts';
import { formatShape, scalar, sizeOf } from '../../program/tensor.ts';
import { defineLayer } from './layer.ts';
import { any } from './sequences.ts';

/**
 * A layer that joins two or more tensors, element by element, with broadcasting. Tensors of lower rank get axes of
 * size 1 after the batch.
 */
function merging(
  className: string,
  join: (ops: Ops, inputs: readonly Value[]) => Value,
  most = Infinity,
) {
  return defineLayer({
    className,
    takes: Infinity,
    anyType: true,
    config: z.strictObject({}),
    mask: ({ ops, masks }) =>
      masks.every((mask) => mask !== null)
        ? [masks.map((mask) => ops.cast(mask, 'bool')).reduce((a, b) => ops.or(a, b))]
        : [],
    call({ ops }, inputs) {
      if (inputs.length < 2 || inputs.length > most)
        throw new RangeError(
          `takes ${most === 2 ? 'exactly' : 'at least'} 2 inputs; got ${inputs.length}`,
        );
      const rank = Math.max(...inputs.map((x) => x.shape.length));
      return join(
        ops,
        ofOneType(ops, inputs).map((x) => {
          const [batch, ...rest] = x.shape;
          const missing = rank - x.shape.length;
          return missing > 0
            ? ops.reshape(x, [batch!, ...Array<number>(missing).fill(1), ...rest])
            : x;
        }),
      );
    },
  });
}

/** The tensors as they are where their types agree, else as float32. */
function ofOneType(ops: Ops, inputs: readonly Value[]): readonly Value[] {
  if (inputs.every(({ dtype }) => dtype === inputs[0]!.dtype)) return inputs;
  return inputs.map((x) => ops.cast(x, 'float32'));
}

const fold =
  (op: 'add' | 'sub' | 'mul' | 'max' | 'min') =>
  (ops: Ops, inputs: readonly Value[]): Value =>
    inputs.reduce((a, b) => ops[op](a, b));

export const add = merging('Add', fold('add'));
export const subtract = merging('Subtract', fold('sub'), 2);
export const multiply = merging('Multiply', fold('mul'));
export const maximum = merging('Maximum', fold('max'));
export const minimum = merging('Minimum', fold('min'));
export const average = merging('Average', (ops, inputs) => {
  const sum = fold('add')(
    ops,
    inputs.map((x) => ops.cast(x, 'float32')),
  );
  return ops.mul(sum, 1 / inputs.length);
});

/** Joins tensors along an axis. Its mask counts a step where any of them does. */
export const concatenate = defineLayer({
  className: 'Concatenate',
  takes: Infinity,
  anyType: true,
  config: z.strictObject({ axis: z.int().default(-1) }),
  call({ ops }, inputs, { axis }) {
    if (inputs.length < 1) throw new RangeError('takes at least 1 input; got none');
    return ops.concat(ofOneType(ops, inputs), axis);
  },
  mask({ ops, masks }, inputs, { axis }) {
    if (masks.every((mask) => mask === null)) return [];
    const all = inputs.map((x, i) => {
      const mask = masks[i];
      if (!mask) return ops.cast(ops.expandLike(ops.constant(scalar(1)), asFloat(ops, x)), 'bool');
      if (mask.shape.length >= x.shape.length) return mask;
      const wide = ops.reshape(asFloat(ops, mask), [...mask.shape, 1]);
      return ops.cast(ops.expandLike(wide, asFloat(ops, x)), 'bool');
    });
    return [any(ops, ops.concat(all, axis), [-1])];
  },
});

const asFloat = (ops: Ops, x: Value) => ops.cast(x, 'float32');

/**
 * Products of two tensors along an axis of each, a sample at a time; both can be scaled to length 1 first.
 * Source: keras.src.layers.merging.dot.
 */
export const dot = defineLayer({
  className: 'Dot',
  takes: 2,
  config: z.strictObject({
    axes: z.union([z.int(), z.tuple([z.int(), z.int()])]),
    normalize: z.boolean().default(false),
  }),
  mask: () => [],
  call({ ops }, inputs, { axes, normalize }) {
    if (inputs.length !== 2) throw new RangeError(`takes exactly 2 inputs; got ${inputs.length}`);
    const [a, b] = inputs.map((x, i) => {
      const rank = x.shape.length;
      if (rank < 2)
        throw new RangeError(`takes tensors of 2 or more axes; got ${formatShape(x.shape)}`);
      const [axis] = normalizeAxes([typeof axes === 'number' ? axes : axes[i]!], rank);
      if (axis === 0) throw new RangeError('axis 0 is the batch, which is not multiplied over');
      return { x: normalize ? unit(ops, x, axis!) : x, axis: axis! };
    });
    const [n, m] = [a!.x.shape[a!.axis], b!.x.shape[b!.axis]];
    if (n == null || m == null || n !== m)
      throw new RangeError(
        `axis ${a!.axis} of ${formatShape(a!.x.shape)} and axis ${b!.axis} of ${formatShape(b!.x.shape)} differ`,
      );
    const left = flattened(ops, a!.x, a!.axis);
    const right = flattened(ops, b!.x, b!.axis);
    const shape = [a!.x.shape[0]!, ...left.rest, ...right.rest];
    return ops.reshape(
      ops.matMul(left.matrix, right.matrix, false, true),
      shape.length === 1 ? [...shape, 1] : shape,
    );
  },
});

/** [batch, …] with the axis last and the others between joined, and what those others are. */
function flattened(ops: Ops, x: Value, axis: number) {
  const others = x.shape.map((_, i) => i).filter((i) => i !== 0 && i !== axis);
  const rest = others.map((i) => x.shape[i]!);
  const rows = sizeOf(rest);
  if (rows === null)
    throw new RangeError(`all axes but the batch must be known; got ${formatShape(x.shape)}`);
  const moved = ops.transpose(x, [0, ...others, axis]);
  return { rest, matrix: ops.reshape(moved, [x.shape[0]!, rows, x.shape[axis]!]) };
}

/** x scaled to Euclidean length 1 along the axis, kept off a division by zero as Keras does. */
function unit(ops: Ops, x: Value, axis: number): Value {
  const squares = ops.reduceSum(ops.square(x), [axis], true);
  return ops.div(x, ops.sqrt(ops.max(squares, 1e-14)));
}
