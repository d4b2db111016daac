import { z } from 'zod';
import type { Ops, Value } from '../../program/builder.ts';
import { defineLayer } from './layer.ts';

/** A layer that joins two or more tensors, element by element, with broadcasting. */
function merging(className: string, join: (ops: Ops, inputs: readonly Value[]) => Value) {
  return defineLayer({
    className,
    config: z.strictObject({}),
    call({ ops }, inputs) {
      if (inputs.length < 2) throw new RangeError(`takes at least 2 inputs; got ${inputs.length}`);
      return join(ops, inputs);
    },
  });
}

export const add = merging('Add', (ops, inputs) => inputs.reduce((a, b) => ops.add(a, b)));

export const concatenate = defineLayer({
  className: 'Concatenate',
  config: z.strictObject({ axis: z.int().default(-1) }),
  call: ({ ops }, inputs, { axis }) => ops.concat(inputs, axis),
});
