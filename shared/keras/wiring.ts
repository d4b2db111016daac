import { callPositions, orderGraph } from './graph.ts';
import { isTensorRef, layerOf, tensorsOf } from './spec.ts';
import type { GraphSpec, ModelSpec, TensorRef } from './spec.ts';

/** How the layers of a graph are connected, in the layers' names. */
export interface Wiring {
  /** By layer: what each of its calls takes, `conv2d`, `[left, right]`, `lstm:1` (the second output), `mask=masking`. */
  readonly inputs: ReadonlyMap<string, readonly string[]>;
  /** What the graph gives. */
  readonly outputs: readonly string[];
}

/**
 * The connections of a graph between the layers named in `kept`: another layer is seen through, as if what it takes
 * went on to those behind it. Throws a SpecError at `path` when the graph has no order.
 */
export function wiringOf(
  spec: ModelSpec,
  graph: GraphSpec,
  path: string,
  kept: ReadonlySet<string>,
): Wiring {
  const positions = callPositions(graph);
  const nameOf = (layer: string) => layerOf(spec, layer).config.name;
  /** By position: the layers that stand for a call that is seen through. */
  const through = new Map<number, ReadonlySet<string>>();

  const sources = ([layer, call, output]: TensorRef): ReadonlySet<string> => {
    const seen = through.get(positions.get(layer)![call]!);
    if (seen) return seen;
    const which = (call > 0 ? `(${call})` : '') + (output > 0 ? `:${output}` : '');
    return new Set([`${nameOf(layer)}${which}`]);
  };
  const text = (value: unknown): string => {
    if (isTensorRef(value)) return [...sources(value)].join(' and ');
    return Array.isArray(value) ? `[${value.map(text).join(', ')}]` : JSON.stringify(value);
  };

  const inputs = new Map<string, string[]>();
  for (const at of orderGraph(spec, graph, path).calls) {
    const call = graph.calls[at]!;
    const name = nameOf(call.layer);
    if (!kept.has(name)) {
      through.set(at, new Set(tensorsOf(call).flatMap((ref) => [...sources(ref)])));
      continue;
    }
    const keywords = Object.entries(call.kwargs ?? {});
    const taken = [...call.args.map(text), ...keywords.map(([key, it]) => `${key}=${text(it)}`)];
    inputs.set(name, [...(inputs.get(name) ?? []), taken.join(', ')]);
  }
  return { inputs, outputs: graph.outputs.map(text) };
}
