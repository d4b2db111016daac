import { layerOf, MOST_DEPTH, SpecError, tensorsOf } from './spec.ts';
import type { GraphSpec, LayerId, ModelSpec, TensorRef } from './spec.ts';

/** The order of a graph: positions in `graph.calls` in which they can run, and its layers as Keras lists them. */
export interface GraphOrder {
  readonly calls: readonly number[];
  readonly layers: readonly LayerId[];
}

const orders = new WeakMap<GraphSpec, GraphOrder>();

/**
 * Orders the calls that lead to the graph's outputs, as Keras does (keras.src.ops.function.map_graph): layers by
 * their distance from the outputs, farthest first, then in the order in which a walk back from the outputs meets
 * them. Calls that lead to no output are left out. Throws a SpecError at `path` for a cycle, a tensor that does not
 * exist, or an input that the graph does not declare. Takes time linear in the graph.
 */
export function orderGraph(spec: ModelSpec, graph: GraphSpec, path: string): GraphOrder {
  const known = orders.get(graph);
  if (known) return known;
  const producers = callPositions(graph);
  const calls = walkBack(spec, graph, producers, path);
  const order = { calls: calls.finished, layers: layersByDepth(graph, producers, calls) };
  orders.set(graph, order);
  return order;
}

/** Where each layer's calls stand in `graph.calls`, in order. */
export function callPositions(graph: GraphSpec): ReadonlyMap<LayerId, readonly number[]> {
  const positions = new Map<LayerId, number[]>();
  graph.calls.forEach(({ layer }, at) => {
    const list = positions.get(layer);
    if (list) list.push(at);
    else positions.set(layer, [at]);
  });
  return positions;
}

type Producers = ReturnType<typeof callPositions>;

function producerOf([layer, call]: TensorRef, producers: Producers, path: string): number {
  const position = producers.get(layer)?.[call];
  if (position === undefined)
    throw new SpecError(
      path,
      `a tensor comes from call ${call} of ${layer}, which is not in this model`,
    );
  return position;
}

interface Walk {
  /** Calls, inputs before what uses them. */
  readonly finished: number[];
  /** Layers as the walk first met them. */
  readonly met: Map<LayerId, number>;
}

/** A depth-first walk from the outputs, with a stack of its own so that depth is no limit. */
function walkBack(spec: ModelSpec, graph: GraphSpec, producers: Producers, path: string): Walk {
  const declared = new Set(graph.inputs.map((input) => producerOf(input, producers, path)));
  const state = new Map<number, 'open' | 'done'>();
  const finished: number[] = [];
  const met = new Map<LayerId, number>();
  for (const output of graph.outputs) {
    const stack = [{ call: producerOf(output, producers, path), next: 0 }];
    while (stack.length > 0) {
      const top = stack.at(-1)!;
      const call = graph.calls[top.call]!;
      if (top.next === 0) {
        if (state.get(top.call) === 'done') {
          stack.pop();
          continue;
        }
        state.set(top.call, 'open');
        if (!met.has(call.layer)) met.set(call.layer, met.size);
        if (layerOf(spec, call.layer).class_name === 'InputLayer' && !declared.has(top.call))
          throw new SpecError(
            path,
            `graph disconnected: the outputs need ${call.layer}, which is not among the model's inputs`,
          );
      }
      const inputs = declared.has(top.call) ? [] : tensorsOf(call);
      if (top.next === inputs.length) {
        state.set(top.call, 'done');
        finished.push(top.call);
        stack.pop();
        continue;
      }
      const from = producerOf(inputs[top.next++]!, producers, path);
      if (state.get(from) === 'open')
        throw new SpecError(path, `the graph has a cycle through ${graph.calls[from]!.layer}`);
      if (!state.has(from)) stack.push({ call: from, next: 0 });
    }
  }
  return { finished, met };
}

function layersByDepth(graph: GraphSpec, producers: Producers, { finished, met }: Walk): LayerId[] {
  const callDepth = new Map<number, number>();
  const layerDepth = new Map<LayerId, number>();
  for (const at of [...finished].reverse()) {
    const call = graph.calls[at]!;
    const depth = Math.max(callDepth.get(at) ?? 0, layerDepth.get(call.layer) ?? 0);
    layerDepth.set(call.layer, depth);
    callDepth.set(at, depth);
    for (const [layer, index] of tensorsOf(call)) {
      const from = producers.get(layer)![index]!;
      callDepth.set(from, Math.max(depth + 1, callDepth.get(from) ?? 0));
    }
  }
  for (const [layer] of graph.inputs) {
    if (!layerDepth.has(layer)) {
      layerDepth.set(layer, 0);
      met.set(layer, -1);
    }
  }
  return [...layerDepth.keys()].sort(
    (a, b) => layerDepth.get(b)! - layerDepth.get(a)! || met.get(a)! - met.get(b)!,
  );
}

/** The layers right inside a layer: a model's in Keras's order, and those that a wrapper wraps. */
export function layersIn(spec: ModelSpec, layer: LayerId, path: string): readonly LayerId[] {
  const { graph, wraps } = layerOf(spec, layer);
  if (graph) return orderGraph(spec, graph, path).layers;
  return wraps ? Object.values(wraps) : [];
}

/** A layer and all layers inside it, those in wrappers too, each once. */
export function layersInside(spec: ModelSpec, layer: LayerId): LayerId[] {
  const seen = new Set<LayerId>();
  const open = [layer];
  while (open.length > 0) {
    const next = open.pop()!;
    if (seen.has(next)) continue;
    seen.add(next);
    open.push(...layersIn(spec, next, next).toReversed());
  }
  return [...seen];
}

/** More than this many paths in one spec is taken for a mistake (or an attack), not for a model. */
const MOST_PATHS = 200_000;

/** A layer at one of its places. */
export interface Place {
  readonly path: string;
  readonly layer: LayerId;
}

/**
 * Every path of the spec, models first and each model's layers in Keras's order below it, wrapped layers below their
 * wrapper. Throws a SpecError when a model contains itself, names repeat inside one model, or there are absurdly many
 * paths.
 */
export function placesOf(spec: ModelSpec, models: readonly LayerId[] = spec.models): Place[] {
  const places: Place[] = [];
  const above = new Set<LayerId>();
  const visit = (layer: LayerId, parent: string) => {
    const { config } = layerOf(spec, layer);
    const path = parent ? `${parent}/${config.name}` : config.name;
    if (above.has(layer)) throw new SpecError(path, 'the model contains itself');
    if (places.push({ path, layer }) > MOST_PATHS)
      throw new SpecError(path, `the models have over ${MOST_PATHS} paths`);
    if (above.size >= MOST_DEPTH)
      throw new SpecError(path, `over ${MOST_DEPTH} models inside one another`);
    above.add(layer);
    const names = new Set<string>();
    for (const child of layersIn(spec, layer, path)) {
      const { name } = layerOf(spec, child).config;
      if (names.has(name)) throw new SpecError(path, `two of its layers are named ${name}`);
      names.add(name);
      visit(child, path);
    }
    above.delete(layer);
  };
  for (const model of models) visit(model, '');
  return places;
}

/** Every path that leads to each layer; more than one means that the layer is shared. */
export function pathsByLayer(spec: ModelSpec): ReadonlyMap<LayerId, readonly string[]> {
  const paths = new Map<LayerId, string[]>();
  for (const { path, layer } of placesOf(spec)) {
    const list = paths.get(layer);
    if (list) list.push(path);
    else paths.set(layer, [path]);
  }
  return paths;
}

/** The layer at a path such as `autoencoder/encoder/conv2d`. Throws a SpecError that lists what is there instead. */
export function layerAt(spec: ModelSpec, path: string): LayerId {
  const [root, ...rest] = path.split('/');
  const find = (candidates: readonly LayerId[], name: string, parent: string): LayerId => {
    const found = candidates.find((id) => layerOf(spec, id).config.name === name);
    if (found === undefined) {
      const names = candidates.map((id) => layerOf(spec, id).config.name);
      throw new SpecError(path, `${parent} has no ${name}; it has ${names.join(', ')}`);
    }
    return found;
  };
  let layer = find(spec.models, root!, 'the project');
  for (const [i, name] of rest.entries()) {
    const { graph, wraps, config } = layerOf(spec, layer);
    const above = [root, ...rest.slice(0, i)].join('/');
    if (!graph && !wraps)
      throw new SpecError(path, `${above} (${config.name}) is a layer, not a model`);
    layer = find(layersIn(spec, layer, above), name, above);
  }
  return layer;
}
