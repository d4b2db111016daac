import { fromKerasLayer } from '../../shared/keras/keras-json.ts';
import { createOps, type Value } from '../../shared/program/builder.ts';
import { grad } from '../../shared/program/grad.ts';
import { traceModel } from '../../shared/program/trace.ts';
import type { TensorData } from '../../shared/program/tensor.ts';
import { goldenTensor, type GoldenTensor } from '../support/goldens.ts';
import { compare, type Mismatch } from './mismatch.ts';
import type { Runner } from './runner.ts';

type Nest = number | Nest[];

/** One call of a layer, as the golden files hold it. */
export interface LayerCase {
  readonly layer: { class_name: string; config: { name: string } };
  readonly training: boolean;
  readonly call: {
    args: Nest[];
    kwargs: Record<string, unknown>;
    tensor_kwargs: Record<string, Nest>;
  };
  readonly inputs: GoldenTensor[];
  readonly weights: GoldenTensor[];
  readonly outputs: GoldenTensor[];
  readonly cotangents: GoldenTensor[];
  readonly input_grads: (GoldenTensor | null)[];
  readonly weight_grads: (GoldenTensor | null)[];
  readonly weights_after?: GoldenTensor[];
  readonly noise?: Readonly<Record<string, number>>;
}

/** Compares outputs, both gradients and changed state of one call with Keras's. Throws what tracing or the runner throws. */
export async function checkLayer(golden: LayerCase, runner: Runner): Promise<Mismatch[]> {
  const ops = createOps();
  const inputs = golden.inputs.map(({ shape, dtype }, i) =>
    ops.feed(`x${i}`, [null, ...shape.slice(1)], dtype),
  );
  const values = (nest: Nest): Value | Value[] =>
    Array.isArray(nest) ? nest.flatMap(values) : inputs[nest]!;
  const named = Object.entries(golden.call.tensor_kwargs).map(([key, nest]) => [key, values(nest)]);
  const spec = fromKerasLayer(golden.layer);
  const trace = traceModel(spec, spec.models[0]!, {
    ops,
    training: golden.training,
    inputs: golden.call.args.flatMap(values),
    kwargs: { ...golden.call.kwargs, ...Object.fromEntries(named) },
  });
  const weights = trace.variables.map(({ key, shape, dtype }) => ops.variable(key, shape, dtype));
  const sum = trace.outputs
    .map((y, i) => ops.reduceSum(ops.mul(y, ops.constant(goldenTensor(golden.cotangents[i]!)))))
    .reduce((a, b) => ops.add(a, b));
  const floats = inputs.filter((x) => x.dtype === 'float32');
  const trained = weights.filter((_, i) => golden.weight_grads[i]);
  const grads = grad(ops, sum, [...floats, ...trained]);
  const outputs = Object.fromEntries([
    ...trace.outputs.map((y, i) => [`y${i}`, y] as const),
    ...floats.map((x, i) => [`dx${inputs.indexOf(x)}`, grads[i]!] as const),
    ...trained.map((w, i) => [`dw${weights.indexOf(w)}`, grads[floats.length + i]!] as const),
  ]);
  const program = ops.program(outputs, trace.updates);
  const session = await runner.open(
    Object.fromEntries(
      trace.variables.map(({ key }, i) => [key, goldenTensor(golden.weights[i]!)]),
    ),
  );
  const feeds = Object.fromEntries(
    golden.inputs.map((x, i): [string, TensorData] => [`x${i}`, goldenTensor(x)]),
  );
  const received = await session.run(program, feeds);
  const after = await session.values();
  await session.close();

  const gradTolerance = /Normalization$/.test(golden.layer.class_name) ? 5e-5 : 2e-5;
  const floor = 20 * Math.max(0, ...Object.values(golden.noise ?? {}).filter(Number.isFinite));
  const all = (prefix: string, expected: readonly (GoldenTensor | null)[], tolerance: number) =>
    expected.flatMap((tensor, i) =>
      tensor ? compare(prefix + i, received[prefix + i], tensor, Math.max(tolerance, floor)) : [],
    );
  return [
    ...all('y', golden.outputs, 1e-5),
    ...all('dx', golden.input_grads, gradTolerance),
    ...all('dw', golden.weight_grads, gradTolerance),
    ...(golden.weights_after ?? []).flatMap((tensor, i) => {
      const { key } = trace.variables[i]!;
      return compare(key, after[key], tensor, 1e-5);
    }),
  ];
}
