import { constraintOf } from '../keras/constraints.ts';
import { initializerOf } from '../keras/initializers.ts';
import { regularizerOf } from '../keras/regularizers.ts';
import { callPositions, orderGraph } from '../keras/graph.ts';
import { inputShape } from '../keras/input-layer.ts';
import { readLayer } from '../keras/layers/catalogue.ts';
import type { CallContext, VariableSpec, WrappedLayer } from '../keras/layers/layer.ts';
import { isTrainable, layerOf, MOST_DEPTH, SpecError } from '../keras/spec.ts';
import type {
  ForeignLayer,
  JsonObject,
  LayerId,
  LayerSpec,
  ModelSpec,
  TensorRef,
} from '../keras/spec.ts';
import { createOps, type Ops, type Value } from './builder.ts';
import {
  liveMasks,
  masksIn,
  positional,
  resolveArguments,
  type Keywords,
} from './call-arguments.ts';
import { compatible, formatShape, MOST_NUMBERS, sizeOf } from './tensor.ts';
import type { TracedCall, TracedVariable, TraceOptions } from './trace.ts';
import { Traced, traced, valuesOf } from './traced.ts';

/** More calls than this in one model is taken for a mistake, not for a model. */
const MOST_CALLS = 500_000;

/** Calls layers and models, and gathers what they declare: variables, their new values, losses. */
export class Tracer {
  readonly variables = new Map<string, TracedVariable>();
  readonly updates = new Map<string, Value>();
  readonly losses: Value[] = [];
  readonly calls: TracedCall[] = [];
  private readonly built = new Map<LayerId, readonly VariableSpec[]>();
  private readonly above: Set<LayerId>;
  /** What is known of wrapped layers, see `couplesSamples`. */
  private readonly coupled: Map<string, boolean>;
  private randoms = 0;
  /** How many steps have been joined to the batch by the wrappers above. */
  private joined: readonly number[] = [];

  readonly spec: ModelSpec;
  readonly ops: Ops;
  readonly training: boolean;
  /** Whether placeholders are called, for shapes and variables alone. */
  readonly placeholders: boolean;

  constructor(
    spec: ModelSpec,
    ops: Ops,
    { training = false, placeholders = false }: Pick<TraceOptions, 'training' | 'placeholders'>,
    within?: Tracer,
  ) {
    this.spec = spec;
    this.ops = ops;
    this.training = training;
    this.placeholders = placeholders;
    this.above = new Set(within?.above);
    this.coupled = within?.coupled ?? new Map();
  }

  /** Calls a layer or model. Throws a SpecError that names the path when it can't take what comes. */
  call(
    layer: LayerId,
    path: string,
    inputs: readonly Traced[],
    kwargs: Keywords,
    trainable: boolean,
    direct = false,
  ): Traced[] {
    const spec = layerOf(this.spec, layer);
    const trained = trainable && isTrainable(spec);
    if (this.above.has(layer)) throw new SpecError(path, 'the model contains itself');
    if (this.above.size >= MOST_DEPTH)
      throw new SpecError(path, `over ${MOST_DEPTH} models inside one another`);
    this.above.add(layer);
    const outputs = spec.graph
      ? this.callModel(spec, path, inputs, kwargs, trained)
      : this.callLayer(layer, spec, path, inputs, kwargs, trained, direct);
    this.above.delete(layer);
    const traced = { path, layer, inputs: valuesOf(inputs), outputs: valuesOf(outputs) };
    if (this.calls.push(traced) > MOST_CALLS)
      throw new SpecError(path, `the model makes over ${MOST_CALLS} calls`);
    return outputs;
  }

  private callModel(
    { graph, config }: LayerSpec,
    path: string,
    given: readonly Traced[],
    kwargs: Keywords,
    trainable: boolean,
  ): Traced[] {
    const masks = liveMasks(given, kwargs, true);
    const inputs = given.map(({ value, live }, i) => {
      live.mask = masks[i]!;
      return new Traced(value, live, null);
    });
    this.checkInputs(
      graph!.inputs.map(([input]) => input),
      inputs,
      path,
    );
    const positions = callPositions(graph!);
    const results = new Map<number, readonly Traced[]>();
    graph!.inputs.forEach(([input, call], i) =>
      results.set(positions.get(input)![call]!, [inputs[i]!]),
    );
    const tensorOf = ([from, call, output]: TensorRef): Traced => {
      const tensor = results.get(positions.get(from)?.[call] ?? -1)?.[output];
      if (!tensor) throw new SpecError(path, `${from} has no output ${output} at its call ${call}`);
      return tensor;
    };
    for (const at of orderGraph(this.spec, graph!, path).calls) {
      const call = graph!.calls[at]!;
      const childPath = `${path}/${layerOf(this.spec, call.layer).config.name}`;
      const known = results.get(at);
      if (known)
        this.calls.push({
          path: childPath,
          layer: call.layer,
          inputs: [],
          outputs: valuesOf(known),
        });
      else {
        const { args, kwargs } = resolveArguments(call, tensorOf);
        results.set(at, this.call(call.layer, childPath, args, kwargs, trainable));
      }
    }
    if (graph!.outputs.length === 0) throw new SpecError(path, `${config.name} has no outputs`);
    return graph!.outputs.map(tensorOf).map(({ value, live }) => new Traced(value, live, null));
  }

  private checkInputs(declared: readonly LayerId[], inputs: readonly Traced[], path: string) {
    if (declared.length !== inputs.length)
      throw new SpecError(path, `expected ${declared.length} inputs; got ${inputs.length}`);
    declared.forEach((id, i) => {
      const layer = layerOf(this.spec, id);
      const expected = inputShape(layer);
      const { shape } = inputs[i]!.value;
      if (!compatible(expected, shape))
        throw new SpecError(
          path,
          `input ${layer.config.name} expects shape ${formatShape(expected)}; got ${formatShape(shape)}`,
        );
    });
  }

  private callLayer(
    layer: LayerId,
    spec: LayerSpec,
    path: string,
    given: readonly Traced[],
    keywords: Keywords,
    trainable: boolean,
    direct: boolean,
  ): Traced[] {
    if (spec.foreign && this.placeholders)
      return this.callForeign(layer, spec.foreign, path, given, trainable);
    const { definition, config } = readLayer(spec, path);
    const losses = this.losses.length;
    try {
      const { inputs, kwargs } = positional(definition, given, keywords);
      const values = inputs.map(({ value }) =>
        definition.anyType ? value : this.ops.cast(value, 'float32'),
      );
      const shapes = values.map((x) => x.shape);
      this.build(layer, definition.variables?.(config, shapes) ?? [], trainable);
      const masks = liveMasks(inputs, kwargs, definition.takesMask ?? false);
      const context = this.context(layer, spec, path, masks, kwargs, trainable);
      const outputs = [definition.call(context, values, config)].flat();
      if (direct) this.losses.length = losses;
      else this.regularizeActivity(spec, outputs);
      const after = (masks: CallContext['masks']) =>
        definition.mask?.({ ...context, masks }, values, config) ?? [];
      const live = after(masks);
      const recorded = after(inputs.map((x, i) => masksIn(kwargs)[i] ?? x.recorded));
      if (definition.removesMasks) for (const input of inputs) input.live.mask = null;
      return outputs.map(
        (value, i) => new Traced(value, { mask: live[i] ?? null }, recorded[i] ?? null),
      );
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      throw new SpecError(path, `${spec.class_name}: ${error.message}`);
    }
  }

  /** Declares what a placeholder's file says that it holds and gives; without that, it gives what it takes. */
  private callForeign(
    layer: LayerId,
    { variables = [], outputs }: ForeignLayer,
    path: string,
    given: readonly Traced[],
    trainable: boolean,
  ): Traced[] {
    const zero = variables.map((variable) => ({ ...variable, initializer: 'zeros' }));
    this.build(layer, zero, trainable);
    const types = outputs ?? given.slice(0, 1).map(({ value }) => value);
    return types.map(({ shape, dtype }, i) =>
      traced(this.ops.feed(`${path}/${this.calls.length}/${i}`, shape, dtype)),
    );
  }

  /** Adds the layer's `activity_regularizer` of its outputs, per sample, to the loss. */
  private regularizeActivity({ config }: LayerSpec, outputs: readonly Value[]) {
    const given = config['activity_regularizer'];
    if (given == null) return;
    const regularize = regularizerOf(given as string | JsonObject);
    for (const output of outputs)
      this.losses.push(this.ops.div(regularize(this.ops, output), this.ops.size(output, [0])));
  }

  /** Declares the layer's variables at its first call; later calls must need the same ones. */
  private build(layer: LayerId, variables: readonly VariableSpec[], trainable: boolean) {
    const built = this.built.get(layer);
    if (!built) this.built.set(layer, variables);
    variables.forEach((variable, i) => {
      const { name, shape } = variable;
      if (!built) checkVariable(variable);
      const key = `${layer}/${name}`;
      const moved = trainable && variable.trainable !== false;
      const known = this.variables.get(key);
      if (!known) this.variables.set(key, { ...variable, key, layer, trainable: moved });
      else if (moved) known.trainable = true;
      if (built && String(built[i]?.shape) !== String(shape))
        throw new RangeError(
          `the layer was built with ${name} ${formatShape(built[i]?.shape ?? [])}; this call needs ${formatShape(shape)}`,
        );
    });
  }

  private context(
    layer: LayerId,
    { wraps = {} }: LayerSpec,
    path: string,
    masks: CallContext['masks'],
    kwargs: Keywords,
    trainable: boolean,
  ): CallContext {
    const { ops, updates, variables, losses } = this;
    const keyOf = (name: string) => `${layer}/${name}`;
    return {
      ops,
      training: this.training,
      trainable,
      kwargs,
      masks,
      variable(name) {
        const key = keyOf(name);
        const variable = variables.get(key);
        if (!variable) throw new RangeError(`there is no variable ${key}`);
        return updates.get(key) ?? ops.variable(key, variable.shape, variable.dtype);
      },
      update: (name, value) => void updates.set(keyOf(name), value),
      addLoss: (value) => void losses.push(value),
      random: (like, distribution) => {
        const name = `${layer}/random_${this.randoms++}`;
        const [batch, ...rest] = 'id' in like ? like.shape : like;
        if (this.joined.length === 0 || rest.includes(null))
          return ops.random(name, like, distribution);
        // A run draws for the batch, so the axes that were joined to it stand apart.
        const drawn = ops.random(name, [batch!, ...this.joined, ...rest], distribution);
        return ops.reshape(drawn, [batch!, ...rest]);
      },
      wrapped: (role) => {
        if (!Object.hasOwn(wraps, role)) throw new RangeError(`expected a layer in "${role}"`);
        return this.wrapped(wraps[role]!, path, trainable);
      },
    };
  }

  private wrapped(layer: LayerId, parent: string, trainable: boolean): WrappedLayer {
    const { class_name, config } = layerOf(this.spec, layer);
    const path = `${parent}/${config.name}`;
    return {
      className: class_name,
      config,
      call: (inputs, kwargs = {}, { direct = false, joined = 1 } = {}) => {
        const before = this.joined;
        if (joined !== 1) this.joined = [...before, joined];
        const tensors = inputs.map((x) => traced(x));
        const outputs = this.call(layer, path, tensors, kwargs, trainable, direct);
        this.joined = before;
        return valuesOf(outputs);
      },
      couplesSamples: (inputs) => {
        const types = inputs.map(({ shape, dtype }) => [dtype, ...shape]);
        const key = JSON.stringify([layer, trainable, types]);
        const known = this.coupled.get(key);
        if (known !== undefined) return known;
        const trial = new Tracer(this.spec, createOps(), this, this);
        const feeds = inputs.map((x, i) => trial.ops.feed(`${i}`, x.shape, x.dtype));
        trial.call(
          layer,
          path,
          feeds.map((x) => traced(x)),
          {},
          trainable,
          true,
        );
        const coupled = trial.updates.size > 0 || trial.losses.length > 0;
        this.coupled.set(key, coupled);
        return coupled;
      },
    };
  }
}

/** Throws a RangeError for a variable that can't be made, before anything is made. */
function checkVariable({ name, shape, initializer, regularizer, constraint }: VariableSpec) {
  if (!(sizeOf(shape) <= MOST_NUMBERS))
    throw new RangeError(
      `${name} has shape ${formatShape(shape)}; a variable holds at most ${MOST_NUMBERS} numbers`,
    );
  initializerOf(initializer);
  if (regularizer) regularizerOf(regularizer);
  if (constraint) constraintOf(constraint);
}
