import { Builder } from 'flatbuffers';
import type { FileGraph, FileOperator, FileTensor } from './graph.ts';
import { OPERATORS, TENSOR_TYPES, VERSIONS, type OperatorName, type Options } from './schema.ts';

/** From this number on, an operator's code stands in a field of its own. */
const GREATER_CODES = 127;
/** What marks the file as TensorFlow Lite's. */
const IDENTIFIER = 'TFL3';
const VERSION = 3;
/** Numbers begin at multiples of this. */
const ALIGNMENT = 16;

/**
 * Serializes a graph as a TensorFlow Lite flatbuffer with one signature, `serving_default`. Fields have the places that
 * the schema gives them. Buffer 0 is empty, as the format wants it.
 */
export function encodeTflite(graph: FileGraph, name: string, description: string): Uint8Array {
  const builder = new Builder(1 << 16);
  const codes = [...new Set(graph.operators.map(({ op }) => op))];
  const withData = graph.tensors.flatMap((tensor, id) => (tensor.data ? [id] : []));
  const buffers = [null, ...withData.map((id) => graph.tensors[id]!.data!)];
  const bufferOf = new Map(withData.map((id, i) => [id, i + 1]));

  const bufferOffsets = buffers.map((data) => {
    const bytes = data && new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    const vector = bytes ? byteVector(builder, bytes) : 0;
    return table(builder, 3, () => builder.addFieldOffset(0, vector, 0));
  });
  const tensors = graph.tensors.map((tensor, id) =>
    encodeTensor(builder, tensor, bufferOf.get(id) ?? 0),
  );
  const operators = graph.operators.map((operator) =>
    encodeOperator(builder, operator, codes.indexOf(operator.op)),
  );
  const subgraph = encodeSubgraph(builder, graph, tensors, operators, name);
  const operatorCodes = codes.map((op) => encodeCode(builder, op));
  const signature = encodeSignature(builder, graph);
  const parts = {
    codes: offsets(builder, operatorCodes),
    subgraphs: offsets(builder, [subgraph]),
    description: builder.createString(description),
    buffers: offsets(builder, bufferOffsets),
    signatures: offsets(builder, [signature]),
  };
  const model = table(builder, 8, () => {
    builder.addFieldInt32(0, VERSION, 0);
    builder.addFieldOffset(1, parts.codes, 0);
    builder.addFieldOffset(2, parts.subgraphs, 0);
    builder.addFieldOffset(3, parts.description, 0);
    builder.addFieldOffset(4, parts.buffers, 0);
    builder.addFieldOffset(7, parts.signatures, 0);
  });
  builder.finish(model, IDENTIFIER);
  return builder.asUint8Array();
}

function encodeTensor(
  builder: Builder,
  { name, shape, dtype }: FileTensor,
  buffer: number,
): number {
  const dims = ints(builder, shape);
  const text = builder.createString(name);
  return table(builder, 10, () => {
    builder.addFieldOffset(0, dims, 0);
    builder.addFieldInt8(1, TENSOR_TYPES[dtype], 0);
    builder.addFieldInt32(2, buffer, 0);
    builder.addFieldOffset(3, text, 0);
    builder.addFieldInt8(8, 1, 0);
  });
}

function encodeOperator(
  builder: Builder,
  { inputs, outputs, options }: FileOperator,
  code: number,
): number {
  const [from, to] = [ints(builder, inputs), ints(builder, outputs)];
  const own = options.type === 0 ? 0 : encodeOptions(builder, options);
  return table(builder, 9, () => {
    builder.addFieldInt32(0, code, 0);
    builder.addFieldOffset(1, from, 0);
    builder.addFieldOffset(2, to, 0);
    if (options.type === 0) return;
    builder.addFieldInt8(3, options.type, 0);
    builder.addFieldOffset(4, own, 0);
  });
}

function encodeOptions(builder: Builder, { fields }: Options): number {
  const vectors = fields.map(([, type, value]) =>
    type === 'ints' ? ints(builder, value as readonly number[]) : 0,
  );
  const size = Math.max(0, ...fields.map(([place]) => place + 1));
  return table(builder, size, () => {
    fields.forEach(([place, type, value], i) => {
      if (type === 'ints') builder.addFieldOffset(place, vectors[i]!, 0);
      // Written even where the value is 0, for some fields are something else where nothing is.
      else if (type === 'int')
        forced(builder, () => builder.addFieldInt32(place, value as number, 0));
      else forced(builder, () => builder.addFieldInt8(place, value as number, 0));
    });
  });
}

function forced(builder: Builder, write: () => void): void {
  builder.forceDefaults(true);
  write();
  builder.forceDefaults(false);
}

function encodeSubgraph(
  builder: Builder,
  { inputs, outputs }: FileGraph,
  tensors: readonly number[],
  operators: readonly number[],
  name: string,
): number {
  const parts = {
    tensors: offsets(builder, tensors),
    inputs: ints(builder, inputs),
    outputs: ints(builder, outputs),
    operators: offsets(builder, operators),
    name: builder.createString(name),
  };
  return table(builder, 5, () => {
    Object.values(parts).forEach((part, place) => builder.addFieldOffset(place, part, 0));
  });
}

function encodeCode(builder: Builder, op: OperatorName): number {
  const code = OPERATORS[op];
  return table(builder, 4, () => {
    builder.addFieldInt8(0, Math.min(code, GREATER_CODES), 0);
    builder.addFieldInt32(2, VERSIONS[op] ?? 1, 1);
    builder.addFieldInt32(3, code, 0);
  });
}

function encodeSignature(builder: Builder, { tensors, inputs, outputs }: FileGraph): number {
  const ends = (ids: readonly number[]) =>
    offsets(
      builder,
      ids.map((id) => {
        const name = builder.createString(tensors[id]!.name);
        return table(builder, 2, () => {
          builder.addFieldOffset(0, name, 0);
          builder.addFieldInt32(1, id, 0);
        });
      }),
    );
  const [from, to] = [ends(inputs), ends(outputs)];
  const key = builder.createString('serving_default');
  return table(builder, 5, () => {
    builder.addFieldOffset(0, from, 0);
    builder.addFieldOffset(1, to, 0);
    builder.addFieldOffset(2, key, 0);
  });
}

function table(builder: Builder, fields: number, fill: () => void): number {
  builder.startObject(fields);
  fill();
  return builder.endObject();
}

function ints(builder: Builder, values: readonly number[]): number {
  builder.startVector(4, values.length, 4);
  for (const value of values.toReversed()) builder.addInt32(value);
  return builder.endVector();
}

function offsets(builder: Builder, values: readonly number[]): number {
  builder.startVector(4, values.length, 4);
  for (const value of values.toReversed()) builder.addOffset(value);
  return builder.endVector();
}

function byteVector(builder: Builder, bytes: Uint8Array): number {
  builder.prep(ALIGNMENT, bytes.length);
  return builder.createByteVector(bytes);
}
