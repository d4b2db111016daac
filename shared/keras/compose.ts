import { createOps } from '../program/builder.ts';
import type { Dim, DType } from '../program/tensor.ts';
import { traceModel } from '../program/trace.ts';
import { isLayer, layerMakers, type LayerOptions } from './compose-layers.ts';
import { callsOf, isTensor, mapSymbols, toSpec } from './composed-spec.ts';
import { catalogue } from './layers/catalogue.ts';
import { createNamer } from './names.ts';
import { SpecError, type Json, type LayerConfig, type ModelSpec } from './spec.ts';
import { bothDirections } from './wrapping.ts';

/** A layer or model while it is composed. Calls are counted over all models that it is used in. */
export interface Composed {
  readonly class_name: string;
  readonly config: LayerConfig;
  readonly calls: ComposedCall[];
  /** Of a model: where it begins and ends. */
  readonly ends?: {
    readonly inputs: readonly SymbolicTensor[];
    readonly outputs: readonly SymbolicTensor[];
  };
  /** Of a wrapper: the layers inside, by Keras's configuration key. */
  readonly wraps?: Readonly<Record<string, Composed>>;
}

export interface ComposedCall {
  readonly args: readonly (SymbolicTensor | readonly SymbolicTensor[])[];
  readonly kwargs: CallOptions;
  /** Counts all calls of the composition, so that a model's calls keep the order in which they were made. */
  readonly order: number;
  readonly outputs: readonly SymbolicTensor[];
}

/** A tensor that is not computed yet: an output of a call. */
export interface SymbolicTensor {
  readonly layer: Composed;
  readonly call: number;
  readonly output: number;
  /** With the batch first, null. */
  readonly shape: readonly Dim[];
  readonly dtype: DType;
}

type Tensors = SymbolicTensor | readonly SymbolicTensor[];

/** Keyword arguments of a call: tensors, lists of them, plain values. */
type CallOptions = Readonly<
  Record<string, Json | SymbolicTensor | readonly (SymbolicTensor | null)[]>
>;

/** A layer or model as a plain function. Every call uses the same variables. */
export interface LayerFunction<Result = SymbolicTensor> {
  (
    ...inputs: readonly [...Tensors[], CallOptions & { return_attention_scores: true }]
  ): SymbolicTensor[];
  (...inputs: readonly [Tensors, ...Tensors[]] | readonly [...Tensors[], CallOptions]): Result;
  readonly layer: Composed;
  /** What the layer's only call gave; of a model, its own output. Throws a SpecError when there are several. */
  readonly output: SymbolicTensor;
}

/** A model as a function: it gives one tensor, or a list when it was made with a list. */
export interface ModelFunction<Result = SymbolicTensor> extends LayerFunction<Result> {
  readonly inputs: readonly SymbolicTensor[];
  readonly outputs: readonly SymbolicTensor[];
  /** One of the layers right inside the model. Throws a SpecError that lists them when there is none of this name. */
  getLayer(name: string): LayerFunction;
}

/**
 * Keras's functional API. `build` makes layers and models by calling them and returns the models to keep, the main
 * one last; automatic names are counted as Keras does. Throws a SpecError that names the layer that can't be.
 *
 *     compose(({ input, layers, model }) => {
 *       const x = input([28, 28, 1], { name: 'img' });
 *       const encoder = model(x, layers.flatten()(x), { name: 'encoder' });
 *       …
 *       return [encoder, model(img, decoder(encoder(img)), { name: 'autoencoder' })];
 *     })
 */
export function compose(
  build: (composer: Composer) => ModelFunction<unknown> | readonly ModelFunction<unknown>[],
): ModelSpec {
  const models = build(createComposer());
  const list = typeof models === 'function' ? [models] : models;
  return toSpec(list.map((model) => model.layer));
}

/** The functions that `compose` gives to its callback. */
export type Composer = ReturnType<typeof createComposer>;

function createComposer() {
  const nameOf = createNamer();
  const functions = new Map<Composed, LayerFunction<unknown>>();
  let order = 0;

  function composed(
    class_name: string,
    options: LayerOptions,
    ends?: NonNullable<Composed['ends']>,
  ): Composed {
    const name = options['name'] ?? nameOf(class_name);
    if (typeof name !== 'string' || name === '' || name.includes('/'))
      throw new SpecError(String(name), 'a name is a text without "/"');
    const { config, wraps } = unwrapped(class_name, { ...options, name }, name);
    return {
      class_name,
      config,
      calls: [],
      ...(ends && { ends }),
      ...(wraps && { wraps }),
    };
  }

  function record(layer: Composed, args: ComposedCall['args'], kwargs: CallOptions) {
    const types = outputTypes(layer, args, kwargs);
    const call = layer.calls.length;
    const outputs = types.map((type, output) => ({ layer, call, output, ...type }));
    layer.calls.push({ args, kwargs, order: order++, outputs });
    return outputs;
  }

  function callable<Result>(layer: Composed, single: boolean): ModelFunction<Result> {
    const byPlace = (catalogue.get(layer.class_name)?.arguments?.length ?? 0) > 0;
    const call = (...given: readonly (Tensors | CallOptions)[]): Result => {
      const last = given.at(-1);
      const named = typeof last === 'object' && !Array.isArray(last) && !isTensor(last);
      const args = (named ? given.slice(0, -1) : given) as readonly Tensors[];
      const kwargs = named ? (last as CallOptions) : {};
      const outputs = record(layer, byPlace ? args.flat() : args, kwargs);
      return (single && outputs.length === 1 ? outputs[0] : outputs) as Result;
    };
    const made = Object.defineProperties(call, {
      layer: { value: layer },
      inputs: { value: layer.ends?.inputs },
      outputs: { value: layer.ends?.outputs },
      output: { get: () => onlyOutput(layer) },
      getLayer: { value: (name: string) => functions.get(layerNamed(layer, name)) },
    }) as unknown as ModelFunction<Result>;
    functions.set(layer, made);
    return made;
  }

  /** A layer of any class by Keras's name. */
  function layer(class_name: string, options: LayerOptions = {}): LayerFunction {
    return callable(composed(class_name, options), true);
  }

  /** The start of a model; `shape` is without the batch. */
  function input(
    shape: readonly Dim[],
    { dtype = 'float32', name }: { dtype?: DType; name?: string } = {},
  ): SymbolicTensor {
    const batch_shape = [null, ...shape];
    const options = { batch_shape, dtype, ...(name !== undefined && { name }) };
    const source = composed('InputLayer', options);
    const tensor = { layer: source, call: 0, output: 0, shape: batch_shape, dtype };
    source.calls.push({ args: [], kwargs: {}, order: order++, outputs: [tensor] });
    callable(source, true);
    return tensor;
  }

  /**
   * A model from tensors to tensors that follow from them; it can be called like a layer. It may begin at tensors that
   * calls gave: the layers from there on are called once more, behind new inputs.
   */
  function model<Outputs extends Tensors>(
    inputs: Tensors,
    outputs: Outputs,
    options: LayerOptions = {},
  ): ModelFunction<Outputs extends SymbolicTensor ? SymbolicTensor : SymbolicTensor[]> {
    const ends = beginAt([inputs].flat() as SymbolicTensor[], [outputs].flat() as SymbolicTensor[]);
    const made = composed('Functional', options, ends);
    checkModel(made);
    return callable(made, !Array.isArray(outputs));
  }

  /** The ends of a model that begins at any tensors, where new inputs stand for those in the middle. */
  function beginAt(inputs: readonly SymbolicTensor[], outputs: readonly SymbolicTensor[]) {
    const replaced = new Map<SymbolicTensor, SymbolicTensor>();
    for (const tensor of inputs)
      if (tensor.layer.class_name !== 'InputLayer')
        replaced.set(own(tensor), input(tensor.shape.slice(1), { dtype: tensor.dtype }));
    if (replaced.size === 0) return { inputs, outputs };
    const renewed = (tensor: SymbolicTensor) => replaced.get(own(tensor)) ?? tensor;
    for (const { layer, call } of callsOf(outputs, new Set(inputs.map(own)))) {
      const { args, kwargs, outputs: before } = layer.calls[call]!;
      const fresh = mapSymbols([args, kwargs], renewed) as [typeof args, typeof kwargs];
      if (String(idsIn([args, kwargs])) === String(idsIn(fresh))) continue;
      record(layer, ...fresh).forEach((tensor, i) => replaced.set(before[i]!, tensor));
    }
    return { inputs: inputs.map(renewed), outputs: outputs.map(renewed) };
  }

  /** A chain of layers as a model. It starts with a tensor that `input` gave. */
  function sequential(
    [start, ...chain]: readonly [SymbolicTensor, ...LayerFunction[]],
    options: LayerOptions = {},
  ): ModelFunction {
    const end = chain.reduce((x, next) => next(x), start);
    const made = composed('Sequential', options, { inputs: [start], outputs: [end] });
    checkModel(made);
    return callable(made, true);
  }

  return { input, layer, layers: layerMakers(layer), model, sequential };
}

/** The tensor as the layer itself holds it. */
const own = ({ layer, call, output }: SymbolicTensor) => layer.calls[call]!.outputs[output]!;

/** Which calls the tensors in a nest come from. */
function idsIn(nest: unknown): number[] {
  const ids: number[] = [];
  mapSymbols(nest, (tensor) => {
    ids.push(tensor.layer.calls[tensor.call]!.order, tensor.output);
    return tensor;
  });
  return ids;
}

function onlyOutput({ config, calls, ends }: Composed): SymbolicTensor {
  const outputs = ends?.outputs ?? (calls.length === 1 ? calls[0]!.outputs : []);
  if (outputs.length === 1) return outputs[0]!;
  throw new SpecError(
    config.name,
    ends
      ? `the model has ${outputs.length} outputs; take one of outputs`
      : `the layer is called ${calls.length} times; take what a call gave`,
  );
}

function layerNamed({ config, ends }: Composed, name: string): Composed {
  const inside = [...new Set(callsOf(ends?.outputs ?? []).map(({ layer }) => layer))];
  const found = inside.find((layer) => layer.config.name === name);
  if (found) return found;
  const names = inside.map((layer) => layer.config.name);
  throw new SpecError(config.name, `has no layer ${name}; it has ${names.join(', ')}`);
}

/** A wrapper's options apart from the layers in them. The directions of a Bidirectional are copies, as in Keras. */
function unwrapped(class_name: string, options: LayerOptions, name: string) {
  const roles = catalogue.get(class_name)?.wraps;
  if (!roles) return { config: options as LayerConfig };
  const wraps: Record<string, Composed> = {};
  for (const role of roles) {
    const given = options[role];
    if (isLayer(given)) wraps[role] = given.layer;
    else if (given != null || role !== 'backward_layer')
      throw new SpecError(name, `${class_name} takes a layer as "${role}"`);
  }
  const rest = Object.entries(options).filter(([key]) => !roles.includes(key));
  const config = Object.fromEntries(rest) as LayerConfig;
  if (class_name !== 'Bidirectional') return { config, wraps };
  const { layer, backward_layer: backward } = wraps;
  const both = bothDirections({ ...layer }, backward && { ...backward });
  const copy = (direction: 'layer' | 'backward_layer'): Composed => ({
    class_name: layer!.class_name,
    config: both[direction]['config'] as LayerConfig,
    calls: [],
  });
  return {
    config,
    wraps: { layer: copy('layer'), backward_layer: backward ?? copy('backward_layer') },
  };
}

/** Shapes and types that a call of the layer gives. */
function outputTypes(
  layer: Composed,
  args: ComposedCall['args'],
  kwargs: CallOptions,
): { shape: readonly Dim[]; dtype: DType }[] {
  const ops = createOps();
  let feeds = 0;
  const feed = ({ shape, dtype }: SymbolicTensor) => ops.feed(`input_${feeds++}`, shape, dtype);
  const inputs = (args.flat() as SymbolicTensor[]).map(feed);
  const plain = mapSymbols(kwargs, feed) as CallOptions;
  const spec = toSpec([layer]);
  const { outputs } = traceModel(spec, spec.models[0]!, { ops, inputs, kwargs: plain });
  return outputs.map(({ shape, dtype }) => ({ shape, dtype }));
}

function checkModel(model: Composed) {
  const spec = toSpec([model]);
  traceModel(spec, spec.models[0]!);
}
