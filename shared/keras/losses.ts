import type { Ops, Value } from '../program/builder.ts';
import { toSnakeCase } from './names.ts';
import { SpecError } from './spec.ts';

/** A loss per sample (and per position, where the model's output has some): yTrue and yPred without the last axis. */
type Loss = (ops: Ops, yTrue: Value, yPred: Value) => Value;

/** keras.backend.epsilon(). */
const EPSILON = 1e-7;

const clip = (ops: Ops, x: Value, low: number, high: number) => ops.min(ops.max(x, low), high);

const losses = {
  mean_squared_error: (ops, yTrue, yPred) =>
    ops.reduceMean(ops.square(ops.sub(yPred, yTrue)), [-1]),
  mean_absolute_error: (ops, yTrue, yPred) => ops.reduceMean(ops.abs(ops.sub(yPred, yTrue)), [-1]),
  binary_crossentropy: (ops, yTrue, yPred) => {
    const p = clip(ops, yPred, EPSILON, 1 - EPSILON);
    const positive = ops.mul(yTrue, ops.log(p));
    const negative = ops.mul(ops.sub(1, yTrue), ops.log(ops.sub(1, p)));
    return ops.neg(ops.reduceMean(ops.add(positive, negative), [-1]));
  },
  categorical_crossentropy: (ops, yTrue, yPred) => crossentropy(ops, yTrue, yPred),
  sparse_categorical_crossentropy: (ops, yTrue, yPred) =>
    crossentropy(ops, ops.oneHot(yTrue, yPred.shape.at(-1)!), yPred),
} satisfies Record<string, Loss>;

/** -sum(yTrue log p), with yPred normalised over the classes and kept off 0 and 1, as Keras does. */
function crossentropy(ops: Ops, yTrue: Value, yPred: Value): Value {
  const normal = ops.div(yPred, ops.reduceSum(yPred, [-1], true));
  const log = ops.log(clip(ops, normal, EPSILON, 1 - EPSILON));
  return ops.neg(ops.reduceSum(ops.mul(yTrue, log), [-1]));
}

const aliases: Readonly<Record<string, keyof typeof losses>> = {
  mse: 'mean_squared_error',
  mae: 'mean_absolute_error',
};

/** The loss by Keras's name, alias or class. Throws a SpecError that lists the known ones. */
export function lossNamed(name: string): { name: keyof typeof losses; loss: Loss } {
  const snake = toSnakeCase(name);
  const known = Object.hasOwn(aliases, snake) ? aliases[snake]! : snake;
  if (!Object.hasOwn(losses, known))
    throw new SpecError(
      'loss',
      `unknown loss ${name}; known are ${Object.keys(losses).join(', ')}`,
    );
  return { name: known as keyof typeof losses, loss: losses[known as keyof typeof losses] };
}

/** Whether the targets are class numbers (int32, without the last axis) rather than values like the output. */
export function takesClassNumbers(name: string): boolean {
  return lossNamed(name).name === 'sparse_categorical_crossentropy';
}
