import { layerAt } from '../keras/graph.ts';
import { layerOf, SpecError, type LayerId, type ModelSpec } from '../keras/spec.ts';
import type { Value } from './builder.ts';
import { nodesOf, type Program } from './program.ts';
import type { Shape } from './tensor.ts';
import { traceModel } from './trace.ts';

/** What one call of a tapped layer gives. */
export interface Tap {
  readonly path: string;
  /** Counts the calls at this path, in the order in which they run. */
  readonly call: number;
  /** The names of the program's outputs that hold it, one an output of the layer. */
  readonly outputs: readonly string[];
  readonly shapes: readonly Shape[];
}

/** A program that gives activations inside a model. */
export interface TapProgram {
  readonly program: Program;
  /** The feeds that it takes: those of the model's inputs that lead to a tap. */
  readonly inputs: readonly string[];
  readonly taps: readonly Tap[];
}

/**
 * The activations at any paths of a model (`autoencoder/encoder/conv2d`), for the inputs of the model itself, in
 * inference mode. A path at which a layer is called several times gives each call; a layer inside TimeDistributed has
 * the steps joined to its batch. Throws a SpecError for a path that is not in the model or that no output needs.
 */
export function tapProgram(spec: ModelSpec, model: LayerId, paths: readonly string[]): TapProgram {
  const { ops, calls } = traceModel(spec, model);
  const { name } = layerOf(spec, model).config;
  const outputs: Record<string, Value> = {};
  const taps = [...new Set(paths)].flatMap((path) => {
    layerAt({ ...spec, models: [model] }, path);
    const found = calls.filter((call) => call.path === path);
    if (found.length === 0) throw new SpecError(path, `no output of ${name} needs it`);
    return found.map((traced, call): Tap => {
      const names = traced.outputs.map((_, i) => `${path}#${call}/${i}`);
      traced.outputs.forEach((value, i) => (outputs[names[i]!] = value));
      return { path, call, outputs: names, shapes: traced.outputs.map(({ shape }) => shape) };
    });
  });
  const program = ops.program(outputs);
  return { program, inputs: nodesOf(program, 'feed').map(({ attrs }) => attrs.name), taps };
}
