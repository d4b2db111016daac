import { z } from 'zod';
import type { DType, Shape } from '../program/tensor.ts';

/** Identifies a layer inside one ModelSpec, e.g. `encoder/conv2d`. */
export type LayerId = string;

/** One output of one call of a layer in the same graph: layer, which of its calls, which of its outputs. */
export type TensorRef = readonly [layer: LayerId, call: number, output: number];

/** A positional argument of a call: a tensor or, for merge layers, a list of them. */
export type CallArgument = TensorRef | readonly TensorRef[];

/** One use of a layer (Keras's Node). An InputLayer's call has no arguments. */
export interface CallSpec {
  readonly layer: LayerId;
  readonly args: readonly CallArgument[];
  /** Keyword arguments that are tensors (`mask`, `initial_state`, `value`) or plain values (`training`). */
  readonly kwargs?: Readonly<Record<string, CallArgument | Json>>;
}

/** The calls inside a model, and which tensors go in and come out. */
export interface GraphSpec {
  readonly calls: readonly CallSpec[];
  readonly inputs: readonly TensorRef[];
  readonly outputs: readonly TensorRef[];
}

export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json;
}

/** A layer's Keras configuration; every layer has a name. */
export type LayerConfig = JsonObject & { readonly name: string };

/** A layer, or a model: a layer with a graph. */
export interface LayerSpec {
  /** Keras's class: `Conv2D`, `Functional`, `Sequential`. */
  readonly class_name: string;
  readonly config: LayerConfig;
  readonly graph?: GraphSpec;
  /** Of a wrapper such as TimeDistributed: the layers that it wraps, by Keras's configuration key. */
  readonly wraps?: Readonly<Record<string, LayerId>>;
  /** Of a layer from a file that is not in the catalogue, or not with this configuration: a placeholder. */
  readonly foreign?: ForeignLayer;
}

/** What a file says of a layer that can't be run here: it is kept and written back as it is. */
export interface ForeignLayer {
  /** What stands beside `config` in Keras's JSON: `module`, `registered_name`, `build_config`. */
  readonly object: JsonObject;
  /** What the outputs of its first call are; left out where the file does not tell. */
  readonly outputs?: readonly { readonly shape: Shape; readonly dtype: DType }[];
  /** Its variables, by their names in the file: `0`, or `dense/0` of a part. */
  readonly variables?: readonly { readonly name: string; readonly shape: readonly number[] }[];
}

/** Models may stand in one another this deep; more is taken for a mistake. */
export const MOST_DEPTH = 200;

/**
 * Models and the layers that they are made of, as plain data: the one truth that is edited, stored, traced and
 * written to files. Each layer stands here once, however many models call it, so sharing is a fact of the data.
 */
export interface ModelSpec {
  readonly version: 1;
  readonly layers: Readonly<Record<LayerId, LayerSpec>>;
  /** The models that stand by themselves, in the order in which they were made; the last is the main one. */
  readonly models: readonly LayerId[];
}

const id = z
  .string()
  .min(1)
  .max(1000)
  .refine((text) => text !== '__proto__', '__proto__ is no id');
const index = z.int().nonnegative();
const tensorRef = z.tuple([id, index, index]);
const callArgument = z.union([tensorRef, z.array(tensorRef)]);

const foreignLayer = z.strictObject({
  object: z.record(z.string(), z.json()),
  outputs: z
    .array(
      z.strictObject({
        shape: z.array(index.nullable()),
        dtype: z.enum(['float32', 'int32', 'bool']),
      }),
    )
    .optional(),
  variables: z
    .array(z.strictObject({ name: z.string().min(1).max(1000), shape: z.array(index) }))
    .optional(),
});

const layerSpec = z.strictObject({
  class_name: z.string().min(1),
  config: z.looseObject({ name: z.string().min(1).max(1000) }),
  graph: z
    .strictObject({
      calls: z.array(
        z.strictObject({
          layer: id,
          args: z.array(callArgument),
          kwargs: z.record(z.string(), z.json()).optional(),
        }),
      ),
      inputs: z.array(tensorRef),
      outputs: z.array(tensorRef),
    })
    .optional(),
  wraps: z.record(id, id).optional(),
  foreign: foreignLayer.optional(),
});

const modelSpec = z.strictObject({
  version: z.literal(1),
  layers: z.record(id, layerSpec),
  models: z.array(id).min(1),
});

/** Reads a ModelSpec from untrusted data. Throws a SpecError that names the first place that is wrong. */
export function parseModelSpec(data: unknown): ModelSpec {
  const result = withoutOverflow(() => modelSpec.safeParse(data));
  if (!result.success) {
    const issue = result.error.issues[0]!;
    throw new SpecError(issue.path.join('/') || 'model', issue.message);
  }
  const spec = result.data as ModelSpec;
  for (const model of spec.models)
    if (!layerOf(spec, model).graph) throw new SpecError(model, 'expected a model; got a layer');
  return spec;
}

/** What `read` gives. Throws a SpecError where data is nested too deeply to walk. */
export function withoutOverflow<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    // The engine's own error for calls that are nested too deeply.
    if (error instanceof RangeError) throw new SpecError('model', 'is nested too deeply');
    throw error;
  }
}

/** Something is wrong with a model: says at which path, and what was expected and received. */
export class SpecError extends Error {
  /** Path of the layer or the field, e.g. `autoencoder/encoder/conv2d_2`. */
  readonly path: string;
  readonly problem: string;

  constructor(path: string, problem: string) {
    super(`${path}: ${problem}`);
    this.name = 'SpecError';
    this.path = path;
    this.problem = problem;
  }
}

/** The layer with this id. Throws a SpecError when there is none. */
export function layerOf(spec: ModelSpec, layerId: LayerId): LayerSpec {
  if (!Object.hasOwn(spec.layers, layerId))
    throw new SpecError(layerId, 'there is no layer with this id');
  return spec.layers[layerId]!;
}

/** A layer's own setting of `trainable`, whatever stands above it. */
export function isTrainable({ config }: LayerSpec): boolean {
  return config['trainable'] !== false;
}

/** Whether an argument is one tensor, not a list of tensors nor a plain value. */
export function isTensorRef(argument: unknown): argument is TensorRef {
  return (
    Array.isArray(argument) &&
    argument.length === 3 &&
    typeof argument[0] === 'string' &&
    typeof argument[1] === 'number' &&
    typeof argument[2] === 'number'
  );
}

/** An argument with what `of` gives for each tensor in its place; lists may hold plain values beside tensors. */
export function mapTensors(argument: unknown, of: (ref: TensorRef) => unknown): unknown {
  if (isTensorRef(argument)) return of(argument);
  return Array.isArray(argument) && argument.some(isTensorRef)
    ? argument.map((item) => mapTensors(item, of))
    : argument;
}

/** All tensors that a call takes, positional ones first. */
export function tensorsOf(call: CallSpec): TensorRef[] {
  const flat = (argument: unknown): TensorRef[] => {
    if (isTensorRef(argument)) return [argument];
    return Array.isArray(argument) ? argument.flatMap(flat) : [];
  };
  return [...call.args, ...Object.values(call.kwargs ?? {})].flatMap(flat);
}
