import type { ARITHMETIC, COMPARISON, LOGICAL, UNARY } from '../../../shared/program/attributes.ts';
import { broadcastShapes } from '../../../shared/program/shapes.ts';
import type { TensorType } from '../../../shared/program/tensor.ts';
import type { Lower, Lowered, Lowering } from './lowering.ts';

type UnaryName = (typeof UNARY)[number];
type BinaryName =
  (typeof ARITHMETIC)[number] | (typeof COMPARISON)[number] | (typeof LOGICAL)[number];
type Write = (context: Lowering, ...inputs: string[]) => string;

const op =
  (name: string): Write =>
  ({ graph }, ...inputs) =>
    graph.node(name, inputs);

/** log(1 + x) without losing small x: log(u) x / (u - 1) for the rounded u = 1 + x (HP-15C handbook, Kahan). */
const log1p: Write = ({ graph }, x) => {
  const u = graph.node('Add', [x, graph.float(1)]);
  const log = graph.node('Log', [u]);
  const exact = graph.node('Div', [
    graph.node('Mul', [log, x]),
    graph.node('Sub', [u, graph.float(1)]),
  ]);
  const large = graph.node('Where', [graph.node('Equal', [u, x]), log, exact]);
  return graph.node('Where', [graph.node('Equal', [u, graph.float(1)]), x, large]);
};

/** exp(x) - 1 = tanh(x / 2) (exp(x) + 1), which loses nothing for small x. */
const expm1: Write = ({ graph }, x) => {
  const half = graph.node('Tanh', [graph.node('Mul', [x, graph.float(0.5)])]);
  return graph.node('Mul', [half, graph.node('Add', [graph.node('Exp', [x]), graph.float(1)])]);
};

const unary: Record<UnaryName, Write> = {
  neg: op('Neg'),
  abs: op('Abs'),
  sign: op('Sign'),
  exp: op('Exp'),
  log: op('Log'),
  log1p,
  expm1,
  sqrt: op('Sqrt'),
  square: ({ graph }, x) => graph.node('Mul', [x, x]),
  reciprocal: op('Reciprocal'),
  sin: op('Sin'),
  cos: op('Cos'),
  tanh: op('Tanh'),
  sigmoid: op('Sigmoid'),
  erf: op('Erf'),
  relu: op('Relu'),
  softplus: op('Softplus'),
  floor: op('Floor'),
  ceil: op('Ceil'),
  round: op('Round'),
};

/** Unary operations whose operator takes int32 as it is; the others go through float32 and back. */
const TAKES_INT32 = new Set<UnaryName>(['neg', 'abs', 'sign', 'square']);

/** The remainder with the sign of the divisor, as Python's: C's, and once more the divisor where the signs differ. */
const floatMod: Write = ({ graph }, a, b) => {
  const rest = graph.node('Mod', [a, b], { fmod: 1 });
  const signs = graph.node('Mul', [graph.node('Sign', [rest]), graph.node('Sign', [b])]);
  const differ = graph.node('Less', [signs, graph.float(0)]);
  return graph.node('Where', [differ, graph.node('Add', [rest, b]), rest]);
};

/** floor(a / b) of int32, exact in float64; unlike the processor's own division, dividing by 0 ends nothing. */
const intDiv: Write = (context, a, b) => {
  const { graph } = context;
  const quotient = graph.node('Div', [context.cast(a, 'float64'), context.cast(b, 'float64')]);
  return context.cast(graph.node('Floor', [quotient]), 'int32');
};

const intMod: Write = (context, a, b) => {
  const { graph } = context;
  return graph.node('Sub', [a, graph.node('Mul', [intDiv(context, a, b), b])]);
};

const float: Record<BinaryName, Write> = {
  add: op('Add'),
  sub: op('Sub'),
  mul: op('Mul'),
  div: op('Div'),
  max: op('Max'),
  min: op('Min'),
  pow: op('Pow'),
  mod: floatMod,
  equal: op('Equal'),
  less: op('Less'),
  lessEqual: op('LessOrEqual'),
  and: op('And'),
  or: op('Or'),
};

const int: Record<BinaryName, Write> = { ...float, div: intDiv, mod: intMod };

/**
 * Writes an elementwise operation in the layout that its operands have. Operands that are only repeated to the shape
 * of the result are left to ONNX's broadcasting; where all are, the result is repeated instead.
 */
function elementwise(
  context: Lowering,
  inputs: readonly Lowered[],
  type: TensorType,
  write: Write,
): Lowered {
  const rank = type.shape.length;
  const filling = inputs.filter((x) => x.shape.join() === type.shape.join());
  const narrow = inputs.map((x) => x.repeats?.narrow ?? x);
  const large = inputs.filter((x) => x.shape.some((dim) => dim !== 1));
  const repeats = filling[0]?.repeats;
  if (repeats && large.every((x) => x.repeats && filling.includes(x))) {
    const shape = narrow.map((x) => x.shape).reduce(broadcastShapes);
    return repeats.again(elementwise(context, narrow, { ...type, shape }, write), type);
  }
  const operands = filling.some((x) => !x.repeats) ? narrow : inputs;
  const layout = context.commonLayout(operands, rank);
  const names = operands.map((x) => context.operand(x, layout, type.shape));
  return context.value(type, write(context, ...names), layout);
}

/** The sign of x, as a bool or a number, which is only written where nothing better can be made of it. */
function signOf(context: Lowering, x: Lowered, type: TensorType, write: Write): Lowered {
  const layout = context.layoutOf(x);
  const name = () => context.name(elementwise(context, [x], type, write), layout);
  return { ...context.later(type, layout, [], name), positive: x };
}

export function lowerUnary(name: UnaryName): Lower<UnaryName> {
  return (context, inputs, _, node) => {
    const joined = name === 'relu' ? context.follow(inputs[0]!, 'relu', { relu: true }) : null;
    if (joined) return joined;
    const write: Write =
      node.dtype === 'float32' || TAKES_INT32.has(name)
        ? unary[name]
        : (c, x) => c.cast(unary[name](c, c.cast(x, 'float32')), node.dtype);
    return elementwise(context, inputs, node, write);
  };
}

export function lowerBinary(name: BinaryName): Lower<BinaryName> {
  return (context, inputs, _, node) => {
    const [a, b] = inputs as [Lowered, Lowered];
    if (name === 'less' && b.dtype === 'float32' && isZero(a))
      return signOf(context, b, node, ({ graph }, x) => graph.node('Less', [graph.float(0), x]));
    const join = JOINS[name];
    const joined = join && (join(context, a, b) ?? join(context, b, a));
    if (joined) return joined;
    return elementwise(context, inputs, node, (a.dtype === 'int32' ? int : float)[name]);
  };
}

/** A bias for the last axis goes into the convolution or matrix product that it is added to. */
function addBias(context: Lowering, x: Lowered, bias: Lowered): Lowered | null {
  const fits = bias.shape.length === 1 && bias.shape[0] === x.shape.at(-1);
  return x.unwritten && fits ? context.follow(x, 'bias', { bias: context.last(bias) }) : null;
}

/**
 * The gradient of a relu below a max-pool: only the largest of a window has one, so that it is enough to ask whether
 * that is positive, before the gradient is spread over the window.
 */
function maskGradient(context: Lowering, x: Lowered, mask: Lowered): Lowered | null {
  const fits = x.pooled !== undefined && x.pooled === mask.positive;
  return fits ? context.follow(x, 'positive', { positive: true }) : null;
}

/** What can go into the operator of one operand. */
const JOINS: Partial<
  Record<BinaryName, (context: Lowering, x: Lowered, other: Lowered) => Lowered | null>
> = { add: addBias, mul: maskGradient };

export const lowerNot: Lower<'not'> = (context, inputs, _, node) =>
  elementwise(context, inputs, node, op('Not'));

const isZero = ({ constant }: Lowered) => constant?.data.length === 1 && constant.data[0] === 0;

/** 1 where x is positive, else 0, in one pass where a comparison and a cast take two; numbers below 1e-38 get less. */
export const positive: Write = ({ graph }, x) =>
  graph.node('HardSigmoid', [x], { alpha: { float: 3e38 }, beta: { float: 0 } });

export const lowerCast: Lower<'cast'> = (context, [x], { dtype }, node) =>
  x!.positive && x!.dtype === 'bool' && dtype === 'float32'
    ? signOf(context, x!.positive, node, positive)
    : elementwise(context, [x!], node, (c, name) => c.cast(name, dtype));

/** ONNX Runtime's Where does not take bool. */
const boolSelect: Write = ({ graph }, condition, a, b) => {
  const otherwise = graph.node('And', [graph.node('Not', [condition]), b]);
  return graph.node('Or', [graph.node('And', [condition, a]), otherwise]);
};

export const lowerSelect: Lower<'select'> = (context, inputs, _, node) =>
  elementwise(context, inputs, node, node.dtype === 'bool' ? boolSelect : op('Where'));
