import { layersIn } from '../keras/graph.ts';
import { inputShape, inputType } from '../keras/input-layer.ts';
import type { VariableSpec } from '../keras/layers/layer.ts';
import { layerOf, SpecError } from '../keras/spec.ts';
import type { LayerId, ModelSpec } from '../keras/spec.ts';
import { createOps, type Ops, type Value } from './builder.ts';
import { traced } from './traced.ts';
import { Tracer } from './tracer.ts';

/** A variable met while tracing. One a layer and name, however many paths lead to the layer. */
export interface TracedVariable extends VariableSpec {
  /** Its name in programs: the layer's id and the variable's name, `encoder/conv2d/kernel`. */
  readonly key: string;
  readonly layer: LayerId;
  /** Whether an optimizer moves it: its own setting, and no frozen layer or model on some path to it. */
  trainable: boolean;
}

/** One call of a layer, as traced. */
export interface TracedCall {
  readonly path: string;
  readonly layer: LayerId;
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
}

/** The forward pass of a model as operations, with every call on the way. */
export interface Forward {
  readonly ops: Ops;
  readonly outputs: readonly Value[];
  /** Which positions of each output count, as masks came along (Masking, Embedding); null: all. */
  readonly masks: readonly (Value | null)[];
  /** In the order of Keras's `model.weights`. */
  readonly variables: readonly TracedVariable[];
  /** New values that the calls gave to variables (moving averages), by key. */
  readonly updates: Readonly<Record<string, Value>>;
  /** What layers add to the loss. */
  readonly losses: readonly Value[];
  /** Every call at every path, in the order in which they run; nested ones before the model that they belong to. */
  readonly calls: readonly TracedCall[];
}

/** A model as operations, with what it took. */
export interface Trace extends Forward {
  readonly inputs: readonly Value[];
}

export { inputShape };

export interface TraceOptions {
  readonly training?: boolean;
  /** Calls placeholders too, for shapes and variables: what comes out can't be run. */
  readonly placeholders?: boolean;
  readonly ops?: Ops;
  /** Values to use as the model's inputs; feeds named after its InputLayers unless given. */
  readonly inputs?: readonly Value[];
  /** Masks that come along with the inputs. */
  readonly masks?: readonly (Value | null)[];
  /** Keyword arguments of the call: values, or plain JSON. */
  readonly kwargs?: Readonly<Record<string, unknown>>;
}

/**
 * Turns a model into operations by calling its layers with symbolic tensors: the forward pass, and with it shape
 * inference. Throws a SpecError that names the path when a layer can't take what comes.
 */
export function traceModel(spec: ModelSpec, model: LayerId, options: TraceOptions = {}): Trace {
  const tracer = new Tracer(spec, options.ops ?? createOps(), options);
  const { config } = layerOf(spec, model);
  const inputs = options.inputs ?? inputFeeds(spec, model, tracer.ops);
  const outputs = tracer.call(
    model,
    config.name,
    inputs.map((value, i) => traced(value, options.masks?.[i])),
    options.kwargs ?? {},
    true,
  );
  return {
    ops: tracer.ops,
    inputs,
    outputs: outputs.map(({ value }) => value),
    masks: outputs.map(({ live }) => live.mask),
    variables: orderVariables(spec, model, tracer.variables),
    updates: Object.fromEntries(tracer.updates),
    losses: tracer.losses,
    calls: tracer.calls,
  };
}

/** Feeds for the model's inputs, named after its InputLayers. A plain layer has none. */
function inputFeeds(spec: ModelSpec, model: LayerId, ops: Ops): Value[] {
  const { graph, config } = layerOf(spec, model);
  if (!graph)
    throw new SpecError(config.name, 'a layer alone has no inputs of its own; expected a model');
  return graph.inputs.map(([input]) => {
    const layer = layerOf(spec, input);
    return ops.feed(layer.config.name, inputShape(layer), inputType(layer));
  });
}

/** Variables as Keras lists a model's weights: its layers in order, each once, trainable ones of a layer first. */
function orderVariables(
  spec: ModelSpec,
  model: LayerId,
  variables: ReadonlyMap<string, TracedVariable>,
): TracedVariable[] {
  const byLayer = new Map<LayerId, TracedVariable[]>();
  for (const variable of variables.values()) {
    const list = byLayer.get(variable.layer);
    if (list) list.push(variable);
    else byLayer.set(variable.layer, [variable]);
  }
  const seen = new Set<LayerId>();
  const ordered: TracedVariable[] = [];
  const visit = (layer: LayerId, path: string) => {
    if (seen.has(layer)) return;
    seen.add(layer);
    ordered.push(...(byLayer.get(layer) ?? []));
    for (const child of layersIn(spec, layer, path)) visit(child, `${path}/${child}`);
  };
  visit(model, model);
  return ordered;
}
