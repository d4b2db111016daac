import protobuf from 'protobufjs/minimal.js';
import {
  BATCH,
  ELEMENT_TYPES,
  type AboutModel,
  type Attribute,
  type OnnxModel,
  type OnnxNode,
  type OnnxPort,
  type OnnxTensor,
  type OnnxValue,
} from './model.ts';

type Writer = protobuf.Writer;

/** The versions that the lowering writes: what the libraries of several years read. */
const OPSET = 17;
const IR_VERSION = 8;

const tag = (field: number, wire: number) => (field << 3) | wire;
const VARINT = 0;
const BYTES = 2;
const FIXED32 = 5;

/**
 * Serializes a model as an ONNX ModelProto.
 * Field numbers are those of onnx.proto (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto).
 */
export function encodeModel(model: OnnxModel, about?: AboutModel): Uint8Array {
  const writer = protobuf.Writer.create();
  writer.uint32(tag(1, VARINT)).int64(IR_VERSION);
  text(writer, 2, 'Matryoshka');
  if (about) text(writer, 6, about.description);
  const domains = new Set(['', ...domainsOf(model)]);
  message(writer, 7, (graph) => encodeGraph(graph, model, about?.name));
  for (const domain of domains)
    message(writer, 8, (opset) => {
      text(opset, 1, domain);
      opset.uint32(tag(2, VARINT)).int64(domain === '' ? OPSET : 1);
    });
  for (const [key, value] of Object.entries(about?.metadata ?? {}))
    message(writer, 14, (entry) => {
      text(entry, 1, key);
      text(entry, 2, value);
    });
  return writer.finish();
}

function domainsOf({ nodes }: OnnxModel): string[] {
  return nodes.flatMap(({ domain, attributes }) => [
    domain,
    ...Object.values(attributes).flatMap((value) =>
      typeof value === 'object' && 'graph' in value ? domainsOf(value.graph) : [],
    ),
  ]);
}

function encodeGraph(writer: Writer, model: OnnxModel, name = 'program'): void {
  const { nodes, initializers, inputs, outputs, values } = model;
  for (const node of nodes) message(writer, 1, (w) => encodeNode(w, node));
  text(writer, 2, name);
  for (const [name, value] of Object.entries(initializers))
    message(writer, 5, (w) => encodeTensor(w, value, name));
  for (const port of inputs) message(writer, 11, (w) => encodePort(w, port));
  for (const port of outputs) message(writer, 12, (w) => encodePort(w, port));
  for (const value of values) message(writer, 13, (w) => encodePort(w, value));
}

function encodeNode(writer: Writer, node: OnnxNode): void {
  for (const name of node.inputs) text(writer, 1, name);
  for (const name of node.outputs) text(writer, 2, name);
  text(writer, 3, node.name);
  text(writer, 4, node.op);
  for (const [name, value] of Object.entries(node.attributes))
    message(writer, 5, (w) => encodeAttribute(w, name, value));
  if (node.domain) text(writer, 7, node.domain);
}

/** The last field says which of the others holds the value: 1 float, 2 int, 3 string, 4 tensor, 5 graph, 7 ints. */
function encodeAttribute(writer: Writer, name: string, value: Attribute): void {
  text(writer, 1, name);
  let type: number;
  if (typeof value === 'number') {
    writer.uint32(tag(3, VARINT)).int64(value);
    type = 2;
  } else if (typeof value === 'string') {
    text(writer, 4, value);
    type = 3;
  } else if ('float' in value) {
    writer.uint32(tag(2, FIXED32)).float(value.float);
    type = 1;
  } else if ('tensor' in value) {
    message(writer, 5, (w) => encodeTensor(w, value.tensor));
    type = 4;
  } else if ('graph' in value) {
    message(writer, 6, (w) => encodeGraph(w, value.graph));
    type = 5;
  } else {
    for (const item of value) writer.uint32(tag(8, VARINT)).int64(item);
    type = 7;
  }
  writer.uint32(tag(20, VARINT)).int32(type);
}

function encodeTensor(writer: Writer, { dtype, shape, data }: OnnxTensor, name?: string): void {
  for (const dim of shape) writer.uint32(tag(1, VARINT)).int64(dim);
  writer.uint32(tag(2, VARINT)).int32(ELEMENT_TYPES[dtype]);
  if (name !== undefined) text(writer, 8, name);
  writer.uint32(tag(9, BYTES)).bytes(rawData(dtype, data));
}

/** The numbers as ONNX stores them: little-endian, in C order. */
function rawData(dtype: OnnxTensor['dtype'], data: OnnxTensor['data']): Uint8Array {
  if (dtype === 'int64') {
    const wide = BigInt64Array.from(data as readonly number[], BigInt);
    return new Uint8Array(wide.buffer);
  }
  if (dtype === 'float64') return new Uint8Array(Float64Array.from(data).buffer);
  const values = data as Exclude<typeof data, readonly number[]>;
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

function encodePort(writer: Writer, { name, shape, dtype }: OnnxPort | OnnxValue): void {
  text(writer, 1, name);
  message(writer, 2, (type) =>
    message(type, 1, (tensor) => {
      tensor.uint32(tag(1, VARINT)).int32(ELEMENT_TYPES[dtype]);
      message(tensor, 2, (dims) => {
        for (const [axis, dim] of shape.entries())
          message(dims, 1, (w) => {
            if (dim === null) text(w, 2, axis === 0 ? BATCH : `${name}:${axis}`);
            else if (typeof dim === 'string') text(w, 2, dim);
            else w.uint32(tag(1, VARINT)).int64(dim);
          });
      });
    }),
  );
}

function text(writer: Writer, field: number, value: string): void {
  writer.uint32(tag(field, BYTES)).string(value);
}

function message(writer: Writer, field: number, write: (writer: Writer) => void): void {
  writer.uint32(tag(field, BYTES)).fork();
  write(writer);
  writer.ldelim();
}
