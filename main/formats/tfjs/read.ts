import { readFile, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import { fromCompileConfig } from '../../../shared/keras/compile-config.ts';
import { sizeOf, type NamedTensors, type TensorData } from '../../../shared/program/tensor.ts';
import { fromFloat16 } from '../float16.ts';
import { checked, modelFrom, placeholderNotes } from '../keras/read.ts';
import type { ReadModel } from '../model-file.ts';
import { fromTfjsConfig } from './keras-config.ts';
import { tfjsWeights } from './weights.ts';

const quantization = z.object({
  dtype: z.enum(['uint8', 'uint16', 'float16']),
  scale: z.number().optional(),
  min: z.number().optional(),
});
const count = z.int().nonnegative();
const weightSpec = z.object({
  name: z.string().min(1),
  shape: z.array(count),
  dtype: z.string(),
  quantization: quantization.optional(),
});
const manifest = z.array(z.object({ paths: z.array(z.string()), weights: z.array(weightSpec) }));

type WeightSpec = z.infer<typeof weightSpec>;

interface TfjsJson {
  readonly modelTopology: unknown;
  readonly weightsManifest?: unknown;
  readonly trainingConfig?: unknown;
}

/** Whether JSON is a tfjs LayersModel. */
export function isTfjs(json: unknown): json is TfjsJson {
  return typeof json === 'object' && json !== null && 'modelTopology' in json;
}

/**
 * Reads a LayersModel of TensorFlow.js, or of its converter from Python: a model.json beside its files of weights.
 * Throws an Error that names what is missing, broken, or lies outside the folder.
 */
export async function readTfjs(file: string, json: TfjsJson): Promise<ReadModel> {
  const name = basename(file);
  const topology = json.modelTopology as Record<string, unknown> | null;
  if (typeof topology !== 'object' || topology === null || 'node' in topology)
    throw new Error(`${name}: a graph of TensorFlow holds no layers; expected a LayersModel`);
  const spec = modelFrom(fromTfjsConfig(topology['model_config'] ?? topology), name);
  const model = spec.models[0]!;
  const notes = placeholderNotes(spec);
  const tensors = await readTfjsTensors(file, json);
  const values = checked(spec, tfjsWeights(spec, model, tensors), name, notes);
  const config = json.trainingConfig ?? topology['training_config'];
  const settings = fromCompileConfig(config, notes);
  return { spec, model, values, ...(settings && { training: { settings } }), notes };
}

/** The weights beside a model.json, by name. Throws as `readTfjs`. */
export async function readTfjsTensors(file: string, json: TfjsJson): Promise<NamedTensors> {
  const name = basename(file);
  const { success, data, error } = manifest.safeParse(json.weightsManifest ?? []);
  if (!success) throw new Error(`${name}: weightsManifest: ${error.issues[0]!.message}`);
  const tensors: NamedTensors = Object.create(null) as NamedTensors;
  for (const { paths, weights } of data)
    Object.assign(tensors, readGroup(await readShards(file, paths), weights, name));
  return tensors;
}

/** The bytes of the files of a group, one after the other. */
async function readShards(file: string, paths: readonly string[]): Promise<Buffer> {
  const folder = dirname(file);
  const shards: Buffer[] = [];
  for (const path of paths) {
    if (path !== basename(path) || path === '..' || path.includes('\\'))
      throw new Error(`${basename(file)}: ${path} must lie beside it`);
    try {
      const { size } = await stat(join(folder, path));
      if (size > 2 ** 31 - 1) throw new Error(`${size} bytes are more than can be read`);
      shards.push(await readFile(join(folder, path)));
    } catch (error) {
      throw new Error(`${basename(file)}: ${path}: ${(error as Error).message}`, { cause: error });
    }
  }
  return Buffer.concat(shards);
}

function readGroup(bytes: Buffer, weights: readonly WeightSpec[], name: string): NamedTensors {
  const tensors: NamedTensors = Object.create(null) as NamedTensors;
  let at = 0;
  for (const weight of weights) {
    const type = weight.quantization?.dtype ?? weight.dtype;
    const width = { float32: 4, int32: 4, bool: 1, uint8: 1, uint16: 2, float16: 2 }[type];
    if (width === undefined) throw new Error(`${name}: ${weight.name} has type ${type}`);
    const end = at + sizeOf(weight.shape) * width;
    if (!(end <= bytes.length))
      throw new Error(`${name}: ${weight.name} ends outside the ${bytes.length} bytes of weights`);
    tensors[weight.name] = readWeight(new Uint8Array(bytes.subarray(at, end)), type, weight);
    at = end;
  }
  return tensors;
}

function readWeight(
  bytes: Uint8Array<ArrayBuffer>,
  type: string,
  { shape, dtype, quantization }: WeightSpec,
): TensorData {
  const { buffer } = bytes;
  if (type === 'float16')
    return { shape, dtype: 'float32', data: fromFloat16(new Uint16Array(buffer)) };
  if (quantization) {
    const { scale = 1, min = 0 } = quantization;
    const whole = type === 'uint8' ? bytes : new Uint16Array(buffer);
    const numbers = Float32Array.from(whole, (number) => number * scale + min);
    return dtype === 'int32'
      ? { shape, dtype, data: Int32Array.from(numbers, Math.round) }
      : { shape, dtype: 'float32', data: numbers };
  }
  if (dtype === 'int32') return { shape, dtype, data: new Int32Array(buffer) };
  if (dtype === 'bool') return { shape, dtype, data: bytes };
  return { shape, dtype: 'float32', data: new Float32Array(buffer) };
}
