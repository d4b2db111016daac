import { placesOf } from '../../shared/keras/graph.ts';
import { trainedLayers } from '../../shared/keras/infer.ts';
import { layerOf, mapTensors, tensorsOf } from '../../shared/keras/spec.ts';
import type { CallSpec, GraphSpec, LayerId, LayerSpec } from '../../shared/keras/spec.ts';
import type { ModelSpec, TensorRef } from '../../shared/keras/spec.ts';

/** What stands between a layer's id and the number of its copy. */
const COPY = '#';

/**
 * The model without models inside: every call of a nested model is replaced by the calls that it makes, of the very
 * same layers. What no call takes stands behind the model's own outputs, for a nested model computes all of its
 * outputs, whatever is used. With `apart`, each call gets a layer of its own: its id is the original's and a number.
 */
export function flatten(spec: ModelSpec, { apart = false } = {}): ModelSpec {
  const root = spec.models.at(-1)!;
  const trained = trainedLayers(spec, root);
  const layers: Record<LayerId, LayerSpec> = {};
  const calls: CallSpec[] = [];
  const counts = new Map<LayerId, number>();

  const add = (layer: LayerId, call: Omit<CallSpec, 'layer'>): readonly [LayerId, number] => {
    const count = counts.get(layer) ?? 0;
    counts.set(layer, count + 1);
    const id = apart ? `${layer}${COPY}${count}` : layer;
    const { class_name, config } = layerOf(spec, layer);
    const name = id.replaceAll('/', '.');
    layers[id] = { class_name, config: { ...config, name, trainable: trained.has(layer) } };
    calls.push({ layer: id, ...call });
    return [id, apart ? 0 : count];
  };

  const inline = (graph: GraphSpec, inputs: readonly TensorRef[]): TensorRef[] => {
    const outputsOf = new Map<string, (output: number) => TensorRef>();
    const resolve = ([layer, call, output]: TensorRef) =>
      outputsOf.get(`${layer} ${call}`)!(output);
    graph.inputs.forEach(([layer, call], i) => outputsOf.set(`${layer} ${call}`, () => inputs[i]!));
    const seen = new Map<LayerId, number>();
    for (const { layer, args, kwargs } of graph.calls) {
      const number = seen.get(layer) ?? 0;
      seen.set(layer, number + 1);
      const key = `${layer} ${number}`;
      if (outputsOf.has(key)) continue;
      const given = args.map((argument) => mapTensors(argument, resolve)) as CallSpec['args'];
      const inner = layerOf(spec, layer).graph;
      if (inner) {
        const outputs = inline(inner, tensorsOf({ layer, args: given }));
        outputsOf.set(key, (output) => outputs[output]!);
      } else {
        const [id, call] = add(layer, { args: given, ...(kwargs && { kwargs }) });
        outputsOf.set(key, (output) => [id, call, output]);
      }
    }
    return graph.outputs.map(resolve);
  };

  const { graph } = layerOf(spec, root);
  const inputs = graph!.inputs.map(([layer]): TensorRef => [...add(layer, { args: [] }), 0]);
  const outputs = inline(graph!, inputs);
  const used = new Set(
    [...calls.flatMap(tensorsOf), ...outputs].map(([id, call]) => `${id} ${call}`),
  );
  const seen = new Map<LayerId, number>();
  for (const { layer, args } of calls) {
    const call = seen.get(layer) ?? 0;
    seen.set(layer, call + 1);
    if (args.length > 0 && !used.has(`${layer} ${call}`)) outputs.push([layer, call, 0]);
  }
  layers['flat'] = {
    class_name: 'Functional',
    config: { name: 'flat' },
    graph: { calls, inputs, outputs },
  };
  return { version: 1, layers, models: ['flat'] };
}

/** The id of the layer of which this one is a copy, or its own; also of a variable's key. */
export function originalOf(id: string): string {
  return id.replace(new RegExp(`${COPY}\\d+`), '');
}

/** How often each layer is called when the main model is called, nested models included. */
export function callCounts(spec: ModelSpec): ReadonlyMap<LayerId, number> {
  const counts = new Map<LayerId, number>();
  for (const { layer } of flatten(spec).layers['flat']!.graph!.calls)
    counts.set(layer, (counts.get(layer) ?? 0) + 1);
  return counts;
}

/**
 * Whether a BatchNormalization is frozen on one path and not on another. It works otherwise where it is frozen, which
 * a flat model can't say of one call alone.
 */
export function isHalfFrozen(spec: ModelSpec): boolean {
  const frozenAt = new Map<string, boolean>();
  const seen = new Map<LayerId, boolean>();
  for (const { path, layer } of placesOf(spec)) {
    const above = frozenAt.get(path.slice(0, path.lastIndexOf('/'))) ?? false;
    const { class_name, config } = layerOf(spec, layer);
    const frozen = above || config['trainable'] === false;
    frozenAt.set(path, frozen);
    if (class_name !== 'BatchNormalization') continue;
    if ((seen.get(layer) ?? frozen) !== frozen) return true;
    seen.set(layer, frozen);
  }
  return false;
}
