import type { ImagePreprocessing } from '../../../shared/data/preprocessing.ts';
import type { Node, Program } from '../../../shared/program/program.ts';
import { sizeOf, zeros, type DType, type TensorData } from '../../../shared/program/tensor.ts';

/** An end of the model, with a batch of 1. */
export interface PagePort {
  readonly name: string;
  readonly shape: readonly (number | null)[];
  readonly dtype: DType;
}

/** An input: images of any size with values 0 to 255, which the program prepares, or numbers. */
export interface PageInput extends PagePort {
  /** How images become what the model takes; null for numbers. */
  readonly image: Pick<ImagePreprocessing, 'size' | 'color' | 'background'> | null;
}

/** What a page runs and says, beside its numbers. */
export interface PageData {
  readonly title: string;
  readonly path: string;
  readonly inputs: readonly PageInput[];
  readonly outputs: readonly PagePort[];
  /** Names of the classes that the last output tells apart, where they are known. */
  readonly classes: readonly string[];
  /** The program; a constant's value is the number of its tensor. */
  readonly program: { readonly nodes: readonly StoredNode[]; readonly outputs: Program['outputs'] };
  /** The constants of the program, in the order in which their numbers lie in the page. */
  readonly tensors: readonly Omit<TensorData, 'data'>[];
}

/** A node as JSON: numbers that JSON can't hold are texts, and constants stand apart. */
type StoredNode = Pick<Node, 'op' | 'inputs' | 'shape' | 'dtype'> & { readonly attrs: unknown };

/** Elements of the page that hold what it runs. */
export const IDS = { data: 'model', weights: 'weights', script: 'runtime' } as const;

/** The program with its constants apart, and their numbers one behind the other, little-endian. */
export function packProgram({ nodes, outputs }: Program): {
  program: PageData['program'];
  tensors: PageData['tensors'];
  bytes: Uint8Array;
} {
  const constants: TensorData[] = [];
  const stored = nodes.map(({ op, inputs, attrs, shape, dtype }): StoredNode => {
    const known = op === 'constant' ? { value: constants.push(attrs.value) - 1 } : attrs;
    return { op, inputs, attrs: mapNumbers(known, toText), shape, dtype };
  });
  const bytes = new Uint8Array(constants.reduce((sum, { data }) => sum + data.byteLength, 0));
  let at = 0;
  for (const { data } of constants) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += data.byteLength;
  }
  const tensors = constants.map(({ shape, dtype }) => ({ shape, dtype }));
  return { program: { nodes: stored, outputs }, tensors, bytes };
}

/** The program of a page, whole again. */
export function unpackProgram({ program, tensors }: PageData, bytes: Uint8Array): Program {
  let at = 0;
  const constants = tensors.map(({ shape, dtype }): TensorData => {
    const data = zeros(dtype, sizeOf(shape));
    new Uint8Array(data.buffer).set(bytes.subarray(at, at + data.byteLength));
    at += data.byteLength;
    return { shape, dtype, data };
  });
  const nodes = program.nodes.map((node) => {
    const attrs = mapNumbers(node.attrs, fromText) as { value: number };
    return { ...node, attrs: node.op === 'constant' ? { value: constants[attrs.value] } : attrs };
  });
  return { nodes: nodes as unknown as Node[], outputs: program.outputs, updates: {} };
}

const MARK = 'number:';
const toText = (x: unknown) => (typeof x === 'number' && !Number.isFinite(x) ? `${MARK}${x}` : x);
const fromText = (x: unknown) =>
  typeof x === 'string' && x.startsWith(MARK) ? Number(x.slice(MARK.length)) : x;

function mapNumbers(value: unknown, map: (x: unknown) => unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => mapNumbers(item, map));
  if (typeof value !== 'object' || value === null) return map(value);
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, mapNumbers(item, map)]),
  );
}
