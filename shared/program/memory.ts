import { ARITHMETIC, COMPARISON, LOGICAL, UNARY } from './attributes.ts';
import { inferType } from './ops.ts';
import type { Node, Program } from './program.ts';
import type { CompiledModel } from './step.ts';
import { sizeOf, type DType, type Shape, type TensorType } from './tensor.ts';

/** Bytes that a training takes. */
export interface MemoryNeed {
  /** The model's variables, in two buffers: a step reads one and writes the other. */
  readonly weights: number;
  /** The same of what the optimizer keeps. */
  readonly slots: number;
  /** What lives at once, at most, while a step computes; validation and the looks at the layers keep their own. */
  readonly activations: number;
  /** The batches that are worked with and read ahead. */
  readonly data: number;
  /** The trainer itself with its engine. */
  readonly process: number;
  readonly total: number;
}

const BYTES: Readonly<Record<DType, number>> = { float32: 4, int32: 4, bool: 1 };

/** The batch that is worked with, and those that are read ahead. */
const BATCHES = 3;

/** What a trainer and ONNX Runtime take before the first step; measured on Linux. */
const PROCESS = 200 * 2 ** 20;

/**
 * How much more an engine keeps than what lives at once: copies in the layout of its fast kernels, and room that it
 * does not give back. Measured with ONNX Runtime on models of convolutions, where it was 2.0 to 2.7.
 */
const KEPT = 2;

/**
 * An estimate, from the shapes of a model's programs alone, of the memory that a training takes with batches of this
 * size. Engines differ: they plan buffers in their own ways and keep some room for fast kernels.
 */
export function memoryOf(compiled: CompiledModel, batch: number): MemoryNeed {
  const bytes = (of: readonly { readonly shape: readonly number[] }[]) =>
    of.reduce((sum, { shape }) => sum + 4 * sizeOf(shape), 0);
  const weights = 2 * bytes(compiled.variables);
  const slots = 2 * bytes(compiled.slots);
  const peaks = 2 * peakOf(compiled.train, batch) + peakOf(compiled.evaluate, batch);
  const activations = KEPT * peaks;
  const data = BATCHES * feedBytes(compiled.evaluate, batch);
  const total = weights + slots + activations + data + PROCESS;
  return { weights, slots, activations, data, process: PROCESS, total };
}

/** The largest batch size up to `most` with which a training takes at most so many bytes; 0 when not even 1 does. */
export function largestBatch(compiled: CompiledModel, bytes: number, most: number): number {
  const fits = (batch: number) => memoryOf(compiled, batch).total <= bytes;
  if (fits(most)) return most;
  let [low, high] = [0, most];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (fits(middle)) low = middle;
    else high = middle;
  }
  return low;
}

/**
 * The most bytes that the values of a program hold at once when it runs in its order with batches of this size, each
 * from the operation that makes it to the last that takes it. Variables and feeds are not counted: they are there.
 * What only changes a shape takes nothing; elementwise operations take the place of an input that nobody else needs.
 */
export function peakOf(program: Program, batch: number): number {
  const { nodes } = program;
  const sizes = sizesOf(program, batch);
  /** Whose memory a value lies in. */
  const owner = nodes.map((node, id) => (isView(node) ? -1 : id));
  nodes.forEach((node, id) => {
    if (owner[id] === -1) owner[id] = owner[node.inputs[0]!]!;
  });
  const last = new Map<number, number>();
  nodes.forEach(({ inputs }, id) => inputs.forEach((input) => last.set(owner[input]!, id)));
  for (const id of [...Object.values(program.outputs), ...Object.values(program.updates)])
    last.set(owner[id]!, nodes.length);

  let now = 0;
  let peak = 0;
  nodes.forEach((node, id) => {
    if (isGiven(node) || owner[id] !== id) return release(id);
    const inputs = [...new Set(node.inputs.map((input) => owner[input]!))];
    const replaced =
      IN_PLACE.has(node.op) &&
      inputs.some(
        (input) => last.get(input) === id && sizes[input] === sizes[id] && !isGiven(nodes[input]!),
      );
    if (!replaced) now += sizes[id]!;
    peak = Math.max(peak, now);
    if (replaced) now += sizes[id]!; // its input, which ends here, is taken off below
    if (!last.has(id)) now -= sizes[id]!;
    release(id);
  });
  return peak;

  function release(id: number): void {
    for (const input of new Set(nodes[id]!.inputs.map((one) => owner[one]!)))
      if (last.get(input) === id && !isGiven(nodes[input]!)) now -= sizes[input]!;
  }
}

const IN_PLACE: ReadonlySet<string> = new Set([...UNARY, ...ARITHMETIC, ...COMPARISON, ...LOGICAL]);

/** Whether a value is there before the program runs. */
function isGiven({ op }: Node): boolean {
  return op === 'variable' || op === 'feed' || op === 'constant' || op === 'random';
}

function isView({ op }: Node): boolean {
  return op === 'reshape';
}

/** Bytes of all that goes into a run. */
function feedBytes(program: Program, batch: number): number {
  const sizes = sizesOf(program, batch);
  return program.nodes.reduce(
    (sum, { op }, id) => (op === 'feed' || op === 'random' ? sum + sizes[id]! : sum),
    0,
  );
}

/** Bytes of each value with batches of this size. */
function sizesOf({ nodes }: Program, batch: number): number[] {
  const types: TensorType[] = [];
  for (const node of nodes) types.push(typeOf(node, types, batch));
  return types.map(({ shape, dtype }) => BYTES[dtype] * (sizeOf(shape) ?? 0));
}

/** The type of a value once the batch is known; what the operations leave open is taken for the batch. */
function typeOf(node: Node, types: readonly TensorType[], batch: number): TensorType {
  const filled = (shape: Shape) => shape.map((dim) => dim ?? batch);
  const inputs = node.inputs.map((id) => types[id]!);
  if (!node.shape.includes(null) || node.inputs.length === 0)
    return { shape: filled(node.shape), dtype: node.dtype };
  const { shape, dtype } = inferType(node.op, inputs, node.attrs);
  return { shape: filled(shape), dtype };
}
