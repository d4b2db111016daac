import { createOps, type Value } from '../program/builder.ts';
import { traceModel, type TracedVariable } from '../program/trace.ts';
import type { Dim, Shape, TensorType } from '../program/tensor.ts';
import { callPositions, layersIn, orderGraph } from './graph.ts';
import { inputShape, inputType } from './input-layer.ts';
import { isTrainable, layerOf, mapTensors, SpecError, tensorsOf } from './spec.ts';
import type { CallSpec, GraphSpec, LayerId, ModelSpec, TensorRef } from './spec.ts';

/** What the calls of one graph give, as far as they are valid. */
export interface InferredGraph {
  /** By position in `graph.calls`: types of the outputs; null where the call has no valid input or takes none. */
  readonly outputs: readonly (readonly TensorType[] | null)[];
  /** Shapes of what the layers inside wrappers give at their first call, by layer. */
  readonly wrapped: ReadonlyMap<LayerId, readonly Shape[]>;
  /** By layer: the distinct variables of its first valid call, those of layers inside included. */
  readonly variables: ReadonlyMap<LayerId, readonly TracedVariable[]>;
  /** Why calls are not valid, where the cause is the call itself. */
  readonly problems: readonly SpecError[];
}

/**
 * Infers the shapes inside a model from the shapes that its own InputLayers declare (a fixed batch included).
 * An invalid call leaves only those without shapes that depend on it. Throws a SpecError when the graph has no order.
 */
export function inferGraph(spec: ModelSpec, graph: GraphSpec, path: string): InferredGraph {
  const ops = createOps();
  const positions = callPositions(graph);
  const values = new Map<number, readonly Value[]>();
  const variables = new Map<LayerId, readonly TracedVariable[]>();
  const wrapped = new Map<LayerId, readonly Shape[]>();
  const problems: SpecError[] = [];
  const valueOf = ([layer, call, output]: TensorRef): Value | undefined =>
    values.get(positions.get(layer)?.[call] ?? -1)?.[output];

  const infer = (at: number) => {
    const call = graph.calls[at]!;
    const layer = layerOf(spec, call.layer);
    if (layer.class_name === 'InputLayer') {
      const [, ...rest] = inputShape(layer);
      const batch = (layer.config['batch_shape'] as Dim[])[0]!;
      values.set(at, [ops.feed(`${at}`, [batch, ...rest], inputType(layer))]);
      return;
    }
    const tensors = tensorsOf(call);
    if (tensors.length === 0 || !tensors.every(valueOf)) return;
    const traced = traceModel(spec, call.layer, {
      ops,
      placeholders: true,
      inputs: call.args.map((argument) => mapTensors(argument, valueOf)).flat() as Value[],
      kwargs: keywords(call, valueOf),
    });
    values.set(at, traced.outputs);
    if (!variables.has(call.layer)) variables.set(call.layer, traced.variables);
    if (!layer.wraps) return;
    for (const { layer: inside, outputs } of traced.calls)
      if (!wrapped.has(inside))
        wrapped.set(
          inside,
          outputs.map(({ shape }) => shape),
        );
  };

  const inputs = graph.inputs.map(([layer, call]) => positions.get(layer)![call]!);
  for (const at of new Set([...inputs, ...orderGraph(spec, graph, path).calls])) {
    try {
      infer(at);
    } catch (error) {
      if (!(error instanceof SpecError)) throw error;
      problems.push(error);
    }
  }
  const outputs = graph.calls.map((_, at) => values.get(at) ?? null);
  return { outputs, wrapped, variables, problems };
}

type ValueOf = (ref: TensorRef) => Value | undefined;

function keywords({ kwargs = {} }: CallSpec, valueOf: ValueOf): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(kwargs).map(([name, value]) => [name, mapTensors(value, valueOf)]),
  );
}

/**
 * The layers that training moves: those that are reached on some path without a frozen layer or model.
 * Takes time linear in the models.
 */
export function trainedLayers(spec: ModelSpec, model: LayerId): ReadonlySet<LayerId> {
  const trained = new Set<LayerId>();
  const visit = (layer: LayerId, path: string) => {
    if (trained.has(layer) || !isTrainable(layerOf(spec, layer))) return;
    trained.add(layer);
    for (const child of layersIn(spec, layer, path))
      visit(child, `${path}/${layerOf(spec, child).config.name}`);
  };
  visit(model, layerOf(spec, model).config.name);
  return trained;
}
