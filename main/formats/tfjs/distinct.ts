import {
  isTensorRef,
  layerOf,
  type CallArgument,
  type CallSpec,
  type GraphSpec,
  type LayerId,
  type LayerSpec,
  type ModelSpec,
  type TensorRef,
} from '../../../shared/keras/spec.ts';

/**
 * The spec with added layers that pass a tensor on as it is, wherever one call takes a tensor twice (`add([x, x])`)
 * or a model gives one twice. tfjs-layers 4.22 loses such a tensor: its `execute` counts who still needs it, and who
 * asked for it, by name. Says in `notes` where.
 */
export function withDistinctTensors(spec: ModelSpec, model: LayerId, notes: string[]): ModelSpec {
  const layers: Record<LayerId, LayerSpec> = { ...spec.layers };
  const seen = new Set<LayerId>();

  function visit(id: LayerId): void {
    const layer = layerOf(spec, id);
    if (!layer.graph || seen.has(id)) return;
    seen.add(id);
    for (const call of layer.graph.calls) visit(call.layer);
    layers[id] = { ...layer, graph: distinct(layer.graph, id) };
  }

  function distinct(graph: GraphSpec, id: LayerId): GraphSpec {
    const calls: CallSpec[] = [];
    const { name } = layerOf(spec, id).config;
    /** Gives every tensor but the first of its kind a layer of its own. */
    const separate = (tensors: readonly TensorRef[], place: string): TensorRef[] => {
      const used = new Set<string>();
      return tensors.map((tensor) => {
        const before = used.size;
        if (used.add(String(tensor)).size > before) return tensor;
        const copy = freshId(layers, `${id}/copy`);
        layers[copy] = {
          class_name: 'Activation',
          config: { name: copy.slice(id.length + 1), activation: 'linear' },
        };
        calls.push({ layer: copy, args: [tensor] });
        notes.push(`${place} one tensor twice; tfjs gets it through an added layer`);
        return [copy, 0, 0];
      });
    };
    for (const call of graph.calls) {
      const flat = call.args.flatMap((argument) =>
        isTensorRef(argument) ? [argument] : [...argument],
      );
      const separated = separate(flat, `${name}: ${call.layer} takes`);
      calls.push({ ...call, args: call.args.map((argument) => refill(argument, separated)) });
    }
    return { ...graph, calls, outputs: separate(graph.outputs, `${name} gives`) };
  }

  visit(model);
  return { ...spec, layers };
}

/** The argument with its tensors taken from the front of a list. */
function refill(argument: CallArgument, tensors: TensorRef[]): CallArgument {
  return isTensorRef(argument) ? tensors.shift()! : argument.map(() => tensors.shift()!);
}

function freshId(layers: Readonly<Record<LayerId, LayerSpec>>, wanted: LayerId): LayerId {
  let id = wanted;
  for (let i = 1; Object.hasOwn(layers, id); i++) id = `${wanted}_${i}`;
  return id;
}
