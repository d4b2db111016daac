import { z } from 'zod';
import type { Ops, Value } from '../../program/builder.ts';
import { defineLayer } from './layer.ts';

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
    config: z.strictObject({}),
    call({ ops }, inputs) {
      if (inputs.length < 2 || inputs.length > most)
        throw new RangeError(
          `takes ${most === 2 ? 'exactly' : 'at least'} 2 inputs; got ${inputs.length}`,
        );
      const rank = Math.max(...inputs.map((x) => x.shape.length));
      return join(
        ops,
        inputs.map((x) => {
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

const fold =
  (op: 'add' | 'sub' | 'mul' | 'max' | 'min') =>
  (ops: Ops, inputs: readonly Value[]): Value =>
    inputs.reduce((a, b) => ops[op](a, b));

export const add = merging('Add', fold('add'));
export const subtract = merging('Subtract', fold('sub'), 2);
export const multiply = merging('Multiply', fold('mul'));
export const maximum = merging('Maximum', fold('max'));
export const minimum = merging('Minimum', fold('min'));
export const average = merging('Average', (ops, inputs) =>
  ops.mul(fold('add')(ops, inputs), 1 / inputs.length),
);

export const concatenate = defineLayer({
  className: 'Concatenate',
  config: z.strictObject({ axis: z.int().default(-1) }),
  call: ({ ops }, inputs, { axis }) => ops.concat(inputs, axis),
});
