import { settingsPerOutput, type CompileSettings } from '../keras/compile-settings.ts';
import { layerOf, type LayerId, type ModelSpec } from '../keras/spec.ts';
import type { Ops, Value } from './builder.ts';
import { grad } from './grad.ts';
import { addObjective } from './objective.ts';
import type { Program } from './program.ts';
import type { NamedTensors } from './tensor.ts';
import { traceModel, type Trace, type TracedCall } from './trace.ts';

/** Where values first were no numbers: NaN or infinite. */
export interface BadPlace {
  /**
   * What they are: what goes into the model or should come out, a layer's weights, what it gives, the loss of an output
   * whose values are numbers, a layer's gradient, or weights after an update with a gradient of numbers.
   */
  readonly where: 'input' | 'target' | 'weights' | 'output' | 'loss' | 'gradient' | 'update';
  /** The layer's path, `autoencoder/encoder/conv2d`. */
  readonly path: string;
}

/** A program that finds, for one batch, where values first are no numbers. */
export interface FiniteCheck {
  /** Takes what a training step takes; gives how many values are no numbers, by place. */
  readonly program: Program;
  /** The first bad place in the order of computation: forward, then backward. Null when there is none. */
  first(counts: NamedTensors): BadPlace | null;
}

/** The greatest float32. */
const GREATEST = 3.4028234663852886e38;

/**
 * The check of a model as it is trained: dropout, batch statistics and class weights are those of the step. Without
 * `training`, that of its evaluation, which has no gradients.
 */
export function finiteCheck(
  spec: ModelSpec,
  model: LayerId,
  settings: CompileSettings,
  training: boolean,
): FiniteCheck {
  const trace = traceModel(spec, model, { training });
  const { ops, outputs } = trace;
  const byClass = training && settings.class_weight ? [[null]] : undefined;
  const judged = settingsPerOutput(spec, model, settings);
  const objective = addObjective(trace, judged, byClass);
  const { loss, targets } = objective;
  const results: Record<string, Value> = {};
  const places: { readonly outputs: readonly string[]; readonly place: BadPlace }[] = [];

  /** Notes a place, in the order in which they are looked at; it is bad when one of the values is. */
  function note(place: BadPlace, values: readonly Value[]) {
    const floats = values.filter(({ dtype }) => dtype === 'float32');
    const names = floats.map((value, i) => {
      const name = `${places.length}/${i}`;
      results[name] = badValues(ops, value);
      return name;
    });
    places.push({ outputs: names, place });
  }

  const { name } = layerOf(spec, model).config;
  const inputs = layerOf(spec, model).graph!.inputs;
  inputs.forEach(([input], i) => {
    const path = `${name}/${layerOf(spec, input).config.name}`;
    note({ where: 'input', path }, [trace.inputs[i]!]);
  });
  const pathOf = (output: Value) => layerGiving(trace, output)?.path ?? name;
  for (const target of targets) {
    const output = outputs[Number(target.name.slice('target/'.length))]!;
    const fed = ops.feed(target.name, target.shape, target.dtype);
    note({ where: 'target', path: pathOf(output) }, [fed]);
  }
  const leaves = trace.calls.filter(({ layer }) => !layerOf(spec, layer).graph);
  const variablesOf = ({ layer }: TracedCall) =>
    trace.variables.filter((variable) => variable.layer === layer);
  for (const call of leaves) {
    const weights = variablesOf(call).map(({ key, shape, dtype }) =>
      ops.variable(key, shape, dtype),
    );
    note({ where: 'weights', path: call.path }, weights);
    note({ where: 'output', path: call.path }, call.outputs);
  }
  judged.forEach((output, i) => {
    const own = objective.results[`loss/${output.name}`];
    if (own) note({ where: 'loss', path: pathOf(outputs[i]!) }, [own]);
  });
  note({ where: 'loss', path: pathOf(outputs[0]!) }, [loss]);

  if (training) {
    const flow = leaves.map((call) => {
      const trained = variablesOf(call).filter(({ trainable }) => trainable);
      const weights = trained.map(({ key, shape, dtype }) => ops.variable(key, shape, dtype));
      return { call, values: [...call.outputs, ...call.inputs, ...weights].filter(isFloat) };
    });
    const all = grad(
      ops,
      loss,
      flow.flatMap(({ values }) => values),
    );
    // Backward: what a layer gets is noted before what it makes of it, the last layer first.
    let at = all.length;
    for (const { call, values } of flow.toReversed()) {
      at -= values.length;
      const got = call.outputs.filter(isFloat).length;
      const gradients = all.slice(at, at + values.length);
      const isLast = outputs.some(({ id }) => call.outputs.some((output) => output.id === id));
      if (isLast) note({ where: 'loss', path: call.path }, gradients.slice(0, got));
      note({ where: 'gradient', path: call.path }, gradients.slice(got));
    }
  }
  return {
    program: ops.program(results),
    first(counts) {
      const bad = (output: string) => counts[output]!.data[0] !== 0;
      return places.find(({ outputs }) => outputs.some(bad))?.place ?? null;
    },
  };
}

const isFloat = ({ dtype }: Value) => dtype === 'float32';

/** How many values are NaN or infinite. */
function badValues(ops: Ops, value: Value): Value {
  const isBad = ops.not(ops.lessEqual(ops.abs(value), GREATEST));
  return ops.reduceSum(ops.cast(isBad, 'float32'));
}

/** The innermost call that gives a value. */
function layerGiving({ calls }: Trace, value: Value): TracedCall | undefined {
  return calls.find(({ outputs }) => outputs.some(({ id }) => id === value.id));
}
