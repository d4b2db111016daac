import { inferGraph } from '../../shared/keras/infer.ts';
import { layerOf, SpecError } from '../../shared/keras/spec.ts';
import type { GraphSpec, LayerId, ModelSpec, TensorRef } from '../../shared/keras/spec.ts';
import type { Shape, TensorType } from '../../shared/program/tensor.ts';

/** What is known of the tensors inside one model, as far as it can be known: an error hides only what follows it. */
export interface GraphTypes {
  /** Outputs of each call, by its position in `graph.calls`; null where they can't be known. */
  readonly outputs: readonly (readonly TensorType[] | null)[];
  /** What layers inside wrappers give. */
  readonly wrapped: ReadonlyMap<LayerId, readonly Shape[]>;
  /** Calls that can't take what comes, by position. */
  readonly errors: ReadonlyMap<number, SpecError>;
  /** Why the graph as a whole can't be read. */
  readonly error: SpecError | null;
}

const known = new WeakMap<ModelSpec, Map<LayerId, GraphTypes>>();

/** Types inside a model that gets what its InputLayers declare. Error paths begin with `path`. */
export function graphTypes(spec: ModelSpec, model: LayerId, path: string): GraphTypes {
  const memo = known.get(spec) ?? new Map<LayerId, GraphTypes>();
  known.set(spec, memo);
  const types = memo.get(model) ?? inferTypes(spec, layerOf(spec, model).graph!, path);
  memo.set(model, types);
  return types;
}

function inferTypes(spec: ModelSpec, graph: GraphSpec, path: string): GraphTypes {
  const errors = new Map<number, SpecError>();
  try {
    const { outputs, wrapped, problems } = inferGraph(spec, graph, path);
    for (const { path: inside, problem } of problems) {
      const [name] = inside.split('/');
      const at = graph.calls.findIndex(
        ({ layer }, i) =>
          !outputs[i] && !errors.has(i) && layerOf(spec, layer).config.name === name,
      );
      errors.set(at, new SpecError(`${path}/${inside}`, problem));
    }
    return { outputs, wrapped, errors, error: null };
  } catch (error) {
    if (!(error instanceof SpecError)) throw error;
    return { outputs: graph.calls.map(() => null), wrapped: new Map(), errors, error };
  }
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

/** The largest spatial side and the channels of a tensor, for pictures of it; a vector has side 0. */
export function extent(shape: Shape): { side: number; channels: number } {
  const sizes = shape.slice(1).map((size) => size ?? 1);
  return { side: Math.max(0, ...sizes.slice(0, -1)), channels: sizes.at(-1) ?? 1 };
}
