import type { Ops, Value } from '../../program/builder.ts';
import { formatShape } from '../../program/tensor.ts';
import { defineLoss } from './loss.ts';
import { logSoftmax } from './probabilistic.ts';

/** Stands for the logarithm of 0. */
const NEVER = -1e5;

/** log(exp(a) + exp(b)) without overflow. */
function logAddExp(ops: Ops, a: Value, b: Value): Value {
  const apart = ops.neg(ops.abs(ops.sub(a, b)));
  return ops.add(ops.max(a, b), ops.log1p(ops.exp(apart)));
}

/**
 * Connectionist temporal classification (Graves et al., 2006): minus the logarithm of the probability that the steps
 * spell the labels, over all alignments. yTrue [batch, steps] holds class numbers from 1, then zeros; yPred
 * [batch, steps, classes] holds logits, of which class 0 is the blank. Unrolled over the steps.
 * Source: keras.src.losses.losses.ctc and keras.src.backend.jax.nn.ctc_loss.
 */
const ctc = defineLoss(
  'CTC',
  ['ctc'],
  {},
  (ops, yTrue, yPred) => {
    const [batch, steps, classes] = yPred.shape;
    if (yPred.shape.length !== 3 || steps == null || classes == null)
      throw new RangeError(
        `takes logits of (batch, known steps, known classes); got ${formatShape(yPred.shape)}`,
      );
    const log = logSoftmax(ops, yPred, -1);
    const blank = ops.slice(log, [0, 0, 0], [null, steps, 1]);
    // [batch, steps, labels]: the logarithm of the probability of each label at each step.
    const emit = ops.matMul(log, ops.oneHot(yTrue, classes), false, true);
    const at = (x: Value, step: number, size: number) =>
      ops.reshape(ops.slice(x, [0, step, 0], [null, 1, size]), [batch!, size]);
    const next = ops.pad(ops.slice(yTrue, [0, 1], [null, steps - 1]), [[0, 0], [0, 1]], -1); // prettier-ignore
    const repeats = ops.cast(ops.equal(yTrue, next), 'float32');
    const ifNew = ops.mul(repeats, NEVER);
    const ifRepeated = ops.mul(ops.sub(1, repeats), NEVER);

    const one = at(blank, 0, 1);
    const constant = (value: number) => ops.add(ops.mul(one, 0), value);
    const wide = (value: number, size: number) =>
      ops.concat(Array<Value>(size).fill(constant(value)), -1);
    // After n labels: with a blank behind them (phi, from n = 0), or just behind the n-th (emitted, from n = 1).
    let phi = ops.concat([constant(0), wide(NEVER, steps)], -1);
    let emitted = wide(NEVER, steps);
    const head = (x: Value) => ops.slice(x, [0, 0], [null, steps]);
    const raise = (scores: Value, by: Value) => {
      const tail = ops.slice(scores, [0, 1], [null, steps]);
      const first = ops.slice(scores, [0, 0], [null, 1]);
      return ops.concat([first, logAddExp(ops, tail, by)], -1);
    };
    for (let step = 0; step < steps; step++) {
      const open = raise(phi, ops.add(emitted, ifNew));
      const label = at(emit, step, steps);
      const rest = at(blank, step, 1);
      const stay = ops.add(emitted, rest);
      emitted = logAddExp(ops, ops.add(head(open), label), ops.add(emitted, label));
      phi = raise(ops.add(open, rest), ops.add(stay, ifRepeated));
    }
    const labels = ops.reduceSum(ops.cast(ops.not(ops.equal(yTrue, 0)), 'float32'), [-1]);
    const last = ops.oneHot(ops.cast(labels, 'int32'), steps + 1);
    return ops.neg(ops.reduceSum(ops.mul(raise(phi, emitted), last), [-1]));
  },
  true,
);

export const sequenceLosses = [ctc];
