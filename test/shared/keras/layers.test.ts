import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { plainConfig } from '../../../shared/keras/keras-json-config.ts';
import { catalogue, readLayer } from '../../../shared/keras/layers/catalogue.ts';
import type { ModelSpec } from '../../../shared/keras/spec.ts';
import { createOps, type Value } from '../../../shared/program/builder.ts';
import { grad } from '../../../shared/program/grad.ts';
import { traceModel } from '../../../shared/program/trace.ts';
import { interpret } from '../../reference/interpret.ts';
import {
  goldenTensor,
  readGolden,
  relativeDifference,
  type GoldenTensor,
} from '../../support/goldens.ts';

type Nest = number | Nest[];

interface Case {
  layer: { class_name: string; config: { name: string } };
  training: boolean;
  call: {
    args: Nest[];
    kwargs: Record<string, unknown>;
    tensor_kwargs: Record<string, Nest>;
  };
  inputs: GoldenTensor[];
  weights: GoldenTensor[];
  outputs: GoldenTensor[];
  cotangents: GoldenTensor[];
  input_grads: (GoldenTensor | null)[];
  weight_grads: (GoldenTensor | null)[];
  weights_after?: GoldenTensor[];
}

const files = readdirSync(new URL('../../goldens/layers', import.meta.url)).map((file) =>
  file.replace('.json', ''),
);
const classOf = (name: string) => name.replace(/-\d+$/, '');
const cases = files.filter((name) => catalogue.has(classOf(name)));
for (const open of new Set(files.map(classOf))) if (!catalogue.has(open)) it.todo(open);

function specOf({ class_name, config }: Case['layer']): ModelSpec {
  const layer = {
    class_name,
    config: plainConfig(class_name, config.name, { ...config }, 'layer'),
  };
  return { version: 1, layers: { layer }, models: ['layer'] };
}

describe.each(cases)('%s', (name) => {
  const golden = readGolden<Case>(`layers/${name}`);
  const { class_name } = golden.layer;

  it("computes Keras's outputs and gradients", () => {
    const ops = createOps();
    const inputs = golden.inputs.map(({ shape, dtype }, i) =>
      ops.feed(`x${i}`, [null, ...shape.slice(1)], dtype),
    );
    const values = (nest: Nest): Value | Value[] =>
      Array.isArray(nest) ? nest.flatMap(values) : inputs[nest]!;
    const trace = traceModel(specOf(golden.layer), 'layer', {
      ops,
      training: golden.training,
      inputs: golden.call.args.flatMap(values),
      kwargs: {
        ...golden.call.kwargs,
        ...Object.fromEntries(
          Object.entries(golden.call.tensor_kwargs).map(([key, nest]) => [key, values(nest)]),
        ),
      },
    });
    expect(trace.variables.map(({ shape }) => shape)).toEqual(golden.weights.map((w) => w.shape));
    expect(trace.outputs.map(({ shape }) => shape)).toEqual(
      golden.outputs.map(({ shape }) => [null, ...shape.slice(1)]),
    );

    const weights = trace.variables.map(({ key, shape, dtype }) => ops.variable(key, shape, dtype));
    const sum = trace.outputs
      .map((y, i) => ops.reduceSum(ops.mul(y, ops.constant(goldenTensor(golden.cotangents[i]!)))))
      .reduce((a, b) => ops.add(a, b));
    const floats = inputs.filter((x) => x.dtype === 'float32');
    const grads = grad(ops, sum, [...floats, ...weights]);
    const outputs = Object.fromEntries([
      ...trace.outputs.map((y, i) => [`y${i}`, y] as const),
      ...floats.map((x, i) => [`dx${inputs.indexOf(x)}`, grads[i]!] as const),
      ...weights.map((_, i) => [`dw${i}`, grads[floats.length + i]!] as const),
    ]);
    const result = interpret(
      ops.program(outputs, trace.updates),
      Object.fromEntries(
        trace.variables.map(({ key }, i) => [key, goldenTensor(golden.weights[i]!)]),
      ),
      Object.fromEntries(golden.inputs.map((x, i) => [`x${i}`, goldenTensor(x)])),
    );

    const check = (key: string, expected: GoldenTensor | null, tolerance: number) => {
      if (!expected) return;
      const difference = relativeDifference(result.outputs[key]!.data, goldenTensor(expected).data);
      expect(difference, key).toBeLessThan(tolerance);
    };
    const gradTolerance = class_name.endsWith('Normalization') ? 5e-5 : 2e-5;
    golden.outputs.forEach((y, i) => check(`y${i}`, y, 1e-5));
    golden.input_grads.forEach((dx, i) => check(`dx${i}`, dx, gradTolerance));
    golden.weight_grads.forEach((dw, i) => check(`dw${i}`, dw, gradTolerance));
    trace.variables.forEach(({ key }, i) => {
      const after = golden.weights_after?.[i] ?? golden.weights[i]!;
      const received = result.updates[key] ?? goldenTensor(golden.weights[i]!);
      expect(relativeDifference(received.data, goldenTensor(after).data), key).toBeLessThan(1e-5);
    });
  });

  it('refuses an unknown key', () => {
    const { config } = golden.layer;
    const spec = specOf({ class_name, config: { ...config, unheard_of: 1 } as { name: string } });
    expect(() => readLayer(spec.layers['layer']!, 'model/layer')).toThrow(
      /model\/layer: .*unheard_of/,
    );
  });
});
