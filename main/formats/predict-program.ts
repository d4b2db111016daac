import type { ExportOptions } from '../../shared/api/exports.ts';
import { prepareImages, rawImageShape } from '../../shared/data/prepare-images.ts';
import type { Affine, ImagePreprocessing } from '../../shared/data/preprocessing.ts';
import { outputNames } from '../../shared/keras/compile-settings.ts';
import { inputType } from '../../shared/keras/input-layer.ts';
import { layerOf } from '../../shared/keras/spec.ts';
import type { OpName } from '../../shared/program/attributes.ts';
import { createOps, type Ops, type Value } from '../../shared/program/builder.ts';
import { optimize } from '../../shared/program/optimize.ts';
import { nodesOf, type Node, type Program } from '../../shared/program/program.ts';
import { tensor, type Dim, type Shape, type TensorType } from '../../shared/program/tensor.ts';
import {
  inputShape,
  traceModel,
  type TracedCall,
  type TracedVariable,
} from '../../shared/program/trace.ts';
import { modelOf, type ExportSource } from './exporter.ts';
import { imagePreparation, numberPreparation } from './preparation.ts';

/** A tensor that goes into a model or comes out of it. */
export interface Port extends TensorType {
  readonly name: string;
}

/** A model in inference mode, with ends that have names. */
export interface PredictProgram {
  /** Its feeds and outputs have the names of the ports. */
  readonly program: Program;
  /** In the model's order; named after its InputLayers. */
  readonly inputs: readonly Port[];
  /** In the model's order; named after the layers that give them. */
  readonly outputs: readonly Port[];
  readonly variables: readonly TracedVariable[];
  /** Paths of the layers that use an operation. */
  layersUsing(op: OpName): string[];
}

/**
 * The program of a model in inference mode, with a fixed batch where one is given, with its images channels first at
 * both ends where that is wanted, and with what the training does to images in it where that is, or as `prepared` says
 * for inputs by their names. Throws a SpecError for
 * a model that can't be, and an Error for one that draws random numbers, or whose preparation is not known.
 */
export function predictProgram(
  source: ExportSource,
  { batch, layout, preprocessing }: Pick<ExportOptions, 'batch' | 'layout' | 'preprocessing'>,
  prepared: ReadonlyMap<string, ImagePreprocessing> = preprocessing
    ? imagePreparation(source)
    : new Map(),
): PredictProgram {
  const { spec } = source;
  const model = modelOf(source);
  const { graph } = layerOf(spec, model);
  const ops = createOps();
  const first = layout === 'channels_first';
  const named = uniqueNames();
  const numbers = preprocessing ? numberPreparation(source) : new Map<string, never>();
  if (preprocessing && prepared.size + numbers.size === 0)
    throw new Error(`it is not known how the images that ${source.path} takes were prepared`);
  const inputs: Port[] = [];
  const inside = graph!.inputs.map(([id]) => {
    const layer = layerOf(spec, id);
    const how = prepared.get(layer.config.name);
    const shape = [batch, ...(how ? rawImageShape(how) : inputShape(layer)).slice(1)];
    const name = named(layer.config.name);
    const dtype = how ? 'float32' : inputType(layer);
    const fed = ops.feed(name, first ? moved(shape, 'first') : shape, dtype);
    inputs.push({ name, shape: fed.shape, dtype });
    const last = first ? transposed(ops, fed, 'last') : fed;
    if (how) return reshaped(ops, prepareImages(ops, last, how), batch, inputShape(layer));
    const affines = numbers.get(layer.config.name);
    return affines ? normalised(ops, last, affines) : last;
  });
  const traced = traceModel(spec, model, { ops, inputs: inside });
  const names = outputNames(spec, model).map(named);
  const results = traced.outputs.map((value) => (first ? transposed(ops, value, 'first') : value));
  const program = optimize(
    ops.program(Object.fromEntries(results.map((value, i) => [names[i]!, value]))),
  );
  if (nodesOf(program, 'random').length > 0)
    throw new Error(`${source.path} draws random numbers whenever it runs; a file can't`);
  return {
    program,
    inputs,
    outputs: results.map(({ shape, dtype }, i) => ({ name: names[i]!, shape, dtype })),
    variables: traced.variables,
    layersUsing: (op) => layersUsing(op, ops.nodes, traced.calls),
  };
}

/** Calls run one after the other, so a layer's operations are those since the call before. */
function layersUsing(op: OpName, nodes: readonly Node[], calls: readonly TracedCall[]): string[] {
  const paths = new Set<string>();
  let from = 0;
  for (const { path, outputs } of calls) {
    const end = Math.max(from, ...outputs.map(({ id }) => id + 1));
    if (nodes.slice(from, end).some((node) => node.op === op)) paths.add(path);
    from = end;
  }
  return [...paths];
}

/** Numbers as the training took them: `value * factor + offset`. */
function normalised(ops: Ops, x: Value, affines: readonly Affine[]): Value {
  const shape = x.shape.map((dim, axis) => (axis === 0 ? 1 : dim!));
  const constant = (pick: (affine: Affine) => number) =>
    ops.constant(tensor(affines.map(pick), shape));
  return ops.add(
    ops.mul(
      x,
      constant(({ factor }) => factor),
    ),
    constant(({ offset }) => offset),
  );
}

/** Prepared images in the shape that the model takes, such as a vector of their pixels. */
function reshaped(ops: Ops, x: Value, batch: Dim, shape: Shape): Value {
  return ops.reshape(x, [batch, ...shape.slice(1)]);
}

/** Images and volumes with their channels moved; other tensors as they are. */
function transposed(ops: Ops, x: Value, to: 'first' | 'last'): Value {
  const axes = x.shape.map((_, i) => i);
  return ops.transpose(x, moved(axes, to));
}

/** The axes of images and volumes in another order: [N, ..., C] to [N, C, ...] or back. */
function moved<T>(axes: readonly T[], to: 'first' | 'last'): T[] {
  if (axes.length < 4) return [...axes];
  const [batch, ...rest] = axes;
  return to === 'first'
    ? [batch!, rest.at(-1)!, ...rest.slice(0, -1)]
    : [batch!, ...rest.slice(1), rest[0]!];
}

/** Gives each name once: one that is taken gets a number behind it. */
function uniqueNames(): (name: string) => string {
  const taken = new Set<string>();
  return (name) => {
    let free = name;
    for (let i = 1; taken.has(free); i++) free = `${name}_${i}`;
    taken.add(free);
    return free;
  };
}
