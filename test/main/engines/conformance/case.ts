import { expect } from 'vitest';
import type { Engine } from '../../../../main/engines/engine.ts';
import type { OpAttrs, OpName } from '../../../../shared/program/attributes.ts';
import { createOps, type Ops, type Value } from '../../../../shared/program/builder.ts';
import {
  formatShape,
  type NamedTensors,
  type TensorData,
} from '../../../../shared/program/tensor.ts';
import { interpret } from '../../../reference/interpret.ts';
import type { Numbers } from '../../../reference/numbers.ts';
import { createRandom, drawInput, type Input } from './inputs.ts';

/** One use of an operation. Where an input has an open dimension, it runs at batches of 1 and 3. */
export interface Case {
  readonly op: OpName;
  readonly inputs: readonly Input[];
  readonly build: (ops: Ops, inputs: readonly Value[]) => Value;
}

/** The operation with these attributes, straight on its inputs. */
export function use<K extends OpName>(op: K, attrs: OpAttrs[K], ...inputs: Input[]): Case {
  return { op, inputs, build: (ops, values) => ops.emit(op, values, attrs) };
}

/** How far a float32 result may be off unless told, relative to the largest number of its tensor. */
export const TOLERANCE = 1e-5;

/** Runs a case on an engine, compares it with the reference, and says which case it was when they differ. */
export async function check(
  engine: Engine,
  { op, inputs, build }: Case,
  tolerance = TOLERANCE,
): Promise<void> {
  const ops = createOps();
  const values = inputs.map((input, i) => declare(ops, `input ${i}`, input));
  const result = build(ops, values);
  const program = ops.program({ result });
  const used = program.nodes.filter((node) => node.op === op);
  expect(used.length, `the program of a case for ${op} uses it`).toBeGreaterThan(0);
  const shapes = inputs.map((input) => `${input.dtype}${formatShape(input.shape)}`).join(', ');
  const title = `${op}(${shapes}) ${JSON.stringify(used.at(-1)!.attrs)}`;

  expect(engine.unsupported(program), title).toEqual([]);
  const executable = await engine.compile(program);
  const open = inputs.some((input) => input.shape.includes(null));
  for (const batch of open ? [1, 3] : [1]) {
    const random = createRandom(batch * 1000 + inputs.length);
    const given: Record<'variables' | 'feeds', NamedTensors> = { variables: {}, feeds: {} };
    for (const [i, input] of inputs.entries()) {
      const place = input.as === 'variable' ? given.variables : given.feeds;
      place[`input ${i}`] = drawInput(input, batch, random);
    }
    const variables = await engine.variables(given.variables);
    const outputs = await executable.run(variables, given.feeds);
    const expected = interpret(program, given.variables, given.feeds).outputs['result']!;
    expectClose(outputs['result'], expected, `${title}, batch ${batch}`, tolerance);
    variables.dispose();
  }
  await executable.dispose();
}

function declare(ops: Ops, name: string, { shape, dtype, as }: Input): Value {
  if (as === 'variable') return ops.variable(name, shape as number[], dtype);
  if (as === 'random') return ops.random(name, shape, { kind: 'uniform', low: -3, high: 3 });
  return ops.feed(name, shape, dtype);
}

/** Fails unless the tensors have one shape and type, and numbers equal but for rounding (exactly, when not floats). */
export function expectClose(
  actual: TensorData | undefined,
  expected: Numbers,
  title: string,
  tolerance = TOLERANCE,
): void {
  expect(actual, title).toBeDefined();
  const { shape, dtype, data } = actual!;
  expect({ shape: [...shape], dtype }, title).toEqual({
    shape: [...expected.shape],
    dtype: expected.dtype,
  });
  const arrays = { float32: Float32Array, int32: Int32Array, bool: Uint8Array };
  expect(data, title).toBeInstanceOf(arrays[dtype]);
  expect(data.length, title).toBe(expected.data.length);

  const finite = Array.from(expected.data).filter(Number.isFinite).map(Math.abs);
  const scale = finite.reduce((a, b) => Math.max(a, b), 0);
  const allowed = dtype === 'float32' ? tolerance * scale + 1e-7 : 0;
  for (const [i, value] of data.entries()) {
    const wanted = expected.data[i]!;
    const same = Object.is(value, wanted) || Math.abs(value - wanted) <= allowed;
    if (!same) expect.fail(`${title}: element ${i} is ${value}, expected ${wanted}`);
  }
}
