import type { Shape } from '../../../shared/program/tensor.ts';
import { inputShape, traceModel, type TracedVariable } from '../../../shared/program/trace.ts';
import { callPositions } from '../../../shared/keras/graph.ts';
import {
  isTensorRef,
  layerOf,
  SpecError,
  type CallSpec,
  type JsonObject,
  type LayerId,
  type ModelSpec,
  type TensorRef,
} from '../../../shared/keras/spec.ts';
import { tfjsLayer } from './config.ts';
import { createUniqueNames } from './names.ts';
import { orderNodes } from './nodes.ts';

/** A weight of the file: its name there and the variable that it is a copy of. */
export interface FileWeight {
  readonly name: string;
  readonly variable: TracedVariable;
}

export interface Topology {
  readonly model: JsonObject;
  readonly weights: readonly FileWeight[];
}

type Described = Readonly<Record<string, unknown>>;

/**
 * A model as the `modelTopology` of a tfjs LayersModel. A nested model's calls count from 1, because its own making is
 * node 0. A layer that is reached by several paths is written once a path: tfjs cannot share it between models. What is
 * different in the file is said in `notes`, for people.
 */
export function tfjsTopology(spec: ModelSpec, model: LayerId, notes: string[]): Topology {
  const { variables, calls } = traceModel(spec, model);
  const inputs = new Map<LayerId, Shape>();
  for (const {
    layer,
    inputs: [first],
  } of calls)
    if (first && !inputs.has(layer)) inputs.set(layer, first.shape);
  const unique = createUniqueNames();
  const weights: FileWeight[] = [];
  const written = new Map<LayerId, string[]>();

  function describeModel(id: LayerId, path: string, trainable: boolean): Described {
    const { config, graph } = layerOf(spec, id);
    const order = orderNodes(spec, graph!, path);
    const positions = callPositions(graph!);
    const names = new Map<LayerId, string>();
    for (const layer of order.layers) {
      const { name } = layerOf(spec, layer).config;
      names.set(layer, unique(name, config.name));
      if (names.get(layer) !== name)
        notes.push(
          `${path}/${name} is named ${names.get(layer)}, because names are unique in tfjs`,
        );
    }
    const ref = ([layer, call, output]: TensorRef) => {
      const made = order.calls.get(layer)!.indexOf(positions.get(layer)![call]!);
      return [names.get(layer)!, made + (layerOf(spec, layer).graph ? 1 : 0), output];
    };
    const layers = order.layers.map((layer) => {
      const name = names.get(layer)!;
      const childPath = `${path}/${layerOf(spec, layer).config.name}`;
      const calls = order.calls.get(layer)!.map((at) => graph!.calls[at]!);
      return {
        name,
        ...describeLayer(layer, name, childPath, trainable),
        inbound_nodes: calls
          .filter((call) => call.args.length > 0)
          .map((call) => inboundNode(call, ref, childPath)),
      };
    });
    return {
      name: config.name,
      layers,
      input_layers: graph!.inputs.map(ref),
      output_layers: graph!.outputs.map(ref),
    };
  }

  function describeLayer(id: LayerId, name: string, path: string, trainable: boolean): Described {
    const layer = layerOf(spec, id);
    const trained = trainable && layer.config['trainable'] !== false;
    if (layer.class_name === 'InputLayer') {
      if (inputShape(layer).length === 1)
        throw new SpecError(path, 'tfjs takes no inputs of one number a sample; expected a vector');
      const dtype = layer.config['dtype'] ?? 'float32';
      const config = { batch_input_shape: inputShape(layer), dtype, sparse: false, name };
      return { class_name: 'InputLayer', config };
    }
    written.set(id, [...(written.get(id) ?? []), path]);
    if (layer.graph)
      return { class_name: 'Model', config: { ...describeModel(id, path, trained), name } };
    const { className, config, weightName } = tfjsLayer(layer, inputs.get(id)!, path, notes);
    for (const variable of variables)
      if (variable.layer === id)
        weights.push({ name: `${name}/${weightName(variable.name)}`, variable });
    return {
      class_name: className,
      config: { name, trainable: trained, dtype: 'float32', ...config },
    };
  }

  const config = describeModel(model, layerOf(spec, model).config.name, true);
  for (const [id, paths] of written)
    if (paths.length > 1 && variables.some((variable) => variable.layer === id))
      notes.push(
        `${paths.join(' and ')} share their weights here; tfjs holds a copy for each, equal until one of them is trained`,
      );
  return {
    model: {
      class_name: 'Model',
      config: config as JsonObject,
      keras_version: 'tfjs-layers 4.22.0',
      backend: 'tensor_flow.js',
    },
    weights,
  };
}

/** One call: `[layer, call, output, kwargs]` for each tensor that it takes. */
function inboundNode(call: CallSpec, ref: (tensor: TensorRef) => unknown[], path: string) {
  for (const [key, value] of Object.entries(call.kwargs ?? {}))
    if (isTensorRef(value) || (Array.isArray(value) && value.some(isTensorRef)))
      throw new SpecError(path, `tfjs files cannot hold the tensor that ${key} takes`);
  const tensors = call.args.flatMap((argument) =>
    isTensorRef(argument) ? [argument] : (argument as readonly TensorRef[]),
  );
  return tensors.map((tensor) => [...ref(tensor), call.kwargs ?? {}]);
}
