import type { ARITHMETIC, COMPARISON, LOGICAL, UNARY } from '../../../shared/program/attributes.ts';
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

/** Writes an elementwise operation in the layout that its operands have. */
function elementwise(
  context: Lowering,
  inputs: readonly Lowered[],
  type: TensorType,
  write: Write,
): Lowered {
  const rank = type.shape.length;
  const whole = (x: Lowered) => !x.narrow && x.shape.join() === type.shape.join();
  const operands = inputs.some(whole) ? inputs.map((x) => x.narrow ?? x) : inputs;
  const layout = context.commonLayout(operands, rank);
  const names = operands.map((x) => context.operand(x, layout, type.shape));
  return context.value(type, write(context, ...names), layout);
}

export function lowerUnary(name: UnaryName): Lower<UnaryName> {
  return (context, inputs, _, node) => {
    const joined = name === 'relu' ? context.follow(inputs[0]!, { relu: true }) : null;
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
    const joined = name === 'add' ? (addBias(context, a, b) ?? addBias(context, b, a)) : null;
    if (joined) return joined;
    const result = elementwise(context, inputs, node, (a.dtype === 'int32' ? int : float)[name]);
    const sign = name === 'less' && b.dtype === 'float32' && isZero(a);
    return sign ? { ...result, positive: b } : result;
  };
}

/** A bias for the last axis goes into the convolution or matrix product that it is added to. */
function addBias(context: Lowering, x: Lowered, bias: Lowered): Lowered | null {
  const fits = bias.shape.length === 1 && bias.shape[0] === x.shape.at(-1);
  return x.unwritten && fits ? context.follow(x, { bias: context.last(bias) }) : null;
}

export const lowerNot: Lower<'not'> = (context, inputs, _, node) =>
  elementwise(context, inputs, node, op('Not'));

const isZero = ({ constant }: Lowered) => constant?.data.length === 1 && constant.data[0] === 0;

/** 1 where x is positive, else 0, in one pass where a comparison and a cast take two; numbers below 1e-38 get less. */
const positive: Write = ({ graph }, x) =>
  graph.node('HardSigmoid', [x], { alpha: { float: 3e38 }, beta: { float: 0 } });

export const lowerCast: Lower<'cast'> = (context, [x], { dtype }, node) =>
  x!.positive && dtype === 'float32'
    ? elementwise(context, [x!.positive], node, positive)
    : elementwise(context, [x!], node, (c, name) => c.cast(name, dtype));

/** ONNX Runtime's Where does not take bool. */
const boolSelect: Write = ({ graph }, condition, a, b) => {
  const otherwise = graph.node('And', [graph.node('Not', [condition]), b]);
  return graph.node('Or', [graph.node('And', [condition, a]), otherwise]);
};

export const lowerSelect: Lower<'select'> = (context, inputs, _, node) =>
  elementwise(context, inputs, node, node.dtype === 'bool' ? boolSelect : op('Where'));
