import type { CompileSettings } from '../../shared/keras/compile-settings.ts';
import { layerAt } from '../../shared/keras/graph.ts';
import { fromKerasConfig } from '../../shared/keras/keras-json.ts';
import type { Json, JsonObject, LayerId, ModelSpec } from '../../shared/keras/spec.ts';
import { compileModel, initialValues, LEARNING_RATE } from '../../shared/program/step.ts';
import type { CompiledModel } from '../../shared/program/step.ts';
import { createTally, type Logs } from '../../shared/program/tally.ts';
import {
  scalar,
  sizeOf,
  tensor,
  type NamedTensors,
  type TensorData,
} from '../../shared/program/tensor.ts';
import { goldenTensor, type GoldenTensor } from '../support/goldens.ts';
import { compare, compareLog, type Mismatch } from './mismatch.ts';
import type { Runner, Session } from './runner.ts';

interface Batch {
  readonly x: GoldenTensor[];
  readonly y: GoldenTensor[];
  readonly sample_weight?: GoldenTensor[];
}

/** A training, as the golden files hold it. */
export interface TrainingCase {
  readonly model: Json;
  /** Groups of paths inside the model, each of one layer. */
  readonly shared_layers?: readonly (readonly string[])[];
  readonly compile: {
    readonly optimizer: { class_name: string; config: JsonObject };
    readonly loss: CompileSettings['loss'];
    readonly loss_weights: CompileSettings['loss_weights'];
    readonly metrics: CompileSettings['metrics'];
    readonly weighted_metrics: CompileSettings['weighted_metrics'];
  };
  readonly weights_before: GoldenTensor[];
  readonly weights_after: GoldenTensor[];
  readonly batches: Batch[];
  readonly logs: Logs[];
  readonly fit?: Batch & { batch_size: number; epochs: number; validation_data?: Batch };
  readonly history?: Record<string, (number | number[])[]>;
  readonly evaluate?: Logs;
  readonly predict: { outputs: GoldenTensor[] };
  readonly noise: { logs?: number; weights_after?: number };
}

/**
 * Compares losses and metrics of every step (of every epoch, for a `fit`), the weights after the last one and what the
 * model then computes with Keras's. Throws what compiling or the runner throws.
 */
export async function checkTraining(golden: TrainingCase, runner: Runner): Promise<Mismatch[]> {
  const spec = withSharing(fromKerasConfig(golden.model), golden.shared_layers ?? []);
  const data = golden.fit ?? golden.batches[0]!;
  const weighted = [data, ...golden.batches].find(({ sample_weight }) => sample_weight);
  const sampleWeights = weighted?.sample_weight!.map(({ shape }) => [null, ...shape.slice(1)]);
  const model = spec.models.at(-1)!;
  const compiled = compileModel(spec, model, golden.compile, sampleWeights && { sampleWeights });
  const start = compiled.variables.map(({ key }, i) => [
    key,
    goldenTensor(golden.weights_before[i]!),
  ]);
  const session = await runner.open({
    ...initialValues(compiled, 0),
    ...(Object.fromEntries(start) as NamedTensors),
  });
  const logs = golden.fit
    ? await checkFit(golden, golden.fit, compiled, session)
    : await checkSteps(golden, compiled, session);
  const values = await session.values();
  const outputs = await session.run(compiled.predict, inputsOf(compiled, data));
  await session.close();
  const tolerance = Math.max(2e-5, 20 * (golden.noise.weights_after ?? 0));
  return [
    ...logs,
    ...compiled.variables.flatMap(({ key }, i) =>
      compare(key, values[key], golden.weights_after[i]!, tolerance),
    ),
    ...compiled.outputs.flatMap((name, i) =>
      compare(`predict ${i}`, outputs[name], golden.predict.outputs[i]!, tolerance),
    ),
  ];
}

/** The model with one layer where the case says so: the JSON of a model can't always tell. */
function withSharing(spec: ModelSpec, groups: readonly (readonly string[])[]): ModelSpec {
  const [model] = spec.models;
  const same = new Map<LayerId, LayerId>();
  for (const group of groups) {
    const [first, ...others] = group.map((path) => layerAt(spec, `${model}/${path}`));
    for (const other of others) same.set(other, first!);
  }
  const renamed = (_: string, value: unknown) =>
    typeof value === 'string' && same.has(value) ? same.get(value) : value;
  return JSON.parse(JSON.stringify(spec, renamed)) as ModelSpec;
}

async function checkSteps(
  golden: TrainingCase,
  compiled: CompiledModel,
  session: Session,
): Promise<Mismatch[]> {
  const mismatches: Mismatch[] = [];
  for (const [step, batch] of golden.batches.entries()) {
    const tally = createTally(compiled.metrics);
    tally.add(await session.run(compiled.train, trainFeeds(compiled, batch, step)), 1);
    mismatches.push(...compareLogs(tally.logs(), golden.logs[step]!, `step ${step + 1}`, golden));
  }
  return mismatches;
}

async function checkFit(
  golden: TrainingCase,
  fit: NonNullable<TrainingCase['fit']>,
  compiled: CompiledModel,
  session: Session,
): Promise<Mismatch[]> {
  const mismatches: Mismatch[] = [];
  let steps = 0;
  for (let epoch = 0; epoch < fit.epochs; epoch++) {
    const tally = createTally(compiled.metrics);
    for (const batch of slices(fit, fit.batch_size)) {
      const feeds = trainFeeds(compiled, batch, steps++);
      tally.add(await session.run(compiled.train, feeds), batch.x[0]!.shape[0]!);
    }
    const logs = tally.logs();
    if (fit.validation_data) {
      const judged = await evaluate(compiled, session, fit.validation_data, fit.batch_size);
      for (const [name, value] of Object.entries(judged)) logs[`val_${name}`] = value;
    }
    const expected = Object.entries(golden.history!).map(([name, epochs]) => [
      name,
      epochs[epoch]!,
    ]);
    const history = Object.fromEntries(expected) as Logs;
    mismatches.push(...compareLogs(logs, history, `epoch ${epoch + 1}`, golden));
  }
  const { x, y } = fit;
  const judged = await evaluate(compiled, session, { x, y }, fit.batch_size);
  mismatches.push(...compareLogs(judged, golden.evaluate!, 'evaluate', golden));
  return mismatches;
}

async function evaluate(
  compiled: CompiledModel,
  session: Session,
  data: Batch,
  batchSize: number,
): Promise<Logs> {
  const tally = createTally(compiled.metrics);
  for (const batch of slices(data, batchSize)) {
    const feeds = { ...inputsOf(compiled, batch), ...targetsOf(compiled, batch) };
    tally.add(await session.run(compiled.evaluate, feeds), batch.x[0]!.shape[0]!);
  }
  return tally.logs();
}

function compareLogs(
  received: Logs,
  expected: Logs,
  where: string,
  { noise }: TrainingCase,
): Mismatch[] {
  return Object.entries(expected).flatMap(([name, value]) =>
    compareLog(`${name} at ${where}`, received[name], value, noise.logs ?? 0),
  );
}

/** Consecutive batches; the last may be short. */
function* slices({ x, y, sample_weight }: Batch, size: number): Generator<Batch> {
  const samples = x[0]!.shape[0]!;
  for (let start = 0; start < samples; start += size) {
    const cut = (whole: GoldenTensor): GoldenTensor => {
      const { shape, dtype, data } = goldenTensor(whole);
      const row = data.length / shape[0]!;
      const part = Array.from(data.subarray(start * row, (start + size) * row));
      return { shape: [part.length / row, ...shape.slice(1)], dtype, data: part };
    };
    yield {
      x: x.map(cut),
      y: y.map(cut),
      ...(sample_weight && { sample_weight: sample_weight.map(cut) }),
    };
  }
}

/** The inputs of a batch by their feeds. */
export function inputsOf(compiled: CompiledModel, { x }: Batch): NamedTensors {
  return Object.fromEntries(compiled.inputs.map((input, i) => [input, goldenTensor(x[i]!)]));
}

/** Targets, and sample weights where the programs take them: 1 where a batch gives none. */
function targetsOf(compiled: CompiledModel, { y, sample_weight }: Batch): NamedTensors {
  const feeds: NamedTensors = {};
  compiled.targets.forEach(({ name, shape, dtype, sampleWeight }, i) => {
    const given = goldenTensor(y[i]!);
    const samples = given.shape[0]!;
    feeds[name] = fit(given, shape.length, dtype);
    if (!sampleWeight) return;
    const weights = sample_weight?.[i];
    const all = [samples, ...(sampleWeight.shape.slice(1) as number[])];
    feeds[sampleWeight.name] = weights
      ? goldenTensor(weights)
      : tensor(new Float32Array(sizeOf(all)).fill(1), all);
  });
  return feeds;
}

/** What a training step takes. */
export function trainFeeds(compiled: CompiledModel, batch: Batch, step: number): NamedTensors {
  return {
    ...inputsOf(compiled, batch),
    ...targetsOf(compiled, batch),
    [LEARNING_RATE]: scalar(compiled.learningRate(step)),
  };
}

/** Keras takes class numbers with or without a last axis of size 1, and as floats. */
function fit(value: TensorData, rank: number, dtype: 'float32' | 'int32'): TensorData {
  const shape = value.shape.length > rank ? value.shape.slice(0, -1) : value.shape;
  if (dtype === value.dtype) return { ...value, shape };
  const data = dtype === 'int32' ? Int32Array.from(value.data) : Float32Array.from(value.data);
  return { shape, dtype, data };
}
