import { callPositions, orderGraph } from './graph.ts';
import { inferGraph } from './infer.ts';
import { catalogue } from './layers/catalogue.ts';
import { layerOf, mapTensors, SpecError } from './spec.ts';
import type {
  CallSpec,
  GraphSpec,
  Json,
  JsonObject,
  LayerId,
  ModelSpec,
  TensorRef,
} from './spec.ts';

/**
 * A model as Keras 3's JSON: the `config.json` of a `.keras` file, what `keras.models.model_from_json` reads.
 * As in Keras, a layer that several models hold is marked with `shared_object_id` from its second place on.
 * Throws a SpecError that names the path where the model is not valid.
 */
export function toKerasConfig(spec: ModelSpec, model: LayerId): JsonObject {
  const { config, graph } = layerOf(spec, model);
  if (!graph) throw new SpecError(config.name, 'expected a model; this is a layer');
  return new Writer(spec).layer(model, config.name);
}

class Writer {
  private readonly spec: ModelSpec;
  /** Layers that have been written, with their numbers. */
  private readonly written = new Map<LayerId, number>();

  constructor(spec: ModelSpec) {
    this.spec = spec;
  }

  layer(id: LayerId, path: string): JsonObject {
    const { class_name, config, graph, wraps, foreign } = layerOf(this.spec, id);
    const known = this.written.get(id);
    if (known === undefined) this.written.set(id, this.written.size + 1);
    const shared: JsonObject = known === undefined ? {} : { shared_object_id: known };
    if (class_name === 'Sequential')
      return {
        module: 'keras',
        class_name,
        config: this.sequential(config, graph!, path),
        registered_name: null,
        ...shared,
      };
    if (graph)
      return {
        module: 'keras.src.models.functional',
        class_name: 'Functional',
        config: this.functional(config, graph, path),
        registered_name: 'Functional',
        ...shared,
      };
    if (foreign) return { class_name, config, ...foreign.object, ...shared };
    const operation = catalogue.get(class_name)?.operation;
    return {
      module: operation ?? 'keras.layers',
      class_name,
      config: { ...config, ...this.wrapped(wraps ?? {}, path) },
      registered_name: operation ? class_name : null,
      ...shared,
    };
  }

  private wrapped(wraps: Readonly<Record<string, LayerId>>, path: string): JsonObject {
    const inner = Object.entries(wraps).map(([role, layer]) => [
      role,
      this.layer(layer, this.pathOf(layer, path)),
    ]);
    return Object.fromEntries(inner) as JsonObject;
  }

  private sequential(config: JsonObject, graph: GraphSpec, path: string): JsonObject {
    const first = layerOf(this.spec, graph.calls[0]!.layer);
    const built = first.class_name === 'InputLayer';
    return {
      ...modelConfig(config),
      layers: graph.calls.map(({ layer }) => this.layer(layer, this.pathOf(layer, path))),
      ...(built && { build_input_shape: first.config['batch_shape']! }),
    };
  }

  private functional(config: JsonObject, graph: GraphSpec, path: string): JsonObject {
    const order = orderGraph(this.spec, graph, path);
    const positions = callPositions(graph);
    const { outputs, problems } = inferGraph(this.spec, graph, path);
    if (problems.length > 0) throw problems[0]!;
    const needed = new Set(order.calls);
    /** Calls that lead to no output are not written, so later ones count from fewer. */
    const numberOf = (layer: LayerId, call: number) =>
      positions
        .get(layer)!
        .slice(0, call)
        .filter((at) => needed.has(at)).length;
    const tensor = ([layer, call, output]: TensorRef): JsonObject => {
      const { shape, dtype } = outputs[positions.get(layer)![call]!]![output]!;
      const history = [this.nameOf(layer), numberOf(layer, call), output];
      return {
        class_name: '__keras_tensor__',
        config: { shape, dtype, keras_history: history },
      };
    };
    const end = ([layer, call, output]: TensorRef): Json => {
      // Keras counts a nested Functional from 1 here, as if its making were a call.
      const first = layerOf(this.spec, layer).class_name === 'Functional' ? 1 : 0;
      return [this.nameOf(layer), numberOf(layer, call) + first, output];
    };
    const ends = (refs: readonly TensorRef[]): Json =>
      refs.length === 1 ? end(refs[0]!) : refs.map(end);
    return {
      ...modelConfig(config),
      layers: order.layers.map((layer) => ({
        ...this.layer(layer, this.pathOf(layer, path)),
        name: this.nameOf(layer),
        inbound_nodes: positions
          .get(layer)!
          .filter((at) => needed.has(at))
          .map((at) => graph.calls[at]!)
          .filter(({ args }) => args.length > 0)
          .map((call) => inboundNode(call, tensor)),
      })),
      input_layers: ends(graph.inputs),
      output_layers: ends(graph.outputs),
    };
  }

  private nameOf(layer: LayerId): string {
    return layerOf(this.spec, layer).config.name;
  }

  private pathOf(layer: LayerId, parent: string): string {
    return `${parent}/${this.nameOf(layer)}`;
  }
}

function modelConfig({ name, trainable }: JsonObject): JsonObject {
  return { name: name!, trainable: trainable !== false };
}

function inboundNode({ args, kwargs = {} }: CallSpec, tensor: (ref: TensorRef) => JsonObject) {
  const write = (value: unknown) => mapTensors(value, tensor) as Json;
  // An operation's operand that is a plain value stands at its place, as in `x != 0`.
  const { x1, x2, ...named } = kwargs;
  return {
    args: [
      ...(x1 === undefined ? [] : [x1 as Json]),
      ...args.map(write),
      ...(x2 === undefined ? [] : [x2 as Json]),
    ],
    kwargs: Object.fromEntries(Object.entries(named).map(([key, value]) => [key, write(value)])),
  };
}
