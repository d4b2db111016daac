import {
  ARITHMETIC,
  COMPARISON,
  LOGICAL,
  REDUCE,
  UNARY,
  type ConvAttrs,
  type OpAttrs,
  type OpName,
  type PoolAttrs,
  type ReduceAttrs,
} from './attributes.ts';
import { broadcastShapes, normalizeAxes, windowOutput } from './shapes.ts';
import {
  formatShape,
  sizeOf,
  type Dim,
  type DType,
  type Shape,
  type TensorType,
} from './tensor.ts';

type Rule<A> = (inputs: readonly TensorType[], attrs: A) => TensorType;

/**
 * What type the operation gives for these inputs.
 * Throws a RangeError that says expected and received when it can't take them.
 */
export function inferType<K extends OpName>(
  op: K,
  inputs: readonly TensorType[],
  attrs: OpAttrs[K],
): TensorType {
  try {
    return (rules[op] as Rule<OpAttrs[K]>)(inputs, attrs);
  } catch (error) {
    throw new RangeError(`${op}: ${(error as Error).message}`, { cause: error });
  }
}

function each<Names extends readonly string[], A>(
  names: Names,
  rule: Rule<A>,
): { [K in Names[number]]: Rule<A> } {
  return Object.fromEntries(names.map((name) => [name, rule])) as {
    [K in Names[number]]: Rule<A>;
  };
}

const float = (shape: Shape): TensorType => ({ shape, dtype: 'float32' });

function elementwise(dtype?: DType): Rule<object> {
  return ([a, b]) => {
    if (a!.dtype !== b!.dtype) throw new Error(`operands are ${a!.dtype} and ${b!.dtype}`);
    return { shape: broadcastShapes(a!.shape, b!.shape), dtype: dtype ?? a!.dtype };
  };
}

const rules: { [K in OpName]: Rule<OpAttrs[K]> } = {
  variable: (_, attrs) => attrs,
  feed: (_, attrs) => attrs,
  random: ([like], attrs) => float(like ? like.shape : attrs.shape),
  constant: (_, { value }) => value,

  ...each(UNARY, ([x]) => x!),
  ...each(ARITHMETIC, elementwise()),
  ...each(COMPARISON, elementwise('bool')),
  ...each(LOGICAL, elementwise('bool')),
  ...each(REDUCE, reduce),
  not: ([x]) => x!,
  cast: ([x], { dtype }) => ({ shape: x!.shape, dtype }),
  select: ([condition, a, b]) => {
    if (condition!.dtype !== 'bool') throw new Error(`the condition is ${condition!.dtype}`);
    const { shape, dtype } = elementwise()([a!, b!], {});
    return { shape: broadcastShapes(condition!.shape, shape), dtype };
  },
  argMax: ([x], { axis }) => {
    const [only] = normalizeAxes([axis], x!.shape.length);
    return { shape: x!.shape.filter((_, i) => i !== only), dtype: 'int32' };
  },
  size: () => float([]),

  matMul: ([a, b], { transposeA, transposeB }) => {
    const [m, k] = lastTwo(a!.shape, transposeA);
    const [k2, n] = lastTwo(b!.shape, transposeB);
    if (k !== null && k2 !== null && k !== k2)
      throw new Error(
        `${formatShape(a!.shape)} and ${formatShape(b!.shape)} share no inner dimension`,
      );
    return float([...broadcastShapes(a!.shape.slice(0, -2), b!.shape.slice(0, -2)), m, n]);
  },

  reshape: ([x], { shape }) => {
    const from = sizeOf(x!.shape);
    const to = sizeOf(shape);
    if (shape.filter((dim) => dim === null).length > 1)
      throw new Error(`only one dimension of ${formatShape(shape)} can be left open`);
    if (from === null || to === from) return { shape, dtype: x!.dtype };
    const known = sizeOf(shape.filter((dim) => dim !== null))!;
    if (to !== null || from % known !== 0)
      throw new Error(`${formatShape(x!.shape)} does not fill ${formatShape(shape)}`);
    return { shape: shape.map((dim) => dim ?? from / known), dtype: x!.dtype };
  },
  transpose: ([x], { perm }) => {
    if (normalizeAxes(perm, x!.shape.length).length !== x!.shape.length)
      throw new Error(`[${perm}] is no order of ${x!.shape.length} axes`);
    return { shape: perm.map((axis) => x!.shape[axis]!), dtype: x!.dtype };
  },
  broadcast: ([x], { shape }) => {
    const result = broadcastShapes(x!.shape, shape);
    if (result.length !== shape.length || result.some((dim, i) => dim !== shape[i]))
      throw new Error(`${formatShape(x!.shape)} does not broadcast to ${formatShape(shape)}`);
    return { shape, dtype: x!.dtype };
  },
  expandLike: ([x, like]) => ({
    shape: broadcastShapes(x!.shape, like!.shape),
    dtype: x!.dtype,
  }),
  slice: ([x], { starts, sizes, strides }) => {
    const shape = x!.shape.map((dim, axis) => {
      const size = sizes[axis]!;
      const last = starts[axis]! + ((size ?? 1) - 1) * strides[axis]!;
      if (starts[axis]! < 0 || (dim !== null && size !== 0 && last >= dim))
        throw new Error(`elements ${starts[axis]} to ${last} of axis ${axis}, which has ${dim}`);
      if (size !== null) return size;
      return dim === null ? null : Math.ceil((dim - starts[axis]!) / strides[axis]!);
    });
    return { shape, dtype: x!.dtype };
  },
  pad: ([x], { pads }) => ({
    shape: x!.shape.map((dim, i) => (dim === null ? null : dim + pads[i]![0] + pads[i]![1])),
    dtype: x!.dtype,
  }),
  concat: (inputs, { axis }) => {
    const first = inputs[0]!;
    const [at] = normalizeAxes([axis], first.shape.length);
    let along: Dim = 0;
    for (const { shape } of inputs) {
      const fits = shape.every(
        (dim, i) => i === at || dim === null || first.shape[i] === null || dim === first.shape[i],
      );
      if (shape.length !== first.shape.length || !fits)
        throw new Error(
          `${inputs.map((x) => formatShape(x.shape)).join(', ')} differ beside axis ${axis}`,
        );
      along = along === null || shape[at!] === null ? null : along + shape[at!]!;
    }
    const shape = first.shape.map((dim, i) =>
      i === at ? along : (dim ?? inputs.find((x) => x.shape[i] !== null)?.shape[i] ?? null),
    );
    return { shape, dtype: first.dtype };
  },
  reverse: ([x]) => x!,

  gather: ([table, indices]) => ({
    shape: [...indices!.shape, ...table!.shape.slice(1)],
    dtype: table!.dtype,
  }),
  gatherGrad: ([dy, indices], { rows }) => float([rows, ...dy!.shape.slice(indices!.shape.length)]),
  positions: ([x], { axis }) => ({ shape: [x!.shape[axis]!], dtype: 'int32' }),
  oneHot: ([x], { depth }) => float([...x!.shape, depth]),

  conv: ([x, filter], attrs) => {
    const kernel = filter!.shape.slice(0, -2);
    const channels = x!.shape.at(-1)!;
    const perGroup = filter!.shape.at(-2)!;
    if (x!.shape.length !== filter!.shape.length)
      throw new Error(`a filter ${formatShape(filter!.shape)} over ${formatShape(x!.shape)}`);
    if (channels !== perGroup * attrs.groups)
      throw new Error(`the filter takes ${perGroup * attrs.groups} channels; got ${channels}`);
    return float([x!.shape[0]!, ...spatial(x!.shape, kernel, attrs), filter!.shape.at(-1)!]);
  },
  convInputGrad: ([dy, filter], { inputSize, groups }) => {
    if (dy!.shape.at(-1) !== filter!.shape.at(-1))
      throw new Error(`the filter takes ${filter!.shape.at(-1)} channels; got ${dy!.shape.at(-1)}`);
    return float([dy!.shape[0]!, ...inputSize, filter!.shape.at(-2)! * groups]);
  },
  convFilterGrad: ([x, dy], { kernelSize, groups }) =>
    float([...kernelSize, x!.shape.at(-1)! / groups, dy!.shape.at(-1)!]),

  maxPool: pool,
  maxPoolGrad: ([x]) => x!,
  avgPool: pool,
  avgPoolGrad: ([dy], { inputSize }) => float([dy!.shape[0]!, ...inputSize, dy!.shape.at(-1)!]),
  upsample: ([x], { size }) => ({
    shape: x!.shape.map((dim, i) => {
      const factor = i === 0 ? 1 : (size[i - 1] ?? 1);
      return dim === null ? null : dim * factor;
    }),
    dtype: x!.dtype,
  }),
};

/** The names of all operations, for those who must handle every one. */
export const OP_NAMES = Object.keys(rules) as readonly OpName[];

function lastTwo(shape: Shape, swap: boolean): [Dim, Dim] {
  if (shape.length < 2) throw new Error(`${formatShape(shape)} is no matrix`);
  const [rows, columns] = shape.slice(-2) as [Dim, Dim];
  return swap ? [columns, rows] : [rows, columns];
}

function reduce([x]: readonly TensorType[], { axes, keepDims }: ReduceAttrs): TensorType {
  const over = new Set(normalizeAxes(axes, x!.shape.length));
  const shape = keepDims
    ? x!.shape.map((dim, i) => (over.has(i) ? 1 : dim))
    : x!.shape.filter((_, i) => !over.has(i));
  return { shape, dtype: x!.dtype };
}

function spatial(
  shape: Shape,
  kernel: Shape,
  { strides, dilations, padding }: Omit<ConvAttrs, 'groups'>,
): Dim[] {
  return kernel.map((taps, i) =>
    windowOutput(shape[i + 1]!, taps!, strides[i]!, dilations[i]!, padding, i),
  );
}

function pool([x]: readonly TensorType[], attrs: PoolAttrs): TensorType {
  if (x!.shape.length !== attrs.poolSize.length + 2)
    throw new Error(`${attrs.poolSize.length} spatial axes; got ${formatShape(x!.shape)}`);
  const dilations = attrs.poolSize.map(() => 1);
  return float([
    x!.shape[0]!,
    ...spatial(x!.shape, attrs.poolSize, { ...attrs, dilations }),
    x!.shape.at(-1)!,
  ]);
}
