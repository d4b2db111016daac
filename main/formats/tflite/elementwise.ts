import type { ARITHMETIC, COMPARISON, LOGICAL, UNARY } from '../../../shared/program/attributes.ts';
import type { DType } from '../../../shared/program/tensor.ts';
import type { GraphBuilder } from './graph.ts';
import { options, TENSOR_TYPES, type OperatorName } from './schema.ts';

type UnaryName = (typeof UNARY)[number];
type BinaryName =
  (typeof ARITHMETIC)[number] | (typeof COMPARISON)[number] | (typeof LOGICAL)[number];
type Unary = (graph: GraphBuilder, x: number) => number;

const same =
  (op: OperatorName): Unary =>
  (graph, x) =>
    graph.node(op, [x], graph.shape(x));

const plus = (graph: GraphBuilder, x: number, by: number) =>
  graph.node('ADD', [x, graph.float(by)], graph.shape(x));

/** log(1 + x) without losing small x: log(u) x / (u - 1) for the rounded u = 1 + x (HP-15C handbook, Kahan). */
const log1p: Unary = (graph, x) => {
  const shape = graph.shape(x);
  const u = plus(graph, x, 1);
  const log = graph.node('LOG', [u], shape);
  const exact = graph.node('DIV', [graph.node('MUL', [log, x], shape), plus(graph, u, -1)], shape);
  const small = graph.node('EQUAL', [u, graph.float(1)], shape, 'bool');
  return graph.node('SELECT_V2', [small, x, exact], shape);
};

/** exp(x) - 1 = tanh(x / 2) (exp(x) + 1), which loses nothing for small x. */
const expm1: Unary = (graph, x) => {
  const shape = graph.shape(x);
  const half = graph.node('TANH', [graph.node('MUL', [x, graph.float(0.5)], shape)], shape);
  return graph.node('MUL', [half, plus(graph, graph.node('EXP', [x], shape), 1)], shape);
};

/** There is no erf, but gelu(y) = y (1 + erf(y / sqrt 2)) / 2; near 0 the first term of erf's series. */
const erf: Unary = (graph, x) => {
  const shape = graph.shape(x);
  const scaled = graph.node('MUL', [x, graph.float(Math.SQRT2)], shape);
  const gelu = graph.node('GELU', [scaled], shape, 'float32', options.gelu());
  const twice = graph.node(
    'DIV',
    [graph.node('MUL', [gelu, graph.float(2)], shape), scaled],
    shape,
  );
  const near = graph.node('MUL', [x, graph.float(2 / Math.sqrt(Math.PI))], shape);
  const size = graph.node('ABS', [x], shape);
  const isNear = graph.node('LESS', [size, graph.float(1e-4)], shape, 'bool');
  return graph.node('SELECT_V2', [isNear, near, plus(graph, twice, -1)], shape);
};

/** max(x, 0) + log(1 + exp(-|x|)). */
const softplus: Unary = (graph, x) => {
  const shape = graph.shape(x);
  const size = graph.node('NEG', [graph.node('ABS', [x], shape)], shape);
  const rest = log1p(graph, graph.node('EXP', [size], shape));
  return graph.node('ADD', [graph.node('RELU', [x], shape), rest], shape);
};

const unaryOf: Record<UnaryName, Unary> = {
  neg: same('NEG'),
  abs: same('ABS'),
  sign: same('SIGN'),
  exp: same('EXP'),
  log: same('LOG'),
  log1p,
  expm1,
  sqrt: same('SQRT'),
  square: same('SQUARE'),
  reciprocal: (graph, x) => graph.node('DIV', [graph.float(1), x], graph.shape(x)),
  sin: same('SIN'),
  cos: same('COS'),
  tanh: same('TANH'),
  sigmoid: same('LOGISTIC'),
  erf,
  relu: same('RELU'),
  softplus,
  floor: same('FLOOR'),
  ceil: same('CEIL'),
  round: same('ROUND'),
};

/** An operation of one tensor; of whole numbers by way of float32. */
export function unary(graph: GraphBuilder, name: UnaryName, x: number): number {
  const { dtype } = graph.tensors[x]!;
  if (dtype === 'float32') return unaryOf[name](graph, x);
  return cast(graph, unaryOf[name](graph, cast(graph, x, 'float32')), dtype);
}

const floatOperators: Record<BinaryName, OperatorName> = {
  add: 'ADD',
  sub: 'SUB',
  mul: 'MUL',
  div: 'DIV',
  max: 'MAXIMUM',
  min: 'MINIMUM',
  pow: 'POW',
  mod: 'FLOOR_MOD',
  equal: 'EQUAL',
  less: 'LESS',
  lessEqual: 'LESS_EQUAL',
  and: 'LOGICAL_AND',
  or: 'LOGICAL_OR',
};

/** An operation of two tensors, with broadcasting. */
export function binary(
  graph: GraphBuilder,
  name: BinaryName,
  inputs: readonly number[],
  shape: readonly number[],
  dtype: DType,
): number {
  const whole = graph.tensors[inputs[0]!]!.dtype === 'int32';
  const op = whole && name === 'div' ? 'FLOOR_DIV' : floatOperators[name];
  return graph.node(op, inputs, shape, dtype);
}

export function cast(graph: GraphBuilder, x: number, to: DType): number {
  const { shape, dtype } = graph.tensors[x]!;
  const own = options.cast(TENSOR_TYPES[dtype], TENSOR_TYPES[to]);
  return graph.node('CAST', [x], shape, to, own);
}
