import type { ExportOptions } from '../../shared/api/exports.ts';
import { layerOf } from '../../shared/keras/spec.ts';
import { inputType } from '../../shared/keras/input-layer.ts';
import { createOps, type Ops, type Value } from '../../shared/program/builder.ts';
import { optimize } from '../../shared/program/optimize.ts';
import { nodesOf, type Program } from '../../shared/program/program.ts';
import type { TensorType } from '../../shared/program/tensor.ts';
import { inputShape, traceModel, type TracedVariable } from '../../shared/program/trace.ts';
import { modelOf, type ExportSource } from './exporter.ts';

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
}

/**
 * The program of a model in inference mode, with a fixed batch where one is given, and its images with channels first
 * at both ends where that is wanted. Throws a SpecError for a model that can't be, and an Error for one that draws
 * random numbers.
 */
export function predictProgram(
  source: ExportSource,
  { batch, layout }: Pick<ExportOptions, 'batch' | 'layout'>,
): PredictProgram {
  const { spec } = source;
  const model = modelOf(source);
  const { graph } = layerOf(spec, model);
  const ops = createOps();
  const first = layout === 'channels_first';
  const named = uniqueNames();
  const fed = graph!.inputs.map(([id]) => {
    const layer = layerOf(spec, id);
    const [, ...sample] = inputShape(layer);
    const shape = [batch, ...sample];
    const value = ops.feed(
      named(layer.config.name),
      first ? moved(shape, 'first') : shape,
      inputType(layer),
    );
    return { value, inside: first ? transposed(ops, value, 'last') : value };
  });
  const traced = traceModel(spec, model, { ops, inputs: fed.map(({ inside }) => inside) });
  const results = traced.outputs.map((value, i) => {
    const name = named(layerOf(spec, graph!.outputs[i]![0]).config.name);
    return [name, first ? transposed(ops, value, 'first') : value] as const;
  });
  const program = optimize(ops.program(Object.fromEntries(results)));
  if (nodesOf(program, 'random').length > 0)
    throw new Error(`${source.path} draws random numbers whenever it runs; a file can't`);
  return {
    program,
    inputs: fed.map(({ value }) => {
      const { attrs } = ops.nodes[value.id] as { attrs: { name: string } };
      return { name: attrs.name, shape: value.shape, dtype: value.dtype };
    }),
    outputs: results.map(([name, { shape, dtype }]) => ({ name, shape, dtype })),
    variables: traced.variables,
  };
}

/** Images and volumes with their channels moved; other tensors as they are. */
function transposed(ops: Ops, x: Value, to: 'first' | 'last'): Value {
  const axes = x.shape.map((_, i) => i);
  return ops.transpose(x, moved(axes, to));
}

/** The axes of images and volumes in another order: [N, ..., C] to [N, C, ...] or back. */
export function moved<T>(axes: readonly T[], to: 'first' | 'last'): T[] {
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
