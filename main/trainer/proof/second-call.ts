import {
  layerOf,
  type CallSpec,
  type GraphSpec,
  type LayerId,
  type LayerSpec,
  type ModelSpec,
  type TensorRef,
} from '../../../shared/keras/spec.ts';
import { sizeOf } from '../../../shared/program/tensor.ts';
import { traceModel } from '../../../shared/program/trace.ts';

/** What a model holds: how often it calls another, and what it has to train. */
export interface Inventory {
  readonly calls: number;
  readonly variables: number;
  readonly params: number;
}

/** Counts by tracing: the calls of `called`, and the distinct variables and parameters of the whole model. */
export function takeInventory(spec: ModelSpec, model: LayerId, called: LayerId): Inventory {
  const { calls, variables } = traceModel(spec, model);
  return {
    calls: calls.filter(({ layer }) => layer === called).length,
    variables: variables.length,
    params: variables.reduce((sum, { shape }) => sum + sizeOf(shape), 0),
  };
}

/**
 * A spec with one more model: it calls `outer` as before and `called` once more, on inputs of its own, and gives the
 * outputs of both. Returns the spec and the id of that model.
 */
export function callAgain(
  spec: ModelSpec,
  outer: LayerId,
  called: LayerId,
): { spec: ModelSpec; model: LayerId } {
  const id = `${outer} and ${called} again`;
  const layers: Record<LayerId, LayerSpec> = {};
  const calls: CallSpec[] = [];
  const inputs: TensorRef[] = [];

  function call(layer: LayerId, number: number): TensorRef[] {
    const { graph } = layerOf(spec, layer) as { graph: GraphSpec };
    const given = graph.inputs.map(([input], i): TensorRef => {
      const fresh = `${id}/input ${number} ${i}`;
      const { class_name, config } = layerOf(spec, input);
      layers[fresh] = { class_name, config: { ...config, name: `input_${number}_${i}` } };
      calls.push({ layer: fresh, args: [] });
      return [fresh, 0, 0];
    });
    inputs.push(...given);
    const same = calls.filter((other) => other.layer === layer).length;
    calls.push({ layer, args: given.length === 1 ? given : [given] });
    return graph.outputs.map((_, output) => [layer, same, output]);
  }

  const outputs = [...call(outer, 0), ...call(called, 1)];
  layers[id] = {
    class_name: 'Functional',
    config: { name: 'again' },
    graph: { calls, inputs, outputs },
  };
  return { spec: { ...spec, layers: { ...spec.layers, ...layers } }, model: id };
}
