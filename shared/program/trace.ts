import { layerOf, SpecError, isTensorRef } from '../keras/spec.ts';
import type {
  CallArgument,
  CallSpec,
  JsonObject,
  LayerId,
  LayerSpec,
  ModelSpec,
} from '../keras/spec.ts';
import { regularizerOf } from '../keras/regularizers.ts';
import { callPositions, orderGraph } from '../keras/graph.ts';
import { readLayer } from '../keras/layers/catalogue.ts';
import type { CallContext, VariableSpec } from '../keras/layers/layer.ts';
import { createOps, type Ops, type Value } from './builder.ts';
import { compatible, formatShape, type Dim, type DType } from './tensor.ts';

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

/** A model as operations. */
export interface Trace {
  readonly ops: Ops;
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  /** In the order of Keras's `model.weights`. */
  readonly variables: readonly TracedVariable[];
  /** New values that the calls gave to variables (moving averages), by key. */
  readonly updates: Readonly<Record<string, Value>>;
  /** What layers add to the loss. */
  readonly losses: readonly Value[];
  /** Every call at every path, in the order in which they run; nested ones before the model that they belong to. */
  readonly calls: readonly TracedCall[];
}

export interface TraceOptions {
  readonly training?: boolean;
  readonly ops?: Ops;
  /** Values to use as the model's inputs; feeds named after its InputLayers unless given. */
  readonly inputs?: readonly Value[];
  /** Keyword arguments of the call: values, or plain JSON. */
  readonly kwargs?: Readonly<Record<string, unknown>>;
}

/** More calls than this in one model is taken for a mistake, not for a model. */
const MOST_CALLS = 500_000;

/**
 * Turns a model into operations by calling its layers with symbolic tensors: the forward pass, and with it shape
 * inference. Throws a SpecError that names the path when a layer can't take what comes.
 */
export function traceModel(spec: ModelSpec, model: LayerId, options: TraceOptions = {}): Trace {
  const tracer = new Tracer(spec, options.ops ?? createOps(), options.training ?? false);
  const { config } = layerOf(spec, model);
  const inputs = options.inputs ?? inputFeeds(spec, model, tracer.ops);
  const outputs = tracer.call(model, config.name, inputs, options.kwargs ?? {}, true);
  return {
    ops: tracer.ops,
    inputs,
    outputs,
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

/** The batch shape that an InputLayer declares. Throws a SpecError when it has none. */
export function inputShape({ class_name, config }: LayerSpec): Dim[] {
  const shape = config['batch_shape'];
  if (class_name !== 'InputLayer')
    throw new SpecError(config.name, `expected an InputLayer; got ${class_name}`);
  const valid = (dim: unknown) => dim === null || (Number.isInteger(dim) && (dim as number) > 0);
  if (!Array.isArray(shape) || shape.length === 0 || !shape.every(valid))
    throw new SpecError(
      config.name,
      `batch_shape must list positive sizes or null; got ${JSON.stringify(shape)}`,
    );
  return [null, ...(shape.slice(1) as Dim[])];
}

/** The element type of an InputLayer; integers of every width are int32. */
export function inputType({ config }: LayerSpec): DType {
  const dtype = config['dtype'];
  if (dtype === 'int32' || dtype === 'int64' || dtype === 'uint8') return 'int32';
  return dtype === 'bool' ? 'bool' : 'float32';
}

class Tracer {
  readonly variables = new Map<string, TracedVariable>();
  readonly updates = new Map<string, Value>();
  readonly losses: Value[] = [];
  readonly calls: TracedCall[] = [];
  private readonly built = new Map<LayerId, readonly VariableSpec[]>();
  private readonly above = new Set<LayerId>();
  private randoms = 0;

  readonly spec: ModelSpec;
  readonly ops: Ops;
  readonly training: boolean;

  constructor(spec: ModelSpec, ops: Ops, training: boolean) {
    this.spec = spec;
    this.ops = ops;
    this.training = training;
  }

  call(
    layer: LayerId,
    path: string,
    inputs: readonly Value[],
    kwargs: Readonly<Record<string, unknown>>,
    trainable: boolean,
  ): Value[] {
    const spec = layerOf(this.spec, layer);
    const trained = trainable && spec.config['trainable'] !== false;
    const outputs = spec.graph
      ? this.callModel(layer, spec, path, inputs, trained)
      : this.callLayer(layer, spec, path, inputs, kwargs, trained);
    if (this.calls.push({ path, layer, inputs, outputs }) > MOST_CALLS)
      throw new SpecError(path, `the model makes over ${MOST_CALLS} calls`);
    return outputs;
  }

  private callModel(
    layer: LayerId,
    { graph, config }: LayerSpec,
    path: string,
    inputs: readonly Value[],
    trainable: boolean,
  ): Value[] {
    if (this.above.has(layer)) throw new SpecError(path, 'the model contains itself');
    this.above.add(layer);
    this.checkInputs(
      graph!.inputs.map(([input]) => input),
      inputs,
      path,
    );
    const positions = callPositions(graph!);
    const results = new Map<number, readonly Value[]>();
    graph!.inputs.forEach(([input, call], i) =>
      results.set(positions.get(input)![call]!, [inputs[i]!]),
    );
    const valueOf = ([from, call, output]: readonly [LayerId, number, number]): Value => {
      const value = results.get(positions.get(from)?.[call] ?? -1)?.[output];
      if (!value) throw new SpecError(path, `${from} has no output ${output} at its call ${call}`);
      return value;
    };
    for (const at of orderGraph(this.spec, graph!, path).calls) {
      const call = graph!.calls[at]!;
      const child = layerOf(this.spec, call.layer);
      const childPath = `${path}/${child.config.name}`;
      const outputs = results.get(at) ?? [];
      if (results.has(at))
        this.calls.push({ path: childPath, layer: call.layer, inputs: [], outputs });
      else {
        const { args, kwargs } = resolveArguments(call, valueOf);
        results.set(at, this.call(call.layer, childPath, args, kwargs, trainable));
      }
    }
    this.above.delete(layer);
    if (graph!.outputs.length === 0) throw new SpecError(path, `${config.name} has no outputs`);
    return graph!.outputs.map(valueOf);
  }

  private checkInputs(declared: readonly LayerId[], inputs: readonly Value[], path: string) {
    if (declared.length !== inputs.length)
      throw new SpecError(path, `expected ${declared.length} inputs; got ${inputs.length}`);
    declared.forEach((id, i) => {
      const layer = layerOf(this.spec, id);
      const expected = inputShape(layer);
      if (!compatible(expected, inputs[i]!.shape))
        throw new SpecError(
          path,
          `input ${layer.config.name} expects shape ${formatShape(expected)}; got ${formatShape(inputs[i]!.shape)}`,
        );
    });
  }

  private callLayer(
    layer: LayerId,
    spec: LayerSpec,
    path: string,
    inputs: readonly Value[],
    kwargs: Readonly<Record<string, unknown>>,
    trainable: boolean,
  ): Value[] {
    const { definition, config } = readLayer(spec, path);
    try {
      this.build(
        layer,
        definition.variables?.(
          config,
          inputs.map((x) => x.shape),
        ) ?? [],
        trainable,
      );
      const outputs = definition.call(this.context(layer, '', kwargs, trainable), inputs, config);
      const list = Array.isArray(outputs) ? outputs : [outputs as Value];
      this.regularizeActivity(config, list);
      return list;
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      throw new SpecError(path, `${spec.class_name}: ${error.message}`);
    }
  }

  /** Adds the layer's `activity_regularizer` of its outputs, per sample, to the loss. */
  private regularizeActivity(config: unknown, outputs: readonly Value[]) {
    const { activity_regularizer: given } = config as {
      activity_regularizer?: string | JsonObject;
    };
    if (!given) return;
    const regularize = regularizerOf(given);
    for (const output of outputs)
      this.losses.push(this.ops.div(regularize(this.ops, output), this.ops.size(output, [0])));
  }

  /** Declares the layer's variables at its first call; later calls must need the same ones. */
  private build(layer: LayerId, variables: readonly VariableSpec[], trainable: boolean) {
    const built = this.built.get(layer);
    if (!built) this.built.set(layer, variables);
    variables.forEach((variable, i) => {
      const key = `${layer}/${variable.name}`;
      const moved = trainable && variable.trainable !== false;
      const known = this.variables.get(key);
      if (!known) this.variables.set(key, { ...variable, key, layer, trainable: moved });
      else if (moved) known.trainable = true;
      if (built && String(built[i]?.shape) !== String(variable.shape))
        throw new RangeError(
          `the layer was built with ${variable.name} ${formatShape(built[i]?.shape ?? [])}; this call needs ${formatShape(variable.shape)}`,
        );
    });
  }

  private context(
    layer: LayerId,
    prefix: string,
    kwargs: Readonly<Record<string, unknown>>,
    trainable: boolean,
  ): CallContext {
    const { ops, updates, variables, losses } = this;
    const keyOf = (name: string) => `${layer}/${prefix}${name}`;
    return {
      ops,
      training: this.training,
      trainable,
      kwargs,
      variable(name) {
        const key = keyOf(name);
        const variable = variables.get(key);
        if (!variable) throw new RangeError(`there is no variable ${key}`);
        return updates.get(key) ?? ops.variable(key, variable.shape, variable.dtype);
      },
      update: (name, value) => void updates.set(keyOf(name), value),
      addLoss: (value) => void losses.push(value),
      random: (like, distribution) =>
        ops.random(`${layer}/${prefix}random_${this.randoms++}`, like, distribution),
      within: (inner) => this.context(layer, `${prefix}${inner}/`, kwargs, trainable),
    };
  }
}

/** The tensors of a call, positional ones flat, keyword ones by name. */
function resolveArguments(
  call: CallSpec,
  valueOf: (ref: readonly [LayerId, number, number]) => Value,
): { args: Value[]; kwargs: Record<string, unknown> } {
  const resolve = (argument: CallArgument): Value[] =>
    isTensorRef(argument) ? [valueOf(argument)] : argument.map(valueOf);
  const kwargs = Object.entries(call.kwargs ?? {}).map(([name, argument]) => {
    if (isTensorRef(argument)) return [name, valueOf(argument)];
    const list = Array.isArray(argument) && argument.length > 0 && argument.every(isTensorRef);
    return [name, list ? (argument as CallArgument[]).flatMap(resolve) : argument];
  });
  return { args: call.args.flatMap(resolve), kwargs: Object.fromEntries(kwargs) };
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
    const { graph } = layerOf(spec, layer);
    if (graph)
      for (const child of orderGraph(spec, graph, path).layers) visit(child, `${path}/${child}`);
  };
  visit(model, model);
  return ordered;
}
