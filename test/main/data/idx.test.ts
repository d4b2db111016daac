import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { checkIdx, readIdxHeader } from '../../../main/data/idx.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'idx-'));
});
afterAll(() => rm(folder, { recursive: true }));

function idx(shape: number[], data: number[], type = 8): Buffer {
  const header = Buffer.alloc(4 + 4 * shape.length);
  header.writeUInt32BE((type << 8) | shape.length);
  shape.forEach((dim, axis) => header.writeUInt32BE(dim, 4 + 4 * axis));
  return Buffer.concat([header, Buffer.from(data)]);
}

async function file(name: string, bytes: Uint8Array): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, bytes);
  return path;
}

test('reads type and shape, and where the elements lie, plain and compressed', async () => {
  const bytes = idx([2, 3], [1, 2, 3, 4, 5, 6]);
  const header = { shape: [2, 3], type: 'u1', offset: 12, length: 6 };
  for (const path of [await file('a', bytes), await file('a.gz', gzipSync(bytes))]) {
    expect(await checkIdx(path)).toEqual(header);
    expect(await readIdxHeader(path)).toEqual(header);
  }
});

test.each([
  ['too short', idx([2, 3], [1, 2, 3]), /promises \(2, 3\) bytes/],
  ['too long', idx([2], [1, 2, 3]), /promises \(2,\) bytes; there are more/],
  ['absurdly large', idx([0xffffffff, 0xffffffff, 0xffffffff], [1]), /the file has 17/],
  ['no IDX', Buffer.from('PK\u0003\u0004 zip'), /expected an IDX file.*504b0304/],
  ['cut in the header', Buffer.from([0, 0, 8, 3, 0, 0]), /header of 16 bytes expected; .* after 6/],
  ['empty', Buffer.alloc(0), /header of 4 bytes expected; .* after 0/],
])('refuses a file that is %s and names it', async (name, bytes, message) => {
  const path = await file(name, bytes);
  await expect(checkIdx(path)).rejects.toThrow(message);
  await expect(checkIdx(path)).rejects.toThrow(path);
});

test('a compressed file can not ask for more memory than it can fill', async () => {
  const path = await file('bomb.gz', gzipSync(idx([60000, 28, 28], [1, 2, 3])));
  await expect(checkIdx(path)).rejects.toThrow(/promises \(60000, 28, 28\) bytes/);
});

test('a broken compressed file is named', async () => {
  const path = await file(
    'broken.gz',
    gzipSync(idx([4000], new Array(4000).fill(7))).subarray(0, 30),
  );
  await expect(checkIdx(path)).rejects.toThrow(path);
});

test('what is compressed shows in the bytes, not in the name', async () => {
  const plain = await file('plain.gz', idx([1], [1]));
  expect((await checkIdx(plain)).shape).toEqual([1]);
});
