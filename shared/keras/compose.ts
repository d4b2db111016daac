import { createOps } from '../program/builder.ts';
import type { Dim, DType } from '../program/tensor.ts';
import { traceModel } from '../program/trace.ts';
import { createNamer } from './names.ts';
import { SpecError, type Json, type LayerSpec, type ModelSpec } from './spec.ts';
import { isTensor, toSpec } from './composed-spec.ts';

/** A layer or model while it is composed. Calls are counted over all models that it is used in. */
export interface Composed {
  readonly class_name: string;
  readonly config: LayerSpec['config'];
  readonly calls: ComposedCall[];
  /** Of a model: where it begins and ends. */
  readonly ends?: {
    readonly inputs: readonly SymbolicTensor[];
    readonly outputs: readonly SymbolicTensor[];
  };
}

export interface ComposedCall {
  readonly args: readonly (SymbolicTensor | readonly SymbolicTensor[])[];
  readonly kwargs: CallOptions;
  /** Counts all calls of the composition, so that a model's calls keep the order in which they were made. */
  readonly order: number;
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

type CallOptions = Readonly<Record<string, Json | SymbolicTensor | readonly SymbolicTensor[]>>;

/** A layer or model as a plain function. Every call uses the same variables. */
export interface LayerFunction<Result = SymbolicTensor> {
  (inputs: SymbolicTensor | readonly SymbolicTensor[], options?: CallOptions): Result;
  readonly layer: Composed;
}

/** A model as a function: it gives one tensor, or a list when it was made with a list. */
export type ModelFunction<Result = SymbolicTensor> = LayerFunction<Result>;

/** Keras configuration of a layer; `name` is made up when it is left out. */
export type LayerOptions = Readonly<Record<string, Json>>;

type Size = number | readonly number[];

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
  let order = 0;

  function composed(class_name: string, options: LayerOptions, ends?: Composed['ends']): Composed {
    const name = options['name'] ?? nameOf(class_name);
    if (typeof name !== 'string' || name === '' || name.includes('/'))
      throw new SpecError(String(name), 'a name is a text without "/"');
    return { class_name, config: { ...options, name }, calls: [], ...(ends && { ends }) };
  }

  function callable<Result>(layer: Composed, single: boolean): LayerFunction<Result> {
    const call = (
      inputs: SymbolicTensor | readonly SymbolicTensor[],
      kwargs: CallOptions = {},
    ): Result => {
      const types = outputTypes(layer, inputs, kwargs);
      const index = layer.calls.push({ args: [inputs], kwargs, order: order++ }) - 1;
      const outputs = types.map((type, output) => ({ layer, call: index, output, ...type }));
      return (single && outputs.length === 1 ? outputs[0] : outputs) as Result;
    };
    return Object.assign(call, { layer });
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
    const options = { batch_shape: [null, ...shape], dtype, ...(name !== undefined && { name }) };
    const source = composed('InputLayer', options);
    source.calls.push({ args: [], kwargs: {}, order: order++ });
    return { layer: source, call: 0, output: 0, shape: [null, ...shape], dtype };
  }

  /** A model from tensors that `input` gave to tensors that calls gave. It can be called like a layer. */
  function model<Outputs extends SymbolicTensor | readonly SymbolicTensor[]>(
    inputs: SymbolicTensor | readonly SymbolicTensor[],
    outputs: Outputs,
    options: LayerOptions = {},
  ): ModelFunction<Outputs extends SymbolicTensor ? SymbolicTensor : SymbolicTensor[]> {
    const ends = { inputs: [inputs].flat(), outputs: [outputs as SymbolicTensor].flat() };
    const made = composed('Functional', options, ends);
    checkModel(made);
    return callable(made, !Array.isArray(outputs));
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

  return { input, layer, layers: layerFunctions(layer), model, sequential };
}

/** One function a class, with Keras's positional arguments. */
function layerFunctions(layer: (class_name: string, options?: LayerOptions) => LayerFunction) {
  return {
    dense: (units: number, options?: LayerOptions) => layer('Dense', { units, ...options }),
    activation: (activation: string, options?: LayerOptions) =>
      layer('Activation', { activation, ...options }),
    dropout: (rate: number, options?: LayerOptions) => layer('Dropout', { rate, ...options }),
    flatten: (options?: LayerOptions) => layer('Flatten', options),
    reshape: (target_shape: readonly number[], options?: LayerOptions) =>
      layer('Reshape', { target_shape, ...options }),
    conv2d: (filters: number, kernel_size: Size, options?: LayerOptions) =>
      layer('Conv2D', { filters, kernel_size, ...options }),
    conv2dTranspose: (filters: number, kernel_size: Size, options?: LayerOptions) =>
      layer('Conv2DTranspose', { filters, kernel_size, ...options }),
    maxPooling2d: (pool_size: Size = 2, options?: LayerOptions) =>
      layer('MaxPooling2D', { pool_size, ...options }),
    globalMaxPooling2d: (options?: LayerOptions) => layer('GlobalMaxPooling2D', options),
    upSampling2d: (size: Size = 2, options?: LayerOptions) =>
      layer('UpSampling2D', { size, ...options }),
    add: (options?: LayerOptions) => layer('Add', options),
    concatenate: (options?: LayerOptions) => layer('Concatenate', options),
  };
}

/** Shapes and types that a call of the layer gives. */
function outputTypes(
  layer: Composed,
  inputs: SymbolicTensor | readonly SymbolicTensor[],
  kwargs: CallOptions,
): { shape: readonly Dim[]; dtype: DType }[] {
  const tensors = [inputs].flat() as SymbolicTensor[];
  const ops = createOps();
  const values = tensors.map(({ shape, dtype }, i) => ops.feed(`input_${i}`, shape, dtype));
  const spec = toSpec([layer]);
  const plain = Object.fromEntries(
    Object.entries(kwargs).map(([name, value]) => [
      name,
      isTensor(value) ? ops.feed(name, value.shape, value.dtype) : value,
    ]),
  );
  const { outputs } = traceModel(spec, spec.models[0]!, { ops, inputs: values, kwargs: plain });
  return outputs.map(({ shape, dtype }) => ({ shape, dtype }));
}

function checkModel(model: Composed) {
  for (const { layer } of model.ends!.inputs)
    if (layer.class_name !== 'InputLayer')
      throw new SpecError(
        model.config.name,
        `a model begins at tensors that input() gave; got an output of ${layer.config.name}`,
      );
  const spec = toSpec([model]);
  traceModel(spec, spec.models[0]!);
}
