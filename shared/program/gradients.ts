import type { OpName } from './attributes.ts';
import type { Ops, Value } from './builder.ts';
import type { GradContext } from './grad.ts';
import type { Shape } from './tensor.ts';

/** Gradients for the inputs, in order; null for an input that has none. */
type Rule<K extends OpName> = (context: GradContext<K>) => (Value | null)[];

/** Two over the square root of pi, the slope of erf at 0. */
const TWO_OVER_SQRT_PI = 1.1283791670955126;

/**
 * The reverse mode of each operation, in forward operations only. null: the result does not move with its inputs
 * (or there are none), so nothing flows back.
 */
export const gradients: { [K in OpName]: Rule<K> | null } = {
  variable: null,
  feed: null,
  random: null,
  constant: null,

  neg: ({ ops, dy }) => [ops.neg(dy)],
  abs: ({ ops, dy, inputs: [x] }) => [ops.mul(dy, ops.sign(x!))],
  sign: null,
  exp: ({ ops, dy, output }) => [ops.mul(dy, output)],
  log: ({ ops, dy, inputs: [x] }) => [ops.div(dy, x!)],
  log1p: ({ ops, dy, inputs: [x] }) => [ops.div(dy, ops.add(x!, 1))],
  expm1: ({ ops, dy, output }) => [ops.mul(dy, ops.add(output, 1))],
  sqrt: ({ ops, dy, output }) => [ops.div(ops.mul(dy, 0.5), output)],
  square: ({ ops, dy, inputs: [x] }) => [ops.mul(ops.mul(dy, 2), x!)],
  reciprocal: ({ ops, dy, output }) => [ops.neg(ops.mul(dy, ops.square(output)))],
  sin: ({ ops, dy, inputs: [x] }) => [ops.mul(dy, ops.cos(x!))],
  cos: ({ ops, dy, inputs: [x] }) => [ops.neg(ops.mul(dy, ops.sin(x!)))],
  tanh: ({ ops, dy, output }) => [ops.mul(dy, ops.sub(1, ops.square(output)))],
  sigmoid: ({ ops, dy, output }) => [ops.mul(dy, ops.mul(output, ops.sub(1, output)))],
  erf: ({ ops, dy, inputs: [x] }) => [
    ops.mul(dy, ops.mul(ops.exp(ops.neg(ops.square(x!))), TWO_OVER_SQRT_PI)),
  ],
  relu: ({ ops, dy, output }) => [ops.mul(dy, ops.cast(ops.less(0, output), 'float32'))],
  softplus: ({ ops, dy, inputs: [x] }) => [ops.mul(dy, ops.sigmoid(x!))],
  floor: null,
  ceil: null,
  round: null,

  add: ({ ops, dy, inputs: [a, b] }) => [sumLike(ops, dy, a!), sumLike(ops, dy, b!)],
  sub: ({ ops, dy, inputs: [a, b] }) => [sumLike(ops, dy, a!), ops.neg(sumLike(ops, dy, b!))],
  mul: ({ ops, dy, inputs: [a, b] }) => [
    sumLike(ops, ops.mul(dy, b!), a!),
    sumLike(ops, ops.mul(dy, a!), b!),
  ],
  div: ({ ops, dy, inputs: [a, b], output }) => [
    sumLike(ops, ops.div(dy, b!), a!),
    sumLike(ops, ops.neg(ops.mul(dy, ops.div(output, b!))), b!),
  ],
  max: ({ ops, dy, inputs: [a, b] }) => chosen(ops, dy, a!, b!, ops.less(b!, a!), ops.less(a!, b!)),
  min: ({ ops, dy, inputs: [a, b] }) => chosen(ops, dy, a!, b!, ops.less(a!, b!), ops.less(b!, a!)),
  pow: ({ ops, dy, inputs: [a, b], output }) => {
    const positive = ops.less(0, a!);
    const log = ops.log(ops.select(positive, a!, 1));
    return [
      sumLike(ops, ops.mul(dy, ops.mul(b!, ops.pow(a!, ops.sub(b!, 1)))), a!),
      sumLike(ops, ops.mul(dy, ops.mul(output, log)), b!),
    ];
  },
  mod: ({ ops, dy, inputs: [a, b] }) => [
    sumLike(ops, dy, a!),
    sumLike(ops, ops.neg(ops.mul(dy, ops.floor(ops.div(a!, b!)))), b!),
  ],
  equal: null,
  less: null,
  lessEqual: null,
  and: null,
  or: null,
  not: null,
  cast: ({ dy, inputs: [x] }) => [x!.dtype === 'float32' ? dy : null],
  select: ({ ops, dy, inputs: [condition, a, b] }) => [
    null,
    sumLike(ops, ops.select(condition!, dy, 0), a!),
    sumLike(ops, ops.select(condition!, 0, dy), b!),
  ],
  argMax: null,
  size: null,

  reduceSum: ({ ops, dy, inputs: [x], attrs }) => [
    ops.expandLike(restoreAxes(ops, dy, x!, attrs), x!),
  ],
  reduceMean: ({ ops, dy, inputs: [x], attrs }) => [
    ops.expandLike(restoreAxes(ops, ops.div(dy, ops.size(x!, attrs.axes)), x!, attrs), x!),
  ],
  reduceMax: extremum,
  reduceMin: extremum,
  reduceProd: unsupported('reduceProd'),

  matMul: ({ ops, dy, inputs: [a, b], attrs: { transposeA, transposeB } }) => {
    const da = transposeA
      ? ops.matMul(b!, dy, transposeB, true)
      : ops.matMul(dy, b!, false, !transposeB);
    return [sumLike(ops, da, a!), rightGradient(ops, a!, b!, dy, transposeA, transposeB)];
  },

  reshape: ({ ops, dy, inputs: [x] }) => [reshapeLike(ops, dy, x!)],
  transpose: ({ ops, dy, attrs: { perm } }) => [
    ops.transpose(
      dy,
      perm.map((_, axis) => perm.indexOf(axis)),
    ),
  ],
  broadcast: ({ ops, dy, inputs: [x] }) => [sumLike(ops, dy, x!)],
  expandLike: ({ ops, dy, inputs: [x] }) => [sumLike(ops, dy, x!), null],
  slice: ({ ops, dy, inputs: [x], attrs: { starts, sizes, strides } }) => {
    const spread = strides.some((stride) => stride !== 1) ? dilate(ops, dy, strides) : dy;
    const pads = x!.shape.map((dim, axis): [number, number] => {
      if (dim === null && sizes[axis] === null && starts[axis] === 0) return [0, 0];
      return [starts[axis]!, dim! - starts[axis]! - spread.shape[axis]!];
    });
    return [ops.pad(spread, pads)];
  },
  pad: ({ ops, dy, inputs: [x], attrs: { pads } }) => [
    ops.slice(
      dy,
      pads.map(([before]) => before),
      x!.shape,
    ),
  ],
  concat: ({ ops, dy, inputs, attrs: { axis } }) => {
    let start = 0;
    return inputs.map((x) => {
      const starts = x.shape.map((_, i) => (i === axis ? start : 0));
      start += x.shape[axis]!;
      return ops.slice(dy, starts, x.shape);
    });
  },
  reverse: ({ ops, dy, attrs: { axes } }) => [ops.reverse(dy, axes)],

  gather: ({ ops, dy, inputs: [table, indices] }) => [ops.gatherGrad(dy, indices!, table!), null],
  gatherGrad: ({ ops, dy, inputs: [, indices] }) => [ops.gather(dy, indices!), null, null],
  positions: null,
  oneHot: null,

  conv: ({ ops, dy, inputs: [x, filter], attrs }) => [
    ops.convInputGrad(dy, filter!, x!.shape.slice(1, -1), attrs),
    ops.convFilterGrad(x!, dy, filter!.shape.slice(0, -2) as number[], attrs),
  ],
  convInputGrad: ({ ops, dy, inputs: [y, filter], attrs: { inputSize: _, ...attrs } }) => [
    ops.conv(dy, filter!, attrs),
    ops.convFilterGrad(dy, y!, filter!.shape.slice(0, -2) as number[], attrs),
  ],
  convFilterGrad: ({ ops, dy, inputs: [x, y], attrs: { kernelSize: _, ...attrs } }) => [
    ops.convInputGrad(y!, dy, x!.shape.slice(1, -1), attrs),
    ops.conv(x!, dy, attrs),
  ],

  maxPool: ({ ops, dy, inputs: [x], output, attrs }) => [ops.maxPoolGrad(x!, output, dy, attrs)],
  maxPoolGrad: unsupported('maxPoolGrad'),
  avgPool: ({ ops, dy, inputs: [x], attrs }) => [ops.avgPoolGrad(dy, x!.shape.slice(1, -1), attrs)],
  avgPoolGrad: ({ ops, dy, attrs: { inputSize: _, ...attrs } }) => [ops.avgPool(dy, attrs)],
  upsample: ({ ops, dy, attrs: { size } }) => {
    const mean = ops.avgPool(dy, { poolSize: size, strides: size, padding: 'valid' });
    return [
      ops.mul(
        mean,
        size.reduce((product, n) => product * n, 1),
      ),
    ];
  },
};

/** Sums a gradient over the axes along which `x` was broadcast, so that it has x's shape. */
function sumLike(ops: Ops, dy: Value, x: Value): Value {
  const extra = dy.shape.length - x.shape.length;
  const axes = dy.shape.flatMap((dim, axis) =>
    axis < extra || (x.shape[axis - extra] === 1 && dim !== 1) ? [axis] : [],
  );
  return reshapeLike(ops, ops.reduceSum(dy, axes, true), x);
}

function reshapeLike(ops: Ops, dy: Value, x: Value): Value {
  if (dy.shape.length === x.shape.length && dy.shape.every((dim, i) => dim === x.shape[i]))
    return dy;
  return ops.reshape(dy, x.shape);
}

/** Puts the axes back, with size 1, that a reduction has dropped. */
function restoreAxes(
  ops: Ops,
  dy: Value,
  x: Value,
  { axes, keepDims }: { readonly axes: readonly number[]; readonly keepDims: boolean },
): Value {
  if (keepDims) return dy;
  const shape: Shape = x.shape.map((dim, axis) => (axes.includes(axis) ? 1 : dim));
  return ops.reshape(dy, shape);
}

/** max and min: the gradient goes to the operand that was taken, half to each where they are equal. */
function chosen(ops: Ops, dy: Value, a: Value, b: Value, takesA: Value, takesB: Value): Value[] {
  const half = ops.mul(dy, 0.5);
  return [
    sumLike(ops, ops.select(takesA, dy, ops.select(takesB, 0, half)), a),
    sumLike(ops, ops.select(takesB, dy, ops.select(takesA, 0, half)), b),
  ];
}

/** The largest or smallest: the gradient is shared evenly by all elements that equal it, as in TensorFlow. */
function extremum({
  ops,
  dy,
  inputs: [x],
  output,
  attrs,
}: GradContext<'reduceMax' | 'reduceMin'>): Value[] {
  const hit = ops.cast(ops.equal(x!, restoreAxes(ops, output, x!, attrs)), 'float32');
  const count = ops.reduceSum(hit, attrs.axes, true);
  return [ops.mul(hit, ops.div(restoreAxes(ops, dy, x!, attrs), count))];
}

/** The gradient of a x b for b. Where b is one matrix for all of a's leading axes, they join the contraction. */
function rightGradient(
  ops: Ops,
  a: Value,
  b: Value,
  dy: Value,
  transposeA: boolean,
  transposeB: boolean,
): Value {
  if (b.shape.length === 2 && a.shape.length > 2 && !transposeA) {
    const rows = (x: Value) => ops.reshape(x, [null, x.shape.at(-1)!]);
    return transposeB
      ? ops.matMul(rows(dy), rows(a), true, false)
      : ops.matMul(rows(a), rows(dy), true, false);
  }
  const db = transposeB
    ? ops.matMul(dy, a, true, transposeA)
    : ops.matMul(a, dy, !transposeA, false);
  return sumLike(ops, db, b);
}

/** Puts stride - 1 zeros between the elements of each axis. */
function dilate(ops: Ops, x: Value, strides: readonly number[]): Value {
  return strides.reduce((y, stride, axis) => {
    if (stride === 1) return y;
    const size = y.shape[axis]!;
    const open = [...y.shape.slice(0, axis + 1), 1, ...y.shape.slice(axis + 1)];
    const pads = open.map((_, i): [number, number] => (i === axis + 1 ? [0, stride - 1] : [0, 0]));
    const joined = ops.reshape(ops.pad(ops.reshape(y, open), pads), [
      ...y.shape.slice(0, axis),
      size * stride,
      ...y.shape.slice(axis + 1),
    ]);
    const sizes = joined.shape.map((dim, i) => (i === axis ? size * stride - (stride - 1) : dim));
    return ops.slice(
      joined,
      joined.shape.map(() => 0),
      sizes,
    );
  }, x);
}

function unsupported(op: OpName): () => never {
  return () => {
    throw new Error(`${op} has no gradient here`);
  };
}
