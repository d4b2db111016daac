import { initialize } from '../keras/initializers.ts';
import { lossNamed, takesClassNumbers } from '../keras/losses.ts';
import { optimizerOf } from '../keras/optimizers.ts';
import type { JsonObject, LayerId, ModelSpec } from '../keras/spec.ts';
import type { Ops, Value } from './builder.ts';
import { grad } from './grad.ts';
import type { Program } from './program.ts';
import { scalar, sizeOf, tensor, zeros, type NamedTensors } from './tensor.ts';
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
  /** The optimizer's tensors, by key, all zero at first. */
  readonly slots: readonly SlotSpec[];
  /** The optimizer's learning rate, which goes in with each step under LEARNING_RATE. */
  readonly learningRate: number;
}

/** A tensor of the optimizer that belongs to one variable. */
export interface SlotSpec {
  /** `optimizer/<variable>/momentum`. */
  readonly key: string;
  readonly variable: string;
  readonly slot: string;
  readonly shape: readonly number[];
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
  const trained = training.variables.filter((variable) => variable.trainable);
  const slots = trained.flatMap(({ key, shape }) =>
    optimizer.slots.map((slot) => ({ key: slotKey(key, slot), variable: key, slot, shape })),
  );

  const loss = totalLoss(training, settings.loss);
  const values = trained.map(({ key, shape, dtype }) => ops.variable(key, shape, dtype));
  const gradients = grad(ops, loss, values);
  const updates: Record<string, Value> = { ...training.updates };
  const iteration = ops.add(ops.variable(ITERATION, [], 'int32'), 1);
  const learningRate = ops.feed(LEARNING_RATE, []);
  trained.forEach(({ key, shape }, i) => {
    const own = optimizer.slots.map((slot) => [slot, ops.variable(slotKey(key, slot), shape)]);
    const next = optimizer.update({
      ops,
      variable: values[i]!,
      gradient: gradients[i]!,
      slots: Object.fromEntries(own) as Record<string, Value>,
      learningRate,
      step: ops.cast(iteration, 'float32'),
    });
    updates[key] = next.variable;
    for (const [slot, value] of Object.entries(next.slots)) updates[slotKey(key, slot)] = value;
  });
  updates[ITERATION] = iteration;

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

const slotKey = (variable: string, slot: string) => `optimizer/${variable}/${slot}`;
const targetName = (output: number) => `target/${output}`;

/** The mean loss over the batch, summed over the outputs, and what the layers add. */
function totalLoss({ ops, outputs, losses }: Trace, name: string): Value {
  const { loss } = lossNamed(name);
  const own = outputs.map((output, i) =>
    ops.reduceMean(loss(ops, target(ops, output, i, name), output)),
  );
  return [...own, ...losses].reduce((a, b) => ops.add(a, b));
}

function target(ops: Ops, output: Value, i: number, loss: string): Value {
  return takesClassNumbers(loss)
    ? ops.feed(targetName(i), output.shape.slice(0, -1), 'int32')
    : ops.feed(targetName(i), output.shape);
}

/** Fresh values of all variables and the optimizer's tensors; they depend on the seed alone. */
export function initialValues(compiled: CompiledModel, seed: number): NamedTensors {
  const values = freshVariables(compiled.variables, seed);
  for (const { key, shape } of compiled.slots)
    values[key] = { shape, dtype: 'float32', data: zeros('float32', sizeOf(shape)) };
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
