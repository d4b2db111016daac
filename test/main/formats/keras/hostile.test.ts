import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { unzipSync, zipSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readH5, writeH5 } from '../../../../main/formats/h5/h5.ts';
import { H5Builder, type H5Group } from '../../../../main/formats/h5/tree.ts';
import { readModelFile } from '../../../../main/formats/read.ts';
import { tensor } from '../../../../shared/program/tensor.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'matryoshka-hostile-'));
});
afterAll(() => rm(folder, { recursive: true }));

const golden = async () => unzipSync(await readFile('test/goldens/files/deep-nest.keras'));
const bytes = (json: unknown) => Buffer.from(JSON.stringify(json));

/** What reading a file of these bytes says. */
async function problemOf(content: Uint8Array, name = 'f.keras'): Promise<string> {
  const file = join(folder, name);
  await writeFile(file, content);
  return readModelFile(file).then(
    () => 'it was read',
    (error: Error) => error.message,
  );
}

/** A .keras archive with some members changed. */
async function archive(change: (members: Record<string, Uint8Array>) => unknown) {
  const members = await golden();
  await change(members);
  return zipSync(members, { level: 1 });
}

/** A Functional model in Keras's JSON, of these layers. */
const functional = (
  layers: unknown[],
  ends: [unknown, unknown] = [
    ['x', 0, 0],
    ['x', 0, 0],
  ],
) => ({
  class_name: 'Functional',
  config: { name: 'm', layers, input_layers: ends[0], output_layers: ends[1] },
});
const input = {
  class_name: 'InputLayer',
  name: 'x',
  config: { name: 'x', batch_shape: [null, 2] },
};

/** The golden archive with its H5 taken apart, changed and put together again. */
async function withTensor(path: string, values: number[], shape: number[]) {
  return archive(async (members) => {
    const h5 = new H5Builder();
    const copy = (group: H5Group, at: string) => {
      for (const [name, value] of Object.entries(group.tensors)) h5.tensor(`${at}${name}`, value);
      for (const [name, inner] of Object.entries(group.groups)) copy(inner, `${at}${name}/`);
    };
    copy(await readH5(members['model.weights.h5']!, 'golden'), '');
    h5.tensor(path, tensor(values, shape));
    members['model.weights.h5'] = await writeH5(h5.build());
  });
}

describe('a hostile .keras file', () => {
  test('that is cut off', async () => {
    const whole = await archive(() => {});
    expect(await problemOf(whole.subarray(0, whole.length / 2))).toMatch(
      /^f\.keras: no zip archive that can be read: /,
    );
  });

  test('that is changed within', async () => {
    const whole = zipSync(await golden(), { level: 0 });
    whole[Buffer.from(whole).indexOf('"class_name"') + 3] = 0x21;
    expect(await problemOf(whole)).toBe(
      'f.keras: no zip archive that can be read: config.json is damaged',
    );
  });

  test('that is a bomb', async () => {
    const bomb = Buffer.from(await archive((members) => delete members['metadata.json']));
    // The size that the directory promises of the first file, from where its entry begins.
    bomb.writeUInt32LE(2 ** 31, bomb.indexOf('PK\u0001\u0002') + 24);
    expect(await problemOf(bomb)).toMatch(
      /^f\.keras: no zip archive that can be read: \S+ promises 2147483648 bytes from \d+$/,
    );
  });

  test('whose files lead out of it', async () => {
    const out = zipSync({ '../../out.txt': Buffer.from('!'), ...(await golden()) });
    expect(await problemOf(out)).toContain('invalid relative path: ../../out.txt');
    expect(await readdir(folder)).not.toContain('out.txt');
  });

  test('that lacks its weights', async () => {
    const bare = await archive((members) => delete members['model.weights.h5']);
    expect(await problemOf(bare)).toBe(
      'f.keras: a .keras file holds config.json and model.weights.h5; one is missing',
    );
  });

  test('with weights of another shape', async () => {
    const path = 'layers/functional/layers/functional/layers/dense/vars/0';
    expect(await problemOf(await withTensor(path, [1, 2], [2, 1]))).toMatch(
      /^f\.keras: .*\/k\/kernel has shape \(\d+, \d+\); the file holds \(2, 1\)$/,
    );
  });

  test('with weights that are no numbers', async () => {
    const members = await golden();
    const h5 = await readH5(members['model.weights.h5']!, 'golden');
    const path = 'layers/functional/layers/functional/layers/dense/vars/0';
    const kernel = path
      .split('/')
      .slice(0, -1)
      .reduce((at, name) => at.groups[name]!, h5).tensors['0']!;
    const values = Array.from(kernel.data);
    values[1] = NaN;
    expect(await problemOf(await withTensor(path, values, [...kernel.shape]))).toMatch(
      /^f\.keras: .*\/k\/kernel holds NaN, which is no number to compute with$/,
    );
  });
});

describe('a hostile model in JSON', () => {
  test.each<[string, unknown, RegExp]>([
    [
      'a cycle of calls',
      functional(
        [
          input,
          { class_name: 'ReLU', config: { name: 'a' }, inbound_nodes: [[['b', 0, 0, {}]]] },
          { class_name: 'ReLU', config: { name: 'b' }, inbound_nodes: [[['a', 0, 0, {}]]] },
        ],
        [
          ['x', 0, 0],
          ['b', 0, 0],
        ],
      ),
      /cycle/,
    ],
    ['a name that leads elsewhere', functional([{ ...input, config: { name: '../x' } }]), /"\/"/],
    ['nothing of a model', { a: 1 }, /^f\.json: model: expected \{"class_name", "config"\}/],
    ['no layers', functional([]), /^f\.json: m: a tensor comes from x/],
  ])('with %s', async (_, json, expected) => {
    expect(await problemOf(bytes(json), 'f.json')).toMatch(expected);
  });

  test('with far too many layers', async () => {
    const layer = '{"class_name":"ReLU","config":{"name":"';
    const many = Array.from({ length: 150_000 }, (_, i) => `${layer}l${i}"}}`).join(',');
    const text = `{"class_name":"Sequential","config":{"name":"m","layers":[${many}]}}`;
    expect(await problemOf(Buffer.from(text), 'f.json')).toMatch(
      /^f\.json: m: holds 150000 layers; a model has at most \d+$/,
    );
  });

  test('nested without end', async () => {
    const deep = '{"class_name":"Sequential","config":{"name":"m","layers":['.repeat(100_000);
    expect(await problemOf(Buffer.from(deep), 'f.json')).toMatch(/^f\.json is no JSON/);
    const whole = deep.slice(0, 58 * 50_000) + '{}' + ']}}'.repeat(50_000);
    expect(await problemOf(Buffer.from(whole), 'f.json')).toMatch(/^f\.json/);
  });
});

describe('a hostile H5 file', () => {
  test('that promises more than it holds', async () => {
    const h5 = new H5Builder();
    h5.tensor(
      'w',
      tensor(
        Array.from({ length: 64 }, (_, i) => i),
        [64],
      ),
    );
    const file = Buffer.from(await writeH5(h5.build()));
    // The dataspace's only dimension, 64, as eight bytes; a trillion instead, wherever it stands.
    const size = Buffer.alloc(8);
    size.writeBigUInt64LE(64n);
    for (let at = file.indexOf(size); at >= 0; at = file.indexOf(size, at + 8))
      file.writeBigUInt64LE(1_000_000_000_000n, at);
    expect(await problemOf(file, 'f.h5')).toMatch(/^f\.h5: no HDF5 file that can be read: /);
  });

  test('that is cut off', async () => {
    const whole = await readFile('test/goldens/files/sequential.h5');
    expect(await problemOf(whole.subarray(0, 20_000), 'f.h5')).toMatch(/^f\.h5: no HDF5 file/);
  });
});
