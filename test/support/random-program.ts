import fc from 'fast-check';
import {
  ARITHMETIC,
  COMPARISON,
  LOGICAL,
  REDUCE,
  UNARY,
  type OpAttrs,
  type OpName,
} from '../../shared/program/attributes.ts';
import { inferType } from '../../shared/program/ops.ts';
import type { Node, Program } from '../../shared/program/program.ts';
import { sizeOf, tensor, type DType } from '../../shared/program/tensor.ts';

/** Numbers at which identities are wrong that are only nearly true. */
const NUMBERS = [0, -0, 1, -1, 2, 0.5, -4, 3, 0.1, 1e-30, 1e30, Infinity, NaN];
const SHAPES = [[], [1], [3], [2, 3], [2, 1], [1, 3], [2, 1, 3]] as const;

/** How a program goes on: which operation, on which values, and numbers for what it needs to know. */
interface Step {
  readonly op: number;
  readonly inputs: readonly number[];
  readonly choice: number;
}

/**
 * Programs of elementwise operations, reductions and moves of axes with sources in between, not simplified in any way:
 * equal work, work on constants and work that cancels come often.
 */
export const randomProgram: fc.Arbitrary<Program> = fc
  .array(
    fc.record({
      op: fc.nat(),
      inputs: fc.array(fc.nat(), { minLength: 3, maxLength: 3 }),
      choice: fc.nat(),
    }),
    { minLength: 4, maxLength: 40 },
  )
  .map(build);

function build(steps: readonly Step[]): Program {
  const nodes: Node[] = [];
  const emit = <K extends OpName>(op: K, inputs: readonly number[], attrs: OpAttrs[K]) => {
    const type = inferType(
      op,
      inputs.map((id) => nodes[id]!),
      attrs,
    );
    nodes.push({ op, inputs, attrs, ...type } as unknown as Node);
  };
  source(emit, 1, 0);
  source(emit, 0, 2);
  for (const [i, step] of steps.entries())
    try {
      next(emit, nodes, step, i);
    } catch (error) {
      // What does not fit is left out: the rest of the program is still one.
      if (!(error instanceof RangeError)) throw error;
    }
  const last = nodes.length - 1;
  const outputs = { last, middle: last >> 1, third: Math.floor(last / 3) };
  return { nodes, outputs, updates: { w: last } };
}

type Emit = <K extends OpName>(op: K, inputs: readonly number[], attrs: OpAttrs[K]) => void;

function source(emit: Emit, choice: number, number: number): void {
  const shape = SHAPES[choice % SHAPES.length]!;
  const distribution = { kind: 'uniform', low: 0, high: 1 } as const;
  const kinds = [
    () => emit('feed', [], { name: `x${shape.join('x')}`, shape, dtype: 'float32' }),
    () => emit('variable', [], { name: `w${shape.join('x')}`, shape, dtype: 'float32' }),
    () => emit('random', [], { name: `noise${choice}.${number}`, shape, distribution }),
    () => {
      const data = Array.from(
        { length: sizeOf(shape) },
        (_, i) => NUMBERS[(number + (choice & 1) * i) % NUMBERS.length]!,
      );
      emit('constant', [], { value: tensor(data, shape) });
    },
  ];
  kinds[[0, 1, 2, 3, 3, 3][(choice + number) % 6]!]!();
}

function next(emit: Emit, nodes: readonly Node[], { op, inputs, choice }: Step, at: number): void {
  const pick = (i: number, dtype: DType) => {
    const ids = nodes.flatMap((node, id) => (node.dtype === dtype ? [id] : []));
    return ids.length > 0 ? ids[ids.length - 1 - (inputs[i]! % Math.min(ids.length, 8))]! : null;
  };
  const on = (of: OpName, ...ids: (number | null)[]) => {
    if (ids.every((id) => id !== null)) emit(of, ids, {} as never);
  };
  const of = <T>(list: readonly T[]) => list[choice % list.length]!;
  const [x, y] = [pick(0, 'float32')!, pick(1, 'float32')!];
  const { shape } = nodes[x]!;
  const axes = shape.map((_, i) => i);
  const reversed = [...axes].reverse();
  const kinds: (() => void)[] = [
    () => source(emit, choice, at),
    () => on(of(UNARY), x),
    () => on(of(['neg', 'abs', 'relu', 'square']), x),
    () => on(of(ARITHMETIC), x, y),
    () => on(of(['add', 'sub', 'mul', 'div']), x, y),
    () => on(of(COMPARISON), x, y),
    () => on(of(LOGICAL), pick(0, 'bool'), pick(1, 'bool')),
    () => on('not', pick(0, 'bool')),
    () => on('select', pick(2, 'bool'), x, y),
    () => emit('cast', [pick(0, 'bool') ?? x], { dtype: 'float32' }),
    () => emit(of(REDUCE), [x], { axes: axes.slice(choice % 2), keepDims: choice % 3 > 0 }),
    () => emit('transpose', [x], { perm: reversed }),
    () => emit('reshape', [x], { shape: of([[null], [null, 3], [2, null], [1, null, 3]]) }),
    () =>
      emit('broadcast', [x], {
        shape: of([
          [2, 3],
          [2, 2, 3],
          [3, 3],
        ]),
      }),
    () => emit('reverse', [x], { axes: axes.slice(0, 1) }),
    () => emit('pad', [x], { pads: shape.map(() => [1, choice % 2]), value: 0 }),
    () => emit('slice', [x], {
        starts: shape.map((dim) => Math.min(choice % 2, dim! - 1)),
        sizes: shape.map((dim) => Math.max(dim! - 1 - (choice % 2), 1)),
        strides: shape.map(() => 1),
      }), // prettier-ignore
    () => emit('matMul', [x, y], { transposeA: choice % 2 > 0, transposeB: choice % 3 > 0 }),
  ];
  kinds[op % kinds.length]!();
}
