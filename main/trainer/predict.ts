import type { GivenTensor, Predicted, PredictJob } from './contract.ts';
import { StudioError } from '../../shared/api/errors.ts';
import { outputNames } from '../../shared/keras/compile-settings.ts';
import { inputShape, inputType } from '../../shared/keras/input-layer.ts';
import { layerOf, SpecError, type LayerSpec } from '../../shared/keras/spec.ts';
import { optimize } from '../../shared/program/optimize.ts';
import { nodesOf, type Program } from '../../shared/program/program.ts';
import { tapProgram } from '../../shared/program/tap.ts';
import {
  compatible,
  formatShape,
  sizeOf,
  tensor,
  type NamedTensors,
  type TensorData,
} from '../../shared/program/tensor.ts';
import { createCandidate } from '../engines/candidates.ts';
import type { Engine } from '../engines/engine.ts';
import { select } from '../engines/select.ts';
import { randomFeeds } from './feeds.ts';
import { loadModel, type LoadedModel } from './model-source.ts';

/** Samples that are computed at a time. */
const BATCH = 256;

/**
 * What a model gives for inputs, and what layers inside it give on the way, in inference mode. Throws a StudioError or
 * SpecError that names the input, what was expected and what came, or the path that is not there.
 */
export async function predict(job: PredictJob): Promise<Predicted> {
  const loaded = await loadModel(job.source, job.name);
  const { spec, model, path, values } = loaded;
  const { name } = layerOf(spec, model).config;
  const feeds = feedsOf(loaded, job.inputs);
  const size = Object.values(feeds)[0]?.shape[0] ?? 0;
  const wanted = job.taps.map((tap) => pathBelow(tap, path, name));
  const { program: whole, taps } = tapProgram(spec, model, [name, ...wanted]);
  const program = optimize(whole);
  const engine = await engineFor(program, job.engine);
  try {
    const variables = await engine.variables(needed(program, values));
    const executable = await engine.compile(program);
    const parts: NamedTensors[] = [];
    for (let from = 0; from < size; from += BATCH) {
      const to = Math.min(size, from + BATCH);
      const batch = mapTensors(feeds, (value) => rows(value, from, to));
      const random = randomFeeds(program, to - from, job.seed, from);
      parts.push(await executable.run(variables, { ...batch, ...random }));
    }
    const result = (output: string) => joined(parts.map((part) => part[output]!));
    const names = outputNames(spec, model);
    const [own, ...inside] = taps;
    return {
      model: path,
      notes: loaded.notes,
      engine: `${engine.name} (${engine.device.provider}) on ${engine.device.name}`,
      outputs: own!.outputs.map((output, i) => ({
        name: names[i]!,
        ...result(output),
      })),
      taps: inside.map((tap) => ({
        path: tap.path,
        call: tap.call,
        outputs: tap.outputs.map(result),
      })),
    };
  } finally {
    await engine.dispose();
  }
}

/** The values of the program's variables. */
function needed(program: Program, values: NamedTensors): NamedTensors {
  return Object.fromEntries(
    nodesOf(program, 'variable').map(({ attrs: { name }, shape }) => {
      const value = values[name];
      if (!value) throw new StudioError('BAD_WEIGHTS', `the weights hold no ${name}`);
      if (String(value.shape) !== String(shape))
        throw new StudioError(
          'BAD_WEIGHTS',
          `${name} has shape ${formatShape(shape)}; the weights hold ${formatShape(value.shape)}`,
        );
      return [name, value];
    }),
  );
}

/** A tap's path from the model itself on: it may be given from the project on, or from inside the model. */
function pathBelow(tap: string, model: string, name: string): string {
  if (tap === model || tap.startsWith(`${model}/`)) return name + tap.slice(model.length);
  return tap === name || tap.startsWith(`${name}/`) ? tap : `${name}/${tap}`;
}

/** ONNX Runtime on the CPU, or JavaScript for what that can't compute; another where it is asked for. */
async function engineFor(program: Program, wanted: PredictJob['engine']): Promise<Engine> {
  if (wanted !== null) return (await select(wanted)).engine;
  const onnx = await createCandidate({ engine: 'onnx', provider: 'cpu' }).catch(() => null);
  if (onnx && onnx.unsupported(program).length === 0) return onnx;
  await onnx?.dispose();
  return createCandidate({ engine: 'tensorflow', provider: 'javascript' });
}

/** The feeds of the model's inputs: given by their names, or all in order. */
function feedsOf({ spec, model, path }: LoadedModel, given: readonly GivenTensor[]): NamedTensors {
  const ports = layerOf(spec, model).graph!.inputs.map(([input]) => layerOf(spec, input));
  const names = ports.map(({ config }) => config.name);
  const expected = ports.map((port) => `${port.config.name} ${formatShape(inputShape(port))}`);
  if (given.length !== ports.length)
    throw new StudioError(
      'BAD_INPUT',
      `${path} takes ${ports.length} inputs (${expected.join(', ')}); got ${given.length}`,
    );
  const byName = given.every(({ name }) => name !== undefined && names.includes(name));
  const feeds = Object.fromEntries(
    ports.map((port, i) => {
      const one = byName ? given.find(({ name }) => name === port.config.name) : given[i];
      if (!one) throw new StudioError('BAD_INPUT', `${port.config.name} is not among the inputs`);
      return [port.config.name, asInput(port, one)] as const;
    }),
  );
  const sizes = new Set(Object.values(feeds).map(({ shape }) => shape[0]));
  if (sizes.size > 1)
    throw new StudioError(
      'BAD_INPUT',
      `expected as many samples in each input; got ${[...sizes].join(' and ')}`,
    );
  return feeds;
}

/** The values in the type of the input. */
function asInput(port: LayerSpec, { shape, data }: GivenTensor): TensorData {
  const { name } = port.config;
  const expected = inputShape(port);
  if (!compatible(expected, shape))
    throw new StudioError(
      'BAD_INPUT',
      `the input ${name} has shape ${formatShape(expected)}; got ${formatShape(shape)}`,
    );
  if (shape[0] === 0) throw new StudioError('BAD_INPUT', `the input ${name} holds no samples`);
  if (data.length !== sizeOf(shape))
    throw new StudioError(
      'BAD_INPUT',
      `the input ${name} of shape ${formatShape(shape)} holds ${sizeOf(shape)} numbers; got ${data.length}`,
    );
  const dtype = inputType(port);
  const fits = (value: number) =>
    dtype === 'bool'
      ? value === 0 || value === 1
      : Number.isInteger(value) && value === (value | 0);
  if (dtype !== 'float32')
    for (const value of data)
      if (!fits(value))
        throw new StudioError('BAD_INPUT', `the input ${name} takes ${dtype}; got ${value}`);
  return tensor(data, shape, dtype);
}

function mapTensors(tensors: NamedTensors, of: (value: TensorData) => TensorData): NamedTensors {
  return Object.fromEntries(Object.entries(tensors).map(([name, value]) => [name, of(value)]));
}

/** The samples from one place to another. */
function rows({ shape, dtype, data }: TensorData, from: number, to: number): TensorData {
  const [, ...rest] = shape;
  const width = sizeOf(rest);
  return { shape: [to - from, ...rest], dtype, data: data.slice(from * width, to * width) };
}

/** What the batches gave, one after the other. */
function joined(parts: readonly TensorData[]): TensorData {
  const [first] = parts;
  if (parts.length === 1) return first!;
  const { shape, dtype } = first!;
  if (shape.length === 0) throw new SpecError('output', 'gives no sample by sample');
  const size = parts.reduce((sum, part) => sum + part.shape[0]!, 0);
  const whole = tensor(
    new Float32Array(size * sizeOf(shape.slice(1))),
    [size, ...shape.slice(1)],
    dtype,
  );
  let at = 0;
  for (const { data } of parts) {
    whole.data.set(data, at);
    at += data.length;
  }
  return whole;
}
