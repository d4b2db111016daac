import type { Ops, Value } from '../../program/builder.ts';
import type { CommonSettings, Optimizer, Slot, Update } from './optimizer.ts';

/** A variable that an update moves. */
export interface Trained {
  readonly value: Value;
  readonly gradient: Value;
  /** Its slots, by name: those of `slotsOf`. */
  readonly slots: Readonly<Record<string, Value>>;
  /** What the variable's constraint makes of a new value. */
  constrain(value: Value): Value;
}

/** All the tensors that the optimizer keeps for each variable, in Keras's order. */
export function slotsOf({ common, slots }: Optimizer): Slot[] {
  return [
    ...(common.use_ema ? [{ name: 'average' }] : []),
    ...(common.gradient_accumulation_steps ? [{ name: 'gradient_accumulator' }] : []),
    ...slots,
  ];
}

/**
 * One call of the optimizer on all variables, in Keras's order: gradients are accumulated, clipped, the weights
 * decayed, the formula applied, averaged, and constrained. `iteration` counts calls from 0, int32.
 * Source: keras.src.optimizers.base_optimizer.BaseOptimizer.apply.
 */
export function applyOptimizer(
  ops: Ops,
  optimizer: Optimizer,
  trained: readonly Trained[],
  once: Readonly<Record<string, Value>>,
  learningRate: Value,
  iteration: Value,
): { updates: Update[]; once: Record<string, Value> } {
  const { common } = optimizer;
  const every = common.gradient_accumulation_steps;
  const calls = ops.cast(iteration, 'float32');
  const update = every ? ops.floor(ops.div(calls, every)) : calls;
  const step = ops.add(update, 1);
  const due = every ? ops.equal(ops.mod(ops.add(calls, 1), every), 0) : null;
  const when = (value: Value, old: Value) => (due ? ops.select(due, value, old) : value);

  const gathered = trained.map(({ gradient, slots }) =>
    every ? ops.add(slots['gradient_accumulator']!, gradient) : gradient,
  );
  const means = every ? gathered.map((sum) => ops.div(sum, every)) : gathered;
  const clipped = clip(ops, means, common);
  const advanced = optimizer.advance(ops, once, step);
  const updates = trained.map(({ value, slots, constrain }, i): Update => {
    const decayed = common.weight_decay
      ? ops.sub(value, ops.mul(ops.mul(value, common.weight_decay), learningRate))
      : value;
    const next = optimizer.update({
      ops,
      variable: decayed,
      gradient: clipped[i]!,
      slots: { ...slots, ...once, ...advanced },
      learningRate,
      step,
    });
    const moved = averaged(ops, common, when(next.variable, value), slots['average'], update);
    const own = Object.entries(next.slots).map(([name, slot]) => [name, when(slot, slots[name]!)]);
    return {
      variable: constrain(moved.variable),
      slots: {
        ...(Object.fromEntries(own) as Record<string, Value>),
        ...(moved.average && { average: moved.average }),
        ...(due && {
          gradient_accumulator: ops.select(due, ops.mul(gathered[i]!, 0), gathered[i]!),
        }),
      },
    };
  });
  const kept = Object.entries(advanced).map(([name, value]) => [name, when(value, once[name]!)]);
  return { updates, once: Object.fromEntries(kept) as Record<string, Value> };
}

/** The exponential moving average of a variable at each call, and the variable, which it may overwrite. */
function averaged(
  ops: Ops,
  { use_ema, ema_momentum, ema_overwrite_frequency: every }: CommonSettings,
  variable: Value,
  average: Value | undefined,
  update: Value,
): { variable: Value; average?: Value } {
  if (!use_ema) return { variable };
  const momentum = ops.select(ops.less(0, update), ema_momentum, 0);
  const next = ops.add(ops.mul(average!, momentum), ops.mul(variable, ops.sub(1, momentum)));
  if (!every) return { variable, average: next };
  const due = ops.equal(ops.mod(ops.add(update, 1), every), 0);
  return { variable: ops.select(due, next, variable), average: next };
}

/** Gradients cut back by `clipnorm` (each), `global_clipnorm` (together) or `clipvalue`: the first that is set. */
function clip(
  ops: Ops,
  gradients: readonly Value[],
  { clipnorm, global_clipnorm, clipvalue }: CommonSettings,
): readonly Value[] {
  const squares = (x: Value) => ops.reduceSum(ops.square(x));
  if (clipnorm !== null)
    return gradients.map((g) =>
      ops.div(ops.mul(g, clipnorm), ops.max(ops.sqrt(squares(g)), clipnorm)),
    );
  if (global_clipnorm !== null) {
    const norm = ops.sqrt(gradients.map(squares).reduce((a, b) => ops.add(a, b)));
    const scale = ops.div(global_clipnorm, ops.max(norm, global_clipnorm));
    return gradients.map((g) => ops.mul(g, scale));
  }
  if (clipvalue === null) return gradients;
  return gradients.map((g) => ops.min(ops.max(g, -clipvalue), clipvalue));
}
