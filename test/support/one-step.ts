import { layerOf, type JsonObject, type ModelSpec } from '../../shared/keras/spec.ts';
import { nodesOf, type Program } from '../../shared/program/program.ts';
import {
  compileModel,
  freshVariables,
  initialValues,
  LEARNING_RATE,
} from '../../shared/program/step.ts';
import type { CompiledModel } from '../../shared/program/step.ts';
import {
  scalar,
  sizeOf,
  type NamedTensors,
  type Shape,
  type TensorData,
} from '../../shared/program/tensor.ts';
import { createRandom } from '../../shared/random.ts';
import { interpret } from '../reference/interpret.ts';
import type { Numbers } from '../reference/numbers.ts';
import { flatten, originalOf } from './flatten.ts';

/** How many samples each run takes. */
const BATCH = 3;

/** The main model with the mean squared error of its outputs. */
export function compileRandom(
  spec: ModelSpec,
  [class_name, config]: readonly [string, JsonObject] = ['SGD', { learning_rate: 0.1 }],
): CompiledModel {
  return compileModel(spec, spec.models.at(-1)!, {
    optimizer: { class_name, config },
    loss: outputsOf(spec).map(() => 'mse'),
  });
}

/** The same model and losses without models inside. */
export function compileFlat(spec: ModelSpec, options?: { apart: boolean }): CompiledModel {
  const flat = flatten(spec, options);
  const wanted = outputsOf(spec).length;
  return compileModel(flat, 'flat', {
    optimizer: { class_name: 'SGD', config: { learning_rate: 0.1 } },
    loss: outputsOf(flat).map((_, i) => (i < wanted ? 'mse' : null)),
  });
}

const outputsOf = (spec: ModelSpec) => layerOf(spec, spec.models.at(-1)!).graph!.outputs;

/** Fresh variables; a copy of a layer gets those of the original. Biases are not left at 0, so that they count. */
export function startOf(compiled: CompiledModel): NamedTensors {
  const originals = compiled.variables.map((variable) => ({
    ...variable,
    key: originalOf(variable.key),
    initializer: variable.name === 'bias' ? 'random_normal' : variable.initializer,
  }));
  const fresh = freshVariables(originals, 7);
  const values = compiled.variables.map(({ key }) => [key, fresh[originalOf(key)]!]);
  return { ...initialValues(compiled, 7), ...(Object.fromEntries(values) as NamedTensors) };
}

/**
 * Inputs, targets and random numbers for one run. Models with the same layers get the same: inputs and targets go by
 * position, random numbers by layer. The last step of every other sequence is 0.
 */
export function feedsOf(compiled: CompiledModel, program: Program, step = 0): NamedTensors {
  const position = new Map([
    ...compiled.inputs.map((name, i) => [name, `input ${i}`] as const),
    ...compiled.targets.map(({ name }, i) => [name, `target ${i}`] as const),
  ]);
  const feeds: NamedTensors = { [LEARNING_RATE]: scalar(compiled.learningRate(step)) };
  for (const { attrs, shape } of nodesOf(program, 'feed')) {
    const purpose = position.get(attrs.name);
    if (purpose === undefined) continue;
    const tensor = draw(shape, (n) => createRandom(11, purpose, step).normal(n));
    feeds[attrs.name] = purpose.startsWith('input') ? cutShort(tensor) : tensor;
  }
  for (const { attrs, shape } of nodesOf(program, 'random')) {
    const layer = originalOf(attrs.name.replace(/\/random_\d+$/, ''));
    const random = createRandom(13, layer, step);
    feeds[attrs.name] = draw(shape, (n) =>
      attrs.distribution.kind === 'uniform'
        ? random.uniform(n, attrs.distribution.low, attrs.distribution.high)
        : random.normal(n, attrs.distribution.mean, attrs.distribution.stddev),
    );
  }
  return feeds;
}

function draw(shape: Shape, numbers: (n: number) => Float32Array): TensorData {
  const known = shape.map((dim) => dim ?? BATCH);
  return { shape: known, dtype: 'float32', data: numbers(sizeOf(known)) };
}

function cutShort(tensor: TensorData): TensorData {
  const [batch, steps, size] = tensor.shape;
  if (tensor.shape.length === 3)
    for (let i = 0; i < batch!; i += 2)
      tensor.data.fill(0, (i * steps! + steps! - 1) * size!, (i + 1) * steps! * size!);
  return tensor;
}

/** What one run of the training step gives, in double precision: the losses and the variables that it updated. */
export function trainOnce(compiled: CompiledModel, variables = startOf(compiled)) {
  const { outputs, updates } = interpret(
    compiled.train,
    variables,
    feedsOf(compiled, compiled.train),
  );
  return { loss: outputs['loss']!.data[0]!, outputs, updates };
}

/** What the model gives in double precision, an output after the other. */
export function predict(compiled: CompiledModel, variables = startOf(compiled)): Numbers[] {
  const { outputs } = interpret(compiled.predict, variables, feedsOf(compiled, compiled.predict));
  return compiled.outputs.map((name) => outputs[name]!);
}

/** The largest difference of two lists of numbers, relative to the largest number, at least 1. Equal NaNs do not differ. */
export function difference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Infinity;
  let scale = 1;
  let most = 0;
  for (let i = 0; i < a.length; i++) {
    if (Object.is(a[i], b[i])) continue;
    scale = Math.max(scale, Math.abs(b[i]!));
    const gap = Math.abs(a[i]! - b[i]!);
    most = Number.isNaN(gap) ? Infinity : Math.max(most, gap);
  }
  return most / scale;
}
