import { orderGraph } from '../../shared/keras/graph.ts';
import { isTensorRef, layerOf, SpecError } from '../../shared/keras/spec.ts';
import type { GraphSpec, LayerId, ModelSpec, TensorRef } from '../../shared/keras/spec.ts';
import { createOps } from '../../shared/program/builder.ts';
import type { DType, Shape, TensorType } from '../../shared/program/tensor.ts';
import { inputShape, traceModel } from '../../shared/program/trace.ts';

/** What is known of the tensors inside one model, as far as it can be known: an error hides only what follows it. */
export interface GraphTypes {
  /** Outputs of each call, by its position in `graph.calls`; null where they can't be known. */
  readonly outputs: readonly (readonly TensorType[] | null)[];
  /** Calls that can't take what comes, by position. */
  readonly errors: ReadonlyMap<number, SpecError>;
  /** Why the graph as a whole has no order. */
  readonly error: SpecError | null;
}

const known = new WeakMap<ModelSpec, Map<string, GraphTypes>>();

/** Types inside a model that is called with `inputs`; without them, with what its InputLayers declare. */
export function graphTypes(
  spec: ModelSpec,
  model: LayerId,
  path: string,
  inputs: readonly (TensorType | null)[] | null,
): GraphTypes {
  const memo = known.get(spec) ?? new Map<string, GraphTypes>();
  known.set(spec, memo);
  const key = JSON.stringify([model, path, inputs]);
  const before = memo.get(key);
  if (before) return before;
  const types = inferGraph(spec, layerOf(spec, model).graph!, path, inputs);
  memo.set(key, types);
  return types;
}

function inferGraph(
  spec: ModelSpec,
  graph: GraphSpec,
  path: string,
  inputs: readonly (TensorType | null)[] | null,
): GraphTypes {
  const outputs: (readonly TensorType[] | null)[] = graph.calls.map(() => null);
  const errors = new Map<number, SpecError>();
  const where = callIndex(graph);
  const typeOf = (ref: TensorRef) => outputs[where(ref)]?.[ref[2]] ?? null;
  let order: readonly number[];
  try {
    order = orderGraph(spec, graph, path).calls;
  } catch (error) {
    if (!(error instanceof SpecError)) throw error;
    return { outputs, errors, error };
  }
  const declared = new Map(graph.inputs.map((ref, i) => [where(ref), i]));
  for (const at of order) {
    const call = graph.calls[at]!;
    try {
      const input = declared.get(at);
      if (input !== undefined) {
        const given = inputs?.[input];
        outputs[at] = [given ?? declaredType(spec, call.layer)];
        continue;
      }
      const { args, kwargs } = argumentTypes(call.args, call.kwargs, typeOf);
      if (args) outputs[at] = outputTypes(spec, call.layer, args, kwargs);
    } catch (error) {
      if (!(error instanceof SpecError)) throw error;
      const { name } = layerOf(spec, call.layer).config;
      const inner = error.path === name ? '' : error.path.slice(error.path.indexOf('/'));
      errors.set(at, new SpecError(`${path}/${name}${inner}`, error.problem));
    }
  }
  return { outputs, errors, error: null };
}

/** Finds the position in `graph.calls` of the call that gives a tensor; -1 when there is none. */
export function callIndex(graph: GraphSpec): (ref: TensorRef) => number {
  const positions = new Map<LayerId, number[]>();
  graph.calls.forEach(({ layer }, at) => {
    const list = positions.get(layer);
    if (list) list.push(at);
    else positions.set(layer, [at]);
  });
  return ([layer, call]) => positions.get(layer)?.[call] ?? -1;
}

function declaredType(spec: ModelSpec, layer: LayerId): TensorType {
  const input = layerOf(spec, layer);
  const dtype = input.config['dtype'];
  const whole = dtype === 'int32' || dtype === 'int64' || dtype === 'uint8';
  const type: DType = whole ? 'int32' : dtype === 'bool' ? 'bool' : 'float32';
  return { shape: inputShape(input), dtype: type };
}

type Typer = (ref: TensorRef) => TensorType | null;

/** Types of a call's tensors; `args` is null while one of them is unknown. */
function argumentTypes(
  args: GraphSpec['calls'][number]['args'],
  kwargs: GraphSpec['calls'][number]['kwargs'],
  typeOf: Typer,
): { args: TensorType[] | null; kwargs: Record<string, unknown> } {
  const flat = args.flatMap((one) => (isTensorRef(one) ? [typeOf(one)] : one.map(typeOf)));
  const named = Object.entries(kwargs ?? {}).map(([name, value]) => [
    name,
    isTensorRef(value) ? typeOf(value) : value,
  ]);
  const complete = flat.every((type) => type !== null);
  return { args: complete ? flat : null, kwargs: Object.fromEntries(named) };
}

function outputTypes(
  spec: ModelSpec,
  layer: LayerId,
  inputs: readonly TensorType[],
  kwargs: Readonly<Record<string, unknown>>,
): TensorType[] {
  const ops = createOps();
  const values = inputs.map(({ shape, dtype }, i) => ops.feed(`input_${i}`, shape, dtype));
  const given = Object.entries(kwargs).map(([name, value]) =>
    isType(value) ? [name, ops.feed(name, value.shape, value.dtype)] : [name, value],
  );
  const traced = traceModel(spec, layer, {
    ops,
    inputs: values,
    kwargs: Object.fromEntries(given),
  });
  return traced.outputs.map(({ shape, dtype }) => ({ shape, dtype }));
}

function isType(value: unknown): value is TensorType {
  return typeof value === 'object' && value !== null && 'shape' in value && 'dtype' in value;
}

/** The largest spatial side and the channels of a tensor, for pictures of it; a vector has side 0. */
export function extent(shape: Shape): { side: number; channels: number } {
  const sizes = shape.slice(1).map((size) => size ?? 1);
  const channels = sizes.at(-1) ?? 1;
  return { side: Math.max(0, ...sizes.slice(0, -1)), channels };
}
