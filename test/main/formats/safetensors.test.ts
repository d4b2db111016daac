import { expect, test } from 'vitest';
import { decodeSafetensors, encodeSafetensors } from '../../../main/formats/safetensors.ts';
import { scalar, tensor } from '../../../shared/program/tensor.ts';

/** A file as the format's description builds it, by hand. */
function file(header: unknown, data: number[] = [], length?: bigint): Uint8Array {
  const json = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(length ?? BigInt(json.length));
  return new Uint8Array(Buffer.concat([size, json, Buffer.from(data)]));
}

test('tensors and texts come back as they were', () => {
  const tensors = {
    flag: tensor([1, 0, 1], [3], 'bool'),
    'encoder/conv2d/kernel': tensor([1.5, -0, NaN, Infinity], [2, 2]),
    iteration: scalar(7, 'int32'),
    empty: tensor([], [0, 4]),
  };
  const metadata = { note: 'ä€𝄞', other: '' };
  const bytes = encodeSafetensors({ tensors, metadata });
  const back = decodeSafetensors(bytes, 'file');
  expect({ ...back.tensors }).toEqual(tensors);
  expect(back.metadata).toEqual(metadata);
});

test('the bytes are the format: length, JSON padded to 8, aligned numbers', () => {
  const bytes = encodeSafetensors({ tensors: { w: tensor([1, 2], [2]) }, metadata: {} });
  const view = new DataView(bytes.buffer);
  const length = Number(view.getBigUint64(0, true));
  expect((8 + length) % 8).toBe(0);
  expect(JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)))).toEqual({
    w: { dtype: 'F32', shape: [2], data_offsets: [0, 8] },
  });
  expect([view.getFloat32(8 + length, true), view.getFloat32(12 + length, true)]).toEqual([1, 2]);
});

test('reads a file that lies at an odd place in memory', () => {
  const whole = file({ w: { dtype: 'F32', shape: [1], data_offsets: [0, 4] } }, [0, 0, 128, 63]);
  const shifted = new Uint8Array(whole.length + 1);
  shifted.set(whole, 1);
  expect(decodeSafetensors(shifted.subarray(1), 'file').tensors['w']).toEqual(tensor([1], [1]));
});

const entry = (shape: unknown, data_offsets: unknown, dtype: unknown = 'F32') => ({
  w: { dtype, shape, data_offsets },
});

test.each([
  ['is short', new Uint8Array(3), /no safetensors file: 3 bytes/],
  ['claims a huge header', file({}, [], 1n << 62n), /its header claims 4611686018427387904 bytes/],
  ['has no JSON', file('{nonsense'), /no JSON object/],
  ['has a list as header', file([1]), /no JSON object/],
  ['has bytes that are no UTF-8', file('{"\\u00e4":1}'.replace('\\u00e4', '\udc00')), /w|type/],
  ['points outside', file(entry([4], [0, 16]), [1, 2, 3, 4]), /w ends outside the file/],
  ['points backwards', file(entry([1], [4, 0]), [0, 0, 0, 0]), /in -4 bytes/],
  ['has a negative size', file(entry([-1, -1], [0, 4]), [0, 0, 0, 0]), /no valid shape/],
  ['has an absurd shape', file(entry([2 ** 40, 2 ** 40], [0, 4]), [0, 0, 0, 0]), /in 4 bytes/],
  ['has another type', file(entry([1], [0, 1], 'F8_E4M3'), [0]), /type F8_E4M3; known are F32/],
  ['has a type from the prototype', file(entry([1], [0, 4], 'constructor')), /type constructor/],
  ['leaves bytes over', file(entry([1], [0, 4]), [0, 0, 0, 0, 9]), /cover 4 of 5 bytes/],
  [
    'overlaps',
    file({ ...entry([1], [0, 4]), v: entry([1], [2, 6]).w }, [0, 0, 0, 0, 0, 0]),
    /overlap or leave gaps at byte 2/,
  ],
  ['has numbers as texts', file({ __metadata__: { a: 1 } }), /must map texts to texts/],
])('refuses a file that %s', (_, bytes, message) => {
  expect(() => decodeSafetensors(bytes, 'a.safetensors')).toThrow(message);
  expect(() => decodeSafetensors(bytes, 'a.safetensors')).toThrow(/^a\.safetensors: /);
});

test.each<[string, number[], number[]]>([
  ['F16', [0x00, 0x3c, 0x00, 0xc1], [1, -2.5]],
  ['BF16', [0x80, 0x3f, 0x20, 0xc0], [1, -2.5]],
  ['F64', [...new Uint8Array(Float64Array.of(1, -2.5).buffer)], [1, -2.5]],
  ['I64', [...new Uint8Array(BigInt64Array.of(1n, -2n).buffer)], [1, -2]],
  ['U8', [1, 200], [1, 200]],
])('numbers of type %s, as other programs write them, are read', (type, bytes, numbers) => {
  const { tensors } = decodeSafetensors(file(entry([2], [0, bytes.length], type), bytes), 'f');
  expect(Array.from(tensors['w']!.data)).toEqual(numbers);
});

test('a tensor named __proto__ is a tensor like any other', () => {
  const bytes = file(
    '{"__proto__":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}',
    [0, 0, 0, 0],
  );
  expect(Object.keys(decodeSafetensors(bytes, 'file').tensors)).toEqual(['__proto__']);
});
