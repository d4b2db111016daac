import { z } from 'zod';
import type { Ops, Value } from '../../program/builder.ts';
import { normalizeAxes } from '../../program/shapes.ts';
import { defineLayer } from './layer.ts';
import { any } from './sequences.ts';

/**
 * The operations of keras.src.ops.numpy that Keras itself puts between layers when it works out masks. It does not
 * count them among the layers.
 */
const operation = 'keras.src.ops.numpy';

/** An operation of two operands, of which one may be a number: `x1` or `x2` by keyword. */
function binary(className: string, compute: (ops: Ops, a: Value, b: Value | number) => Value) {
  return defineLayer({
    className,
    operation,
    takes: 2,
    anyType: true,
    config: z.strictObject({}),
    call({ ops, kwargs }, [x, y]) {
      const other = y ?? kwargs['x2'] ?? kwargs['x1'];
      const operand = typeof other === 'boolean' ? Number(other) : other;
      if (typeof operand !== 'number' && !(operand && typeof operand === 'object'))
        throw new RangeError('takes two operands');
      return compute(ops, x!, operand as Value | number);
    },
  });
}

const asBool = (ops: Ops, x: Value | number) =>
  ops.cast(typeof x === 'number' ? ops.constant(scalarOf(x)) : x, 'bool');
const scalarOf = (x: number) =>
  ({ shape: [], dtype: 'float32', data: Float32Array.of(x) }) as const;

export const equal = binary('Equal', (ops, a, b) => ops.equal(a, b));
/** Makes the mask of an Embedding with `mask_zero`. */
export const notEqual = binary('NotEqual', (ops, a, b) => ops.not(ops.equal(a, b)));
export const logicalAnd = binary('LogicalAnd', (ops, a, b) =>
  ops.and(asBool(ops, a), asBool(ops, b)),
);
/** Joins the masks of merged tensors. */
export const logicalOr = binary('LogicalOr', (ops, a, b) => ops.or(asBool(ops, a), asBool(ops, b)));

export const logicalNot = defineLayer({
  className: 'LogicalNot',
  operation,
  anyType: true,
  config: z.strictObject({}),
  call: ({ ops }, [x]) => ops.not(asBool(ops, x!)),
});

const axes = z
  .union([z.int(), z.array(z.int())])
  .nullish()
  .transform((axis) => (axis == null ? undefined : [axis].flat()));

/** Makes the mask of Masking. */
export const anyOf = defineLayer({
  className: 'Any',
  operation,
  anyType: true,
  config: z.strictObject({ axis: axes, keepdims: z.boolean().default(false) }),
  call: ({ ops }, [x], { axis, keepdims }) => any(ops, asBool(ops, x!), axis, keepdims),
});

export const allOf = defineLayer({
  className: 'All',
  operation,
  anyType: true,
  config: z.strictObject({ axis: axes, keepdims: z.boolean().default(false) }),
  call: ({ ops }, [x], { axis, keepdims }) =>
    ops.not(any(ops, ops.not(asBool(ops, x!)), axis, keepdims)),
});

export const expandDims = defineLayer({
  className: 'ExpandDims',
  operation,
  anyType: true,
  config: z.strictObject({ axis: z.union([z.int(), z.array(z.int())]) }),
  call({ ops }, [x], { axis }) {
    const added = [axis].flat();
    const rank = x!.shape.length + added.length;
    const at = normalizeAxes(added, rank);
    const rest = [...x!.shape];
    return ops.reshape(
      x!,
      Array.from({ length: rank }, (_, i) => (at.includes(i) ? 1 : rest.shift()!)),
    );
  },
});

const like = (className: string, value: number) =>
  defineLayer({
    className,
    operation,
    anyType: true,
    config: z.strictObject({ dtype: z.string().nullish(), sparse: z.boolean().optional() }),
    call({ ops }, [x], { dtype }) {
      const to = dtype === 'bool' || dtype === 'int32' ? dtype : dtype ? 'float32' : x!.dtype;
      const number = ops.constant({ ...scalarOf(value) });
      return ops.cast(ops.expandLike(number, ops.cast(x!, 'float32')), to);
    },
  });
export const zerosLike = like('ZerosLike', 0);
export const onesLike = like('OnesLike', 1);
