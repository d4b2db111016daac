import type { CompileSettings } from '../../shared/keras/compile-settings.ts';
import { fromKerasConfig } from '../../shared/keras/keras-json.ts';
import type { Json, JsonObject } from '../../shared/keras/spec.ts';
import { compileModel, initialValues, LEARNING_RATE } from '../../shared/program/step.ts';
import { scalar, type NamedTensors, type TensorData } from '../../shared/program/tensor.ts';
import { interpret } from '../reference/interpret.ts';
import type { Numbers } from '../reference/numbers.ts';
import { goldenTensor, readGolden, type GoldenTensor } from './goldens.ts';

/** A training case as the golden files hold it. */
export interface TrainingGolden {
  readonly model: Json;
  readonly shared_layers: string[][];
  readonly compile: {
    readonly optimizer: { class_name: string; config: JsonObject };
    readonly loss: CompileSettings['loss'];
    readonly loss_weights: CompileSettings['loss_weights'];
    readonly metrics: CompileSettings['metrics'];
    readonly weighted_metrics: CompileSettings['weighted_metrics'];
  };
  readonly weights_before: NamedGolden[];
  readonly weights_after: NamedGolden[];
  readonly batches: { x: GoldenTensor[]; y: GoldenTensor[]; sample_weight?: GoldenTensor[] }[];
  readonly logs: Record<string, number | number[]>[];
  readonly predict: { outputs: GoldenTensor[] };
  readonly noise: { logs: number; weights_after: number };
}

type NamedGolden = GoldenTensor & { name: string; path: string; trainable: boolean };

/** What our own training of a golden case gave. */
export interface TrainingResult {
  readonly logs: Record<string, number | number[]>[];
  readonly weights: { key: string; received: ArrayLike<number>; expected: ArrayLike<number> }[];
  readonly outputs: { received: ArrayLike<number>; expected: ArrayLike<number> }[];
}

/** Trains a golden case with the reference interpreter. */
export function trainGolden(name: string): { golden: TrainingGolden; result: TrainingResult } {
  const golden = readGolden<TrainingGolden>(`training/${name}`);
  const spec = fromKerasConfig(golden.model);
  const model = spec.models.at(-1)!;
  const weighted = golden.batches.some((batch) => batch.sample_weight);
  const compiled = compileModel(spec, model, golden.compile, { sampleWeights: weighted });
  let values: Record<string, Numbers> = {
    ...initialValues(compiled, 0),
    ...Object.fromEntries(
      compiled.variables.map(({ key }, i) => [key, goldenTensor(golden.weights_before[i]!)]),
    ),
  };
  const inputsOf = (x: GoldenTensor[]): NamedTensors =>
    Object.fromEntries(compiled.inputs.map((input, i) => [input, goldenTensor(x[i]!)]));
  const logs = golden.batches.map((batch, step) => {
    const feeds: NamedTensors = {
      ...inputsOf(batch.x),
      [LEARNING_RATE]: scalar(compiled.learningRate(step)),
    };
    compiled.targets.forEach(({ name: target, shape, sampleWeight, dtype }, i) => {
      feeds[target] = fit(goldenTensor(batch.y[i]!), shape.length, dtype);
      if (sampleWeight) feeds[sampleWeight] = goldenTensor(batch.sample_weight![i]!);
    });
    const { outputs, updates } = interpret(compiled.train, values, feeds);
    values = { ...values, ...updates };
    const log: Record<string, number | number[]> = { loss: outputs['loss']!.data[0]! };
    for (const [output, value] of Object.entries(outputs))
      if (output.startsWith('loss/')) log[`${output.slice(5)}_loss`] = value.data[0]!;
    for (const { name: metric, metric: definition, sums } of compiled.metrics)
      log[metric] = definition.result(
        Object.fromEntries(
          Object.entries(sums).map(([sum, at]) => [sum, [...Array.from(outputs[at]!.data)]]),
        ),
      );
    return log;
  });
  const predicted = interpret(compiled.predict, values, inputsOf(golden.batches[0]!.x)).outputs;
  return {
    golden,
    result: {
      logs,
      weights: compiled.variables.map(({ key }, i) => ({
        key,
        received: values[key]!.data,
        expected: goldenTensor(golden.weights_after[i]!).data,
      })),
      outputs: compiled.outputs.map((output, i) => ({
        received: predicted[output]!.data,
        expected: goldenTensor(golden.predict.outputs[i]!).data,
      })),
    },
  };
}

/** Keras takes class numbers with or without a last axis of size 1, and as floats. */
function fit(value: TensorData, rank: number, dtype: 'float32' | 'int32'): TensorData {
  const shape = value.shape.length > rank ? value.shape.slice(0, -1) : value.shape;
  if (dtype === value.dtype) return { ...value, shape };
  return {
    shape,
    dtype,
    data: dtype === 'int32' ? Int32Array.from(value.data) : Float32Array.from(value.data),
  };
}
