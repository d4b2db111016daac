import { initialize } from '../keras/initializers.ts';
import { settingsPerOutput, type CompileSettings } from '../keras/compile-settings.ts';
import { constraintOf } from '../keras/constraints.ts';
import { applyOptimizer, slotsOf, type Trained } from '../keras/optimizers/apply.ts';
import { optimizerOf } from '../keras/optimizers/catalogue.ts';
import type { LearningRate } from '../keras/schedules.ts';
import { layerOf, type LayerId, type ModelSpec } from '../keras/spec.ts';
import type { Value } from './builder.ts';
import { cropUnseen } from './crop.ts';
import type { Optimizer } from '../keras/optimizers/optimizer.ts';
import { grad } from './grad.ts';
import { optimize } from './optimize.ts';
import { addObjective, type MetricOutput, type Objective, type TargetFeed } from './objective.ts';
import type { Program } from './program.ts';
import { scalar, sizeOf, tensor, type NamedTensors, type Shape } from './tensor.ts';
import { traceModel, type Forward, type TracedVariable } from './trace.ts';

/** The programs of a model that is compiled, and what they need. */
export interface CompiledModel {
  /** One optimizer update. Outputs, from before the update: `loss`, `loss/<output>`, the metrics' sums. */
  readonly train: Program;
  /** The same outputs in inference mode, without an update. */
  readonly evaluate: Program;
  /** The model in inference mode. Outputs: those named in `outputs`. */
  readonly predict: Program;
  /** Names of the feeds for the model's inputs. */
  readonly inputs: readonly string[];
  /** The feeds for what the outputs should be; `train` and `evaluate` take them. */
  readonly targets: readonly TargetFeed[];
  /** The metrics whose sums `train` and `evaluate` give. */
  readonly metrics: readonly MetricOutput[];
  /** Names of the outputs of `predict`, in the model's order. */
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
const ITERATION = 'optimizer/iteration';

/**
 * The programs that train, judge and run a model. The training step is one program: forward, loss, gradients and
 * update. A variable reached by several paths is one input, so its gradients add up and it is updated once; a frozen
 * one gets no update. With `class_weight` the training step takes a weight for each sample; with `sampleWeights`, the
 * shapes of each output's weights, the evaluation takes them too. Throws a SpecError for a model, loss or optimizer
 * that can't be.
 */
export function compileModel(
  spec: ModelSpec,
  model: LayerId,
  settings: CompileSettings,
  { sampleWeights }: { readonly sampleWeights?: readonly Shape[] } = {},
): CompiledModel {
  const outputs = settingsPerOutput(spec, model, settings);
  const training = cropUnseen(traceModel(spec, model, { training: true }));
  const { objective, slots, updates } = addStep(training, spec, model, settings, sampleWeights);

  const inference = cropUnseen(traceModel(spec, model));
  const judged = addObjective(inference, outputs, sampleWeights);
  const results = inference.outputs.map((value, i) => [`output/${i}`, value] as const);
  return {
    train: optimize(training.ops.program(objective.results, updates)),
    evaluate: optimize(inference.ops.program(judged.results)),
    predict: optimize(inference.ops.program(Object.fromEntries(results))),
    inputs: layerOf(spec, model).graph!.inputs.map(([input]) => layerOf(spec, input).config.name),
    targets: objective.targets,
    metrics: objective.metrics,
    outputs: results.map(([name]) => name),
    variables: training.variables,
    slots,
    learningRate: optimizerOf(settings.optimizer).learningRate,
  };
}

/** What a training step adds to a forward pass. */
interface Step {
  readonly objective: Objective;
  readonly slots: readonly SlotSpec[];
  /** The new values of variables and slots, by key. */
  readonly updates: Readonly<Record<string, Value>>;
  /** What the optimizer moves, with the gradient of the loss by it. */
  readonly moved: readonly {
    readonly key: string;
    readonly value: Value;
    readonly gradient: Value;
  }[];
}

/** Adds loss, gradients and update to a model's forward pass in training mode. Throws as `compileModel` does. */
export function addStep(
  forward: Forward,
  spec: ModelSpec,
  model: LayerId,
  settings: CompileSettings,
  sampleWeights?: readonly Shape[],
): Step {
  const outputs = settingsPerOutput(spec, model, settings);
  const byClass = settings.class_weight ? [[null]] : undefined;
  const objective = addObjective(forward, outputs, sampleWeights ?? byClass);
  return { objective, ...update(forward, objective.loss, optimizerOf(settings.optimizer)) };
}

/** The optimizer's work on every trainable variable, and what it keeps for it. */
function update(trace: Forward, loss: Value, optimizer: Optimizer) {
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
  const applied = applyOptimizer(ops, optimizer, trained, once, rate, iteration);

  const updates: Record<string, Value> = { ...trace.updates, [ITERATION]: ops.add(iteration, 1) };
  variables.forEach(({ key }, i) => {
    updates[key] = applied.updates[i]!.variable;
    for (const [name, value] of Object.entries(applied.updates[i]!.slots))
      updates[slotKey(key, name)] = value;
  });
  for (const [name, value] of Object.entries(applied.once)) updates[`optimizer/${name}`] = value;
  const moved = variables.map(({ key }, i) => ({
    key,
    value: values[i]!,
    gradient: gradients[i]!,
  }));
  return { slots, updates, moved };
}

const slotKey = (variable: string, slot: string) => `optimizer/${variable}/${slot}`;

/** Fresh values of all variables and the optimizer's tensors; they depend on the seed alone. */
export function initialValues(compiled: CompiledModel, seed: number): NamedTensors {
  return {
    ...freshVariables(compiled.variables, seed),
    ...freshSlots(compiled.slots),
    [ITERATION]: scalar(0, 'int32'),
  };
}

/** The optimizer's tensors as they are before the first update. */
export function freshSlots(slots: readonly SlotSpec[]): NamedTensors {
  return Object.fromEntries(
    slots.map(({ key, shape, initial }) => [
      key,
      tensor(new Float32Array(sizeOf(shape)).fill(initial), shape),
    ]),
  );
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
