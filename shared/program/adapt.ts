import { normalization } from '../keras/layers/rescaling.ts';
import { readLayer } from '../keras/layers/catalogue.ts';
import { layerOf, type LayerId, type ModelSpec } from '../keras/spec.ts';
import type { Ops, Value } from './builder.ts';
import { nodesOf, type Program } from './program.ts';
import { tensor, type NamedTensors } from './tensor.ts';
import { traceModel, type TracedCall } from './trace.ts';

/** Some Normalization layers of a model that learn mean and variance from the same pass over the data. */
export interface AdaptRound {
  readonly layers: readonly LayerId[];
  /** Takes the model's inputs of a batch, and gives what `take` adds up. */
  readonly program: Program;
  take(outputs: NamedTensors): void;
  /** Mean and variance over all batches that were taken, as the layers' variables. */
  variables(): NamedTensors;
}

/**
 * The next pass of Keras's `Normalization.adapt` over the inputs of a model: for the layers without a given mean that
 * are not in `adapted`, and whose inputs need no other of them. Their inputs are what they get inside the model, in
 * inference mode; a layer with several calls learns from all of them. Null when all are adapted. The moments are those
 * of NumPy in double precision, over all axes but the layer's own.
 */
export function nextAdaptRound(
  spec: ModelSpec,
  model: LayerId,
  adapted: ReadonlySet<LayerId>,
): AdaptRound | null {
  const { ops, calls } = traceModel(spec, model);
  const waiting = new Map<LayerId, TracedCall[]>();
  for (const call of calls)
    if (!adapted.has(call.layer) && isUnadapted(spec, call.layer))
      waiting.set(call.layer, [...(waiting.get(call.layer) ?? []), call]);
  if (waiting.size === 0) return null;

  const needs = (call: TracedCall) => {
    const program = ops.program({ x: call.inputs[0]! });
    const names = new Set(nodesOf(program, 'variable').map(({ attrs }) => attrs.name));
    return [...waiting.keys()].filter((layer) => names.has(`${layer}/mean`));
  };
  const known = [...waiting].map(([layer, calls]) => ({
    layer,
    /** Calls whose inputs are known; those behind the layer itself never are. */
    calls: calls.filter((call) => needs(call).length === 0),
    whole: calls.every((call) => needs(call).every((other) => other === layer)),
  }));
  const whole = known.filter(({ calls, whole }) => whole && calls.length > 0);
  const chosen = whole.length > 0 ? whole : known.filter(({ calls }) => calls.length > 0);

  const results: Record<string, Value> = {};
  const learned = chosen.map(({ layer, calls }) => {
    const { axis } = readLayer(layerOf(spec, layer), layer).config as { axis: number[] };
    const names = calls.map((call, i) => {
      const name = `${layer}#${i}`;
      for (const [key, value] of Object.entries(batchMoments(ops, call.inputs[0]!, axis)))
        results[`${name}/${key}`] = value;
      return name;
    });
    return { layer, names, moments: null as Moments | null };
  });
  return {
    layers: chosen.map(({ layer }) => layer),
    program: ops.program(results),
    take(outputs) {
      for (const one of learned)
        for (const name of one.names)
          one.moments = joined(one.moments, {
            count: outputs[`${name}/count`]!.data[0]!,
            mean: Float64Array.from(outputs[`${name}/mean`]!.data),
            variance: Float64Array.from(outputs[`${name}/variance`]!.data),
          });
    },
    variables: () =>
      Object.fromEntries(
        learned.flatMap(({ layer, names, moments }) => {
          const { shape } = results[`${names[0]!}/mean`]!;
          return (['mean', 'variance'] as const).map((name) => [
            `${layer}/${name}`,
            tensor(Float32Array.from(moments![name]), shape as number[]),
          ]);
        }),
      ),
  };
}

/** Mean and variance of so many numbers, for each place of the axes that are kept. */
interface Moments {
  readonly count: number;
  readonly mean: Float64Array;
  readonly variance: Float64Array;
}

/** The moments of a batch over all axes but those that are kept, in the kept axes' own order. */
function batchMoments(ops: Ops, x: Value, kept: readonly number[]) {
  const float = ops.cast(x, 'float32');
  const rank = x.shape.length;
  const axes = kept.map((axis) => (axis < 0 ? axis + rank : axis));
  const others = x.shape.map((_, axis) => axis).filter((axis) => !axes.includes(axis));
  const mean = ops.reduceMean(float, others, true);
  const variance = ops.reduceMean(ops.square(ops.sub(float, mean)), others);
  const shape = variance.shape;
  return { count: ops.size(x, others), mean: ops.reshape(mean, shape), variance };
}

/** The moments of both together. */
function joined(a: Moments | null, b: Moments): Moments {
  if (!a) return b;
  const count = a.count + b.count;
  const share = b.count / count;
  const mean = a.mean.map((value, i) => value + (b.mean[i]! - value) * share);
  const variance = a.variance.map(
    (value, i) =>
      (value + (a.mean[i]! - mean[i]!) ** 2) * (1 - share) +
      (b.variance[i]! + (b.mean[i]! - mean[i]!) ** 2) * share,
  );
  return { count, mean, variance };
}

/** Whether the model has a Normalization layer that must learn its mean from data. */
function isUnadapted(spec: ModelSpec, layer: LayerId): boolean {
  const { class_name, config } = layerOf(spec, layer);
  return class_name === normalization.className && config['mean'] == null;
}
