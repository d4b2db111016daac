import { initialize } from '../keras/initializers.ts';
import { lossNamed, takesClassNumbers } from '../keras/losses.ts';
import { constraintOf } from '../keras/constraints.ts';
import { applyOptimizer, slotsOf, type Trained } from '../keras/optimizers/apply.ts';
import { optimizerOf } from '../keras/optimizers/catalogue.ts';
import { regularizerOf } from '../keras/regularizers.ts';
import type { LearningRate } from '../keras/schedules.ts';
import type { JsonObject, LayerId, ModelSpec } from '../keras/spec.ts';
import type { Ops, Value } from './builder.ts';
import type { Optimizer } from '../keras/optimizers/optimizer.ts';
import { grad } from './grad.ts';
import type { Program } from './program.ts';
import { scalar, sizeOf, tensor, type NamedTensors } from './tensor.ts';
import { traceModel, type Trace, type TracedVariable } from './trace.ts';

/** What a model learns from, as Keras's `compile` takes it. */
export interface CompileSettings {
  readonly optimizer: { readonly class_name: string; readonly config: JsonObject };
  readonly loss: string;
}

/** The programs of a model that is compiled, and what they need. */
export interface CompiledModel {
  /** One optimizer update. Outputs: `loss`, before the update. */
  readonly train: Program;
  /** The loss of a batch in inference mode. Outputs: `loss`. */
  readonly evaluate: Program;
  /** The model in inference mode. Outputs: those named in `outputs`. */
  readonly predict: Program;
  /** Names of the feeds for the model's inputs, and for what its outputs should be. */
  readonly inputs: readonly string[];
  readonly targets: readonly string[];
  readonly outputs: readonly string[];
  readonly variables: readonly TracedVariable[];
  /** The optimizer's tensors. */
  readonly slots: readonly SlotSpec[];
  /** The learning rate at each update, counted from 0; it goes in with the step under LEARNING_RATE. */
  readonly learningRate: LearningRate;
}

/** A tensor of the optimizer. */
export interface SlotSpec {
  /** `optimizer/<variable>/momentum`. */
  readonly key: string;
  /** The key of the variable; null for a number that the optimizer keeps once. */
  readonly variable: string | null;
  readonly slot: string;
  readonly shape: readonly number[];
  /** What all its elements are at first. */
  readonly initial: number;
}

/** The feed of each training step that holds the learning rate, a float32 scalar. */
export const LEARNING_RATE = 'optimizer/learning_rate';

/** The variable that counts the optimizer's updates, an int32 scalar. */
export const ITERATION = 'optimizer/iteration';

/**
 * The programs that train, judge and run a model. The training step is one program: forward, loss, gradients and
 * update. A variable reached by several paths is one input, so its gradients add up and it is updated once; a frozen
 * one gets no update. Throws a SpecError for a model, loss or optimizer that can't be.
 */
export function compileModel(
  spec: ModelSpec,
  model: LayerId,
  settings: CompileSettings,
): CompiledModel {
  const optimizer = optimizerOf(settings.optimizer);
  const training = traceModel(spec, model, { training: true });
  const { ops } = training;
  const loss = totalLoss(training, settings.loss);
  const { slots, updates } = update(training, loss, optimizer);

  const inference = traceModel(spec, model);
  const judged = totalLoss(inference, settings.loss);
  const outputs = inference.outputs.map((_, i) => `output/${i}`);
  return {
    train: ops.program({ loss }, updates),
    evaluate: inference.ops.program({ loss: judged }),
    predict: inference.ops.program(
      Object.fromEntries(inference.outputs.map((value, i) => [outputs[i]!, value])),
    ),
    inputs: spec.layers[model]!.graph!.inputs.map(([input]) => spec.layers[input]!.config.name),
    targets: inference.outputs.map((_, i) => targetName(i)),
    outputs,
    variables: training.variables,
    slots,
    learningRate: optimizer.learningRate,
  };
}

const targetName = (output: number) => `target/${output}`;

/** The optimizer's work on every trainable variable, and what it keeps for it. */
function update(trace: Trace, loss: Value, optimizer: Optimizer) {
  const { ops } = trace;
  const variables = trace.variables.filter((variable) => variable.trainable);
  const kept = slotsOf(optimizer);
  const slots: SlotSpec[] = variables.flatMap(({ key, shape }) =>
    kept.map((slot) => ({
      key: slotKey(key, slot.name),
      variable: key,
      slot: slot.name,
      shape: slot.shape?.(shape) ?? shape,
      initial: slot.initial ?? 0,
    })),
  );
  const scalars = Object.entries(optimizer.once);
  for (const [name, initial] of scalars)
    slots.push({ key: `optimizer/${name}`, variable: null, slot: name, shape: [], initial });

  const iteration = ops.variable(ITERATION, [], 'int32');
  const values = variables.map(({ key, shape, dtype }) => ops.variable(key, shape, dtype));
  const gradients = grad(ops, loss, values);
  const trained = variables.map(({ key, shape, constraint }, i): Trained => {
    const own = kept.map(({ name, shape: of }) => {
      const slotShape = of?.(shape) ?? shape;
      return [name, ops.variable(slotKey(key, name), slotShape)] as const;
    });
    return {
      value: values[i]!,
      gradient: gradients[i]!,
      slots: Object.fromEntries(own),
      constrain: (value) => (constraint ? constraintOf(constraint)(ops, value) : value),
    };
  });
  const once = Object.fromEntries(
    scalars.map(([name]) => [name, ops.variable(`optimizer/${name}`, [])]),
  );
  const rate = ops.feed(LEARNING_RATE, []);
  const moved = applyOptimizer(ops, optimizer, trained, once, rate, iteration);

  const updates: Record<string, Value> = { ...trace.updates, [ITERATION]: ops.add(iteration, 1) };
  variables.forEach(({ key }, i) => {
    updates[key] = moved.updates[i]!.variable;
    for (const [name, value] of Object.entries(moved.updates[i]!.slots))
      updates[slotKey(key, name)] = value;
  });
  for (const [name, value] of Object.entries(moved.once)) updates[`optimizer/${name}`] = value;
  return { slots, updates };
}

const slotKey = (variable: string, slot: string) => `optimizer/${variable}/${slot}`;

/** The mean loss over the batch, summed over the outputs, and what the layers add. */
function totalLoss(trace: Trace, name: string): Value {
  const { ops, outputs, losses } = trace;
  const { loss } = lossNamed(name);
  const own = outputs.map((output, i) =>
    ops.reduceMean(loss(ops, target(ops, output, i, name), output)),
  );
  return [...own, ...losses, ...regularization(trace)].reduce((a, b) => ops.add(a, b));
}

/** What the regularizers of the trained variables add. */
function regularization({ ops, variables }: Trace): Value[] {
  return variables.flatMap(({ key, shape, dtype, regularizer, trainable }) =>
    trainable && regularizer
      ? [regularizerOf(regularizer)(ops, ops.variable(key, shape, dtype))]
      : [],
  );
}

function target(ops: Ops, output: Value, i: number, loss: string): Value {
  return takesClassNumbers(loss)
    ? ops.feed(targetName(i), output.shape.slice(0, -1), 'int32')
    : ops.feed(targetName(i), output.shape);
}

/** Fresh values of all variables and the optimizer's tensors; they depend on the seed alone. */
export function initialValues(compiled: CompiledModel, seed: number): NamedTensors {
  const values = freshVariables(compiled.variables, seed);
  for (const { key, shape, initial } of compiled.slots)
    values[key] = { shape, dtype: 'float32', data: new Float32Array(sizeOf(shape)).fill(initial) };
  values[ITERATION] = scalar(0, 'int32');
  return values;
}

/** Fresh values of a model's variables; they depend on the seed and each variable's key alone. */
export function freshVariables(variables: readonly TracedVariable[], seed: number): NamedTensors {
  return Object.fromEntries(
    variables.map(({ key, shape, dtype = 'float32', initializer }) => [
      key,
      tensor(initialize(initializer, shape, key, seed), shape, dtype),
    ]),
  );
}
