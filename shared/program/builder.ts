import { UNARY, ARITHMETIC, COMPARISON, LOGICAL, REDUCE } from './attributes.ts';
import type { ConvAttrs, Distribution, OpAttrs, OpName, PoolAttrs } from './attributes.ts';
import { inferType } from './ops.ts';
import { nodeKey } from './node-key.ts';
import { prune } from './optimize.ts';
import type { Node, Program } from './program.ts';
import { normalizeAxes } from './shapes.ts';
import {
  formatShape,
  MOST_NUMBERS,
  scalar,
  sizeOf,
  type DType,
  type Shape,
  type TensorData,
  type TensorType,
} from './tensor.ts';

/** A tensor in a program that is being built. */
export interface Value extends TensorType {
  /** Index of the node that gives it. */
  readonly id: number;
}

/** A value, or a number that stands for a float32 (int32 beside an int32 operand) scalar. */
export type Operand = Value | number;

/** More operations than this are taken for a mistake. */
const MOST_NODES = 1_000_000;

type Unary = Record<(typeof UNARY)[number], (x: Value) => Value>;
type Binary = Record<
  (typeof ARITHMETIC)[number] | (typeof COMPARISON)[number] | (typeof LOGICAL)[number],
  (a: Operand, b: Operand) => Value
>;
type Reduce = Record<
  (typeof REDUCE)[number],
  /** All axes unless told. */
  (x: Value, axes?: readonly number[], keepDims?: boolean) => Value
>;

/** Builds a program: a method an operation. Equal operations on equal inputs give the same value. */
export type Ops = OpsCore & Unary & Binary & Reduce;

/** A new, empty program to build. */
export function createOps(): Ops {
  const core = new OpsCore();
  const methods: Record<string, unknown> = {};
  for (const op of UNARY) methods[op] = (x: Value) => core.emit(op, [x], {});
  for (const op of [...ARITHMETIC, ...COMPARISON, ...LOGICAL])
    methods[op] = (a: Operand, b: Operand) => core.emit(op, core.operands(a, b), {});
  for (const op of REDUCE)
    methods[op] = (x: Value, axes = x.shape.map((_, i) => i), keepDims = false) =>
      axes.length === 0
        ? x
        : core.emit(op, [x], { axes: normalizeAxes(axes, x.shape.length), keepDims });
  return Object.assign(core, methods) as unknown as Ops;
}

class OpsCore {
  readonly nodes: Node[] = [];
  /** Nodes through which no gradient goes. */
  readonly stopped = new Set<number>();
  private readonly known = new Map<string, Value>();

  /** The value as a constant to gradients. It is so wherever else the same is computed from the same. */
  stopGradient(x: Value): Value {
    this.stopped.add(x.id);
    return x;
  }

  /** Adds an operation, or gives the value of an equal one. Throws a RangeError when the inputs don't fit. */
  emit<K extends OpName>(op: K, inputs: readonly Value[], attrs: OpAttrs[K]): Value {
    const ids = inputs.map((x) => x.id);
    const key = nodeKey(op, ids, attrs);
    const known = key === null ? undefined : this.known.get(key);
    if (known) return known;
    if (this.nodes.length >= MOST_NODES)
      throw new RangeError(`the program has over ${MOST_NODES} operations`);
    const { shape, dtype } = inferType(op, inputs, attrs);
    if (!(sizeOf(shape.map((dim) => dim ?? 1)) <= MOST_NUMBERS))
      throw new RangeError(
        `${op}: a tensor of shape ${formatShape(shape)} is too large; the most is ${MOST_NUMBERS} numbers`,
      );
    const value: Value = { id: this.nodes.length, shape, dtype };
    this.nodes.push({ op, inputs: ids, attrs, shape, dtype } as unknown as Node);
    if (key !== null) this.known.set(key, value);
    return value;
  }

  /** The program that gives these results and new values of variables; operations that lead to none are left out. */
  program(outputs: Record<string, Value>, updates: Record<string, Value> = {}): Program {
    const ids = (values: Record<string, Value>) =>
      Object.fromEntries(Object.entries(values).map(([name, value]) => [name, value.id]));
    return prune({ nodes: this.nodes, outputs: ids(outputs), updates: ids(updates) });
  }

  variable(name: string, shape: readonly number[], dtype: DType = 'float32'): Value {
    return this.emit('variable', [], { name, shape, dtype });
  }

  feed(name: string, shape: Shape, dtype: DType = 'float32'): Value {
    return this.emit('feed', [], { name, shape, dtype });
  }

  /** Random numbers of a fixed shape, or of the shape that `like` has in the run. */
  random(name: string, like: Value | Shape, distribution: Distribution): Value {
    return 'id' in like
      ? this.emit('random', [like], { name, shape: like.shape, distribution })
      : this.emit('random', [], { name, shape: like, distribution });
  }

  constant(value: TensorData): Value {
    return this.emit('constant', [], { value });
  }

  /** Both as values of one type: a number takes the type of the other. */
  operands(a: Operand, b: Operand): [Value, Value] {
    const dtype = typeof a === 'object' ? a.dtype : typeof b === 'object' ? b.dtype : 'float32';
    const value = (x: Operand) => (typeof x === 'object' ? x : this.constant(scalar(x, dtype)));
    return [value(a), value(b)];
  }

  not(x: Value): Value {
    return this.emit('not', [x], {});
  }

  cast(x: Value, dtype: DType): Value {
    return x.dtype === dtype ? x : this.emit('cast', [x], { dtype });
  }

  select(condition: Value, a: Operand, b: Operand): Value {
    return this.emit('select', [condition, ...this.operands(a, b)], {});
  }

  argMax(x: Value, axis = -1): Value {
    return this.emit('argMax', [x], { axis: normalizeAxes([axis], x.shape.length)[0]! });
  }

  /** How many elements the axes hold together (all axes unless told), as a float32 scalar. */
  size(x: Value, axes: readonly number[] = x.shape.map((_, i) => i)): Value {
    const dims = axes.map((axis) => x.shape[axis]!);
    if (dims.every((dim) => dim !== null))
      return this.constant(scalar(dims.reduce<number>((product, dim) => product * dim!, 1)));
    return this.emit('size', [x], { axes });
  }

  matMul(a: Value, b: Value, transposeA = false, transposeB = false): Value {
    return this.emit('matMul', [a, b], { transposeA, transposeB });
  }

  reshape(x: Value, shape: Shape): Value {
    return sameShape(x.shape, shape) ? x : this.emit('reshape', [x], { shape });
  }

  transpose(x: Value, perm: readonly number[]): Value {
    return perm.every((axis, i) => axis === i) ? x : this.emit('transpose', [x], { perm });
  }

  /** x broadcast to the shape of `like`. */
  expandLike(x: Value, like: Value): Value {
    if (sameShape(x.shape, like.shape)) return x;
    return like.shape.some((dim) => dim === null)
      ? this.emit('expandLike', [x, like], {})
      : this.emit('broadcast', [x], { shape: like.shape as number[] });
  }

  broadcast(x: Value, shape: readonly number[]): Value {
    return sameShape(x.shape, shape) ? x : this.emit('broadcast', [x], { shape });
  }

  slice(
    x: Value,
    starts: readonly number[],
    sizes: Shape,
    strides: readonly number[] = starts.map(() => 1),
  ): Value {
    return this.emit('slice', [x], { starts, sizes, strides });
  }

  pad(x: Value, pads: readonly (readonly [number, number])[], value = 0): Value {
    return pads.every(([a, b]) => a === 0 && b === 0) ? x : this.emit('pad', [x], { pads, value });
  }

  concat(inputs: readonly Value[], axis: number): Value {
    const [at] = normalizeAxes([axis], inputs[0]!.shape.length);
    if (inputs.length === 1) return inputs[0]!;
    return this.emit('concat', inputs, { axis: at! });
  }

  reverse(x: Value, axes: readonly number[]): Value {
    return this.emit('reverse', [x], { axes: normalizeAxes(axes, x.shape.length) });
  }

  gather(table: Value, indices: Value): Value {
    return this.emit('gather', [table, indices], {});
  }

  /** The gradient of `gather` for its table. */
  gatherGrad(dy: Value, indices: Value, table: Value | number): Value {
    const rows = typeof table === 'number' ? table : table.shape[0]!;
    const inputs = rows === null ? [dy, indices, table as Value] : [dy, indices];
    return this.emit('gatherGrad', inputs, { rows });
  }

  /** 0, 1, 2, … along an axis of x. */
  positions(x: Value, axis: number): Value {
    return this.emit('positions', [x], { axis });
  }

  oneHot(indices: Value, depth: number): Value {
    return this.emit('oneHot', [indices], { depth });
  }

  conv(x: Value, filter: Value, attrs: ConvAttrs): Value {
    return this.emit('conv', [x, filter], attrs);
  }

  convInputGrad(dy: Value, filter: Value, inputSize: Shape, attrs: ConvAttrs): Value {
    return this.emit('convInputGrad', [dy, filter], { ...attrs, inputSize });
  }

  convFilterGrad(x: Value, dy: Value, kernelSize: readonly number[], attrs: ConvAttrs): Value {
    return this.emit('convFilterGrad', [x, dy], { ...attrs, kernelSize });
  }

  maxPool(x: Value, attrs: PoolAttrs): Value {
    return this.emit('maxPool', [x], attrs);
  }

  maxPoolGrad(x: Value, y: Value, dy: Value, attrs: PoolAttrs): Value {
    return this.emit('maxPoolGrad', [x, y, dy], attrs);
  }

  avgPool(x: Value, attrs: PoolAttrs): Value {
    return this.emit('avgPool', [x], attrs);
  }

  avgPoolGrad(dy: Value, inputSize: Shape, attrs: PoolAttrs): Value {
    return this.emit('avgPoolGrad', [dy], { ...attrs, inputSize });
  }

  upsample(x: Value, size: readonly number[]): Value {
    return size.every((n) => n === 1) ? x : this.emit('upsample', [x], { size });
  }
}

function sameShape(a: Shape, b: Shape): boolean {
  const unknown = a.filter((dim) => dim === null).length;
  return a.length === b.length && unknown < 2 && a.every((dim, axis) => dim === b[axis]);
}
