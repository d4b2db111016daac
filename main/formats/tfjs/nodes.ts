import { callPositions, orderGraph } from '../../../shared/keras/graph.ts';
import {
  tensorsOf,
  type GraphSpec,
  type LayerId,
  type ModelSpec,
} from '../../../shared/keras/spec.ts';

/** The calls of a graph as tfjs-layers rebuilds them. */
export interface NodeOrder {
  /** Layers in the order in which they are listed. */
  readonly layers: readonly LayerId[];
  /** Positions in `graph.calls` of each layer's calls, in the order in which tfjs makes them. */
  readonly calls: ReadonlyMap<LayerId, readonly number[]>;
}

/**
 * Numbers each layer's calls as tfjs will when it loads the graph. tfjs goes through the listed layers again and again
 * and makes the calls whose inputs exist, so a layer's later call can come before its earlier one, and refers to calls
 * by the number that they get then (Container.fromConfig). This goes the same way.
 */
export function orderNodes(spec: ModelSpec, graph: GraphSpec, path: string): NodeOrder {
  const order = orderGraph(spec, graph, path);
  const positions = callPositions(graph);
  const used = new Set(order.calls);
  const inputs = graph.inputs.map(([layer, call]) => positions.get(layer)![call]!);
  const made = new Set(inputs);
  const calls = new Map<LayerId, number[]>(order.layers.map((layer) => [layer, []]));
  for (const at of inputs) calls.get(graph.calls[at]!.layer)!.push(at);
  let open = order.layers.flatMap((layer) =>
    positions.get(layer)!.filter((at) => used.has(at) && !made.has(at)),
  );
  while (open.length > 0) {
    const waiting = open.filter((at) => {
      const ready = tensorsOf(graph.calls[at]!).every(([layer, call]) =>
        made.has(positions.get(layer)![call]!),
      );
      if (!ready) return true;
      made.add(at);
      calls.get(graph.calls[at]!.layer)!.push(at);
      return false;
    });
    if (waiting.length === open.length) throw new Error(`${path}: the graph can't be ordered`);
    open = waiting;
  }
  return { layers: order.layers, calls };
}
