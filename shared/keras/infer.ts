import { createOps, type Value } from '../program/builder.ts';
import { inputShape, inputType, traceModel, type TracedVariable } from '../program/trace.ts';
import type { Dim, TensorType } from '../program/tensor.ts';
import { callPositions, orderGraph } from './graph.ts';
import { isTensorRef, layerOf, SpecError, tensorsOf } from './spec.ts';
import type { CallArgument, CallSpec, GraphSpec, LayerId, ModelSpec, TensorRef } from './spec.ts';

/** What the calls of one graph give, as far as they are valid. */
export interface InferredGraph {
  /** By position in `graph.calls`: types of the outputs; null where the call has no valid input or takes none. */
  readonly outputs: readonly (readonly TensorType[] | null)[];
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
      inputs: call.args.flatMap((argument) => valuesIn(argument, valueOf)),
      kwargs: keywords(call, valueOf),
    });
    values.set(at, traced.outputs);
    if (!variables.has(call.layer)) variables.set(call.layer, traced.variables);
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
  return { outputs: graph.calls.map((_, at) => values.get(at) ?? null), variables, problems };
}

type ValueOf = (ref: TensorRef) => Value | undefined;

function valuesIn(argument: CallArgument, valueOf: ValueOf): Value[] {
  return isTensorRef(argument) ? [valueOf(argument)!] : argument.map((ref) => valueOf(ref)!);
}

function keywords({ kwargs = {} }: CallSpec, valueOf: ValueOf): Record<string, unknown> {
  const resolved = Object.entries(kwargs).map(([name, value]) => {
    if (isTensorRef(value)) return [name, valueOf(value)];
    const list = Array.isArray(value) && value.length > 0 && value.every(isTensorRef);
    return [name, list ? valuesIn(value as TensorRef[], valueOf) : value];
  });
  return Object.fromEntries(resolved);
}

/**
 * The layers that training moves: those that are reached on some path without a frozen layer or model.
 * Takes time linear in the models.
 */
export function trainedLayers(spec: ModelSpec, model: LayerId): ReadonlySet<LayerId> {
  const trained = new Set<LayerId>();
  const visit = (layer: LayerId, path: string) => {
    const { config, graph } = layerOf(spec, layer);
    if (trained.has(layer) || config['trainable'] === false) return;
    trained.add(layer);
    if (graph)
      for (const child of orderGraph(spec, graph, path).layers)
        visit(child, `${path}/${layerOf(spec, child).config.name}`);
  };
  visit(model, layerOf(spec, model).config.name);
  return trained;
}
