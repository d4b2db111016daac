import type { Shape } from '../program/tensor.ts';
import { traceModel, type TracedVariable } from '../program/trace.ts';
import { callPositions, orderGraph } from './graph.ts';
import { inferGraph, trainedLayers, type InferredGraph } from './infer.ts';
import { catalogue } from './layers/catalogue.ts';
import { isTrainable, layerOf, SpecError, tensorsOf } from './spec.ts';
import type { GraphSpec, LayerId, LayerSpec, ModelSpec } from './spec.ts';

/** A row of a model's summary. */
export interface SummaryRow {
  readonly layer: LayerId;
  readonly name: string;
  readonly className: string;
  /** How many models stand around it, the summarised one not counted. */
  readonly depth: number;
  /** Whether rows of the layers inside follow. */
  readonly expanded: boolean;
  /** Output shapes of each call of the layer in the model that it stands in; empty in an unbuilt Sequential. */
  readonly shapes: readonly (readonly Shape[])[];
  /** What the layer gives, if it is a model, for its own inputs; else null. */
  readonly modelShapes: readonly Shape[] | null;
  /** Distinct parameters of the layer and everything inside; null where it is not built. */
  readonly params: number | null;
  /** Where its inputs in the summarised model come from: layer, call, output. */
  readonly connections: readonly (readonly [name: string, call: number, output: number])[];
  /** Whether training moves it; null for a layer without variables. */
  readonly trainable: boolean | null;
  /** The layer's own setting. */
  readonly unfrozen: boolean;
}

/** A number of parameters and the memory that they take. */
export interface ParameterCount {
  readonly count: number;
  readonly bytes: number;
}

/** What `model.summary()` says, as data. */
export interface Summary {
  readonly name: string;
  /** Whether each layer just takes what the one before gives: then no connections are shown. */
  readonly chain: boolean;
  readonly rows: readonly SummaryRow[];
  readonly trainable: ParameterCount;
  readonly nonTrainable: ParameterCount;
  /** The optimizer's variables, once it has made them; Keras counts them into the total. */
  readonly optimizer?: ParameterCount;
}

export interface SummaryOptions {
  /** Lists what nested models are made of below each of them. */
  readonly expandNested?: boolean;
  /** How many numbers the optimizer keeps, its step count and learning rate included. */
  readonly optimizerParams?: number;
}

/** Layers that Keras takes as built as soon as they are made. */
const BUILT_AT_ONCE =
  /^(Activation|ActivityRegularization|ELU|Identity|LeakyReLU|Masking|ReLU|Reshape|Softmax|UnitNormalization|\w*Dropout\w*|GaussianNoise|\w*Pooling\dD)$/;

/**
 * The rows and totals of a model's summary. A variable that several paths lead to counts once.
 * Throws a SpecError that names the path where the model is not valid.
 */
export function summarize(
  spec: ModelSpec,
  model: LayerId,
  { expandNested = false, optimizerParams }: SummaryOptions = {},
): Summary {
  const { class_name, config, graph } = layerOf(spec, model);
  if (!graph) throw new SpecError(config.name, 'expected a model; this is a layer');
  // A Sequential without an input shape is not built: it has no variables yet.
  const variables =
    graph.inputs.length > 0 ? traceModel(spec, model, { placeholders: true }).variables : [];
  return {
    name: printable(config.name),
    chain: class_name === 'Sequential' || isChain(spec, graph, config.name),
    rows: listRows(spec, model, expandNested),
    trainable: countOf(variables.filter((variable) => variable.trainable)),
    nonTrainable: countOf(variables.filter((variable) => !variable.trainable)),
    ...(optimizerParams !== undefined && {
      optimizer: { count: optimizerParams, bytes: optimizerParams * 4 },
    }),
  };
}

function listRows(spec: ModelSpec, model: LayerId, expandNested: boolean): SummaryRow[] {
  const trained = trainedLayers(spec, model);
  const root = layerOf(spec, model);
  const connections = connectionsOf(spec, root.graph!, root.config.name);
  const inferred = new Map<GraphSpec, InferredGraph>();
  const infer = (graph: GraphSpec, path: string) => {
    const known = inferred.get(graph) ?? inferGraph(spec, graph, path);
    inferred.set(graph, known);
    return known;
  };
  const rows: SummaryRow[] = [];
  const list = (parent: LayerSpec, path: string, depth: number) => {
    const { outputs, variables } = infer(parent.graph!, path);
    const positions = callPositions(parent.graph!);
    for (const layer of listedLayers(spec, parent, path, depth > 0)) {
      const { class_name, config, graph } = layerOf(spec, layer);
      const shapes = positions.get(layer)!.flatMap((at) => {
        const types = outputs[at];
        return types ? [types.map((type) => type.shape)] : [];
      });
      const own = variables.get(layer);
      const unbuilt = shapes.length === 0 && !BUILT_AT_ONCE.test(class_name);
      const childPath = `${path}/${config.name}`;
      const expanded = expandNested && graph !== undefined;
      rows.push({
        layer,
        name: printable(config.name),
        className: class_name,
        depth,
        expanded,
        shapes,
        modelShapes: graph ? endShapes(graph, infer(graph, childPath)) : null,
        params: unbuilt ? null : countOf(own ?? []).count,
        connections: connections.get(layer) ?? [],
        trainable: own && own.length > 0 ? trained.has(layer) : null,
        unfrozen: isTrainable(layerOf(spec, layer)),
      });
      if (expanded) list(layerOf(spec, layer), childPath, depth + 1);
    }
  };
  list(root, root.config.name, 0);
  return rows;
}

/** What Keras lists of a model: not the InputLayer of a Sequential, nor operations inside a nested model. */
function listedLayers(
  spec: ModelSpec,
  { class_name, graph }: LayerSpec,
  path: string,
  nested: boolean,
): LayerId[] {
  return orderGraph(spec, graph!, path).layers.filter((layer) => {
    const child = layerOf(spec, layer).class_name;
    if (class_name === 'Sequential' && child === 'InputLayer') return false;
    return !(nested && catalogue.get(child)?.operation);
  });
}

/** Shapes of a model's outputs, from what its calls give. */
function endShapes(graph: GraphSpec, { outputs }: InferredGraph): Shape[] {
  const positions = callPositions(graph);
  return graph.outputs.flatMap(([layer, call, output]) => {
    const type = outputs[positions.get(layer)![call]!]?.[output];
    return type ? [type.shape] : [];
  });
}

/**
 * Whether the calls form one line, each layer called once with one tensor.
 * Source: the test for `sequential_like` in keras.src.utils.summary_utils.
 */
function isChain(spec: ModelSpec, graph: GraphSpec, path: string): boolean {
  const { calls, layers } = orderGraph(spec, graph, path);
  const sources = calls.flatMap((at) => tensorsOf(graph.calls[at]!));
  const used = new Set(sources.map(([layer, call]) => `${call} ${layer}`));
  return (
    calls.length === layers.length &&
    calls.every((at) => tensorsOf(graph.calls[at]!).length <= 1) &&
    calls.length - used.size === 1
  );
}

/** Where each layer's inputs come from in this graph, call after call, as Keras numbers calls. */
function connectionsOf(spec: ModelSpec, graph: GraphSpec, path: string) {
  const connections = new Map<LayerId, (readonly [string, number, number])[]>();
  const needed = new Set(orderGraph(spec, graph, path).calls);
  graph.calls.forEach((call, at) => {
    if (!needed.has(at)) return;
    const list = connections.get(call.layer) ?? [];
    connections.set(call.layer, list);
    for (const [layer, index, output] of tensorsOf(call))
      list.push([printable(layerOf(spec, layer).config.name), index, output]);
  });
  return connections;
}

function countOf(variables: readonly TracedVariable[]): ParameterCount {
  const sizes = variables.map(({ shape, dtype }) => {
    const size = shape.reduce((product, dim) => product * dim, 1);
    return { count: size, bytes: dtype === 'bool' ? size : size * 4 };
  });
  return {
    count: sizes.reduce((sum, { count }) => sum + count, 0),
    bytes: sizes.reduce((sum, { bytes }) => sum + bytes, 0),
  };
}

/** A name without what could steer a terminal. */
function printable(name: string): string {
  return name.replace(/\p{Cc}/gu, '\ufffd');
}
