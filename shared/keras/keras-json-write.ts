import { callPositions, layersIn, layersInside, orderGraph } from './graph.ts';
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

/** What Keras wants to read though it has a default. */
const NEEDED: Readonly<Record<string, JsonObject>> = { Rescaling: { offset: 0 } };

/** What begins the `shared_object_id` of a layer with several places: the number of the layer follows. */
export const SHARED = 'shared_';

/**
 * A model as Keras 3's JSON: the `config.json` of a `.keras` file, what `keras.models.model_from_json` reads.
 * A layer that several models hold has the same `shared_object_id` at each place, the first one included, which Keras
 * leaves out there and needs to make it one layer again; its calls are counted over all these models, as Keras makes
 * them when it loads the file. Throws a SpecError that names the path where the model is not valid.
 */
export function toKerasConfig(spec: ModelSpec, model: LayerId): JsonObject {
  const { config, graph } = layerOf(spec, model);
  if (!graph) throw new SpecError(config.name, 'expected a model; this is a layer');
  return new Writer(spec, model).layer(model, config.name);
}

class Writer {
  private readonly spec: ModelSpec;
  /** Layers with several places, with their numbers. */
  private readonly shared: ReadonlyMap<LayerId, number>;
  private readonly written = new Map<LayerId, JsonObject>();
  /** How often Keras has called each layer when it has loaded what is written so far. */
  private readonly made = new Map<LayerId, number>();

  constructor(spec: ModelSpec, model: LayerId) {
    this.spec = spec;
    const held = [...pathsByHolder(spec, model)].filter(([, places]) => places > 1);
    this.shared = new Map(held.map(([layer], i) => [layer, i]));
  }

  layer(id: LayerId, path: string): JsonObject {
    const known = this.written.get(id);
    if (known) return known;
    const number = this.shared.get(id);
    const object = {
      ...this.object(id, path),
      ...(number !== undefined && { shared_object_id: `${SHARED}${number}` }),
    };
    this.written.set(id, object);
    return object;
  }

  private object(id: LayerId, path: string): JsonObject {
    const { class_name, config, graph, wraps, foreign } = layerOf(this.spec, id);
    if (class_name === 'Sequential')
      return {
        module: 'keras',
        class_name,
        config: this.sequential(config, graph!, path),
        registered_name: null,
      };
    if (graph)
      return {
        module: 'keras.src.models.functional',
        class_name: 'Functional',
        config: this.functional(config, graph, path),
        registered_name: 'Functional',
      };
    if (foreign) return { class_name, config, ...foreign.object };
    const operation = catalogue.get(class_name)?.operation;
    return {
      module: operation ?? 'keras.layers',
      class_name,
      config: { ...NEEDED[class_name], ...config, ...this.wrapped(wraps ?? {}, path) },
      registered_name: operation ? class_name : null,
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
    const layers = graph.calls.map(({ layer }) => this.layer(layer, this.pathOf(layer, path)));
    for (const { layer } of graph.calls) this.count(layer, 1);
    return {
      ...modelConfig(config),
      layers,
      ...(built && { build_input_shape: first.config['batch_shape']! }),
    };
  }

  private functional(config: JsonObject, graph: GraphSpec, path: string): JsonObject {
    const order = orderGraph(this.spec, graph, path);
    const positions = callPositions(graph);
    const { outputs, problems } = inferGraph(this.spec, graph, path);
    if (problems.length > 0) throw problems[0]!;
    const needed = new Set(order.calls);
    const objects = order.layers.map((layer) => this.layer(layer, this.pathOf(layer, path)));
    const before = new Map(order.layers.map((layer) => [layer, this.made.get(layer) ?? 0]));
    for (const at of needed) this.count(graph.calls[at]!.layer, 1);
    /** Calls that lead to no output are not written, so later ones count from fewer. */
    const numberOf = (layer: LayerId, call: number) =>
      before.get(layer)! +
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
      layers: order.layers.map((layer, i) => ({
        ...objects[i]!,
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

  /** An InputLayer is called once, when it is made. */
  private count(layer: LayerId, calls: number): void {
    if (layerOf(this.spec, layer).class_name !== 'InputLayer')
      this.made.set(layer, (this.made.get(layer) ?? 0) + calls);
  }

  private nameOf(layer: LayerId): string {
    return layerOf(this.spec, layer).config.name;
  }

  private pathOf(layer: LayerId, parent: string): string {
    return `${parent}/${this.nameOf(layer)}`;
  }
}

/** In how many models and wrappers, or places of a Sequential, each layer inside a model stands. */
function pathsByHolder(spec: ModelSpec, model: LayerId): Map<LayerId, number> {
  const places = new Map<LayerId, number>();
  for (const holder of layersInside(spec, model)) {
    const { class_name, graph } = layerOf(spec, holder);
    const chain = class_name === 'Sequential' && graph;
    const held = chain ? graph.calls.map(({ layer }) => layer) : layersIn(spec, holder, holder);
    for (const layer of held) places.set(layer, (places.get(layer) ?? 0) + 1);
  }
  return places;
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
