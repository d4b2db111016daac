import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { keyOf, openCache } from '../../../main/engines/content-cache.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'content-cache-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const bytes = (value: number, length = 1000) => new Uint8Array(length).fill(value);

it('gives what was written, to other processes too; nothing else', async () => {
  await openCache(folder).write('a', bytes(1));
  expect(Buffer.from((await openCache(folder).read('a'))!)).toEqual(Buffer.from(bytes(1)));
  expect(await openCache(folder).read('b')).toBeNull();
  await openCache(folder).remove('a');
  expect(await openCache(folder).read('a')).toBeNull();
});

it('takes nothing that is damaged, cut off or foreign', async () => {
  const cache = openCache(folder);
  await cache.write('a', bytes(1));
  const whole = await readFile(join(folder, 'a'));
  const flipped = Buffer.from(whole);
  flipped[500]! ^= 1;
  for (const damaged of [
    flipped,
    whole.subarray(0, 700),
    Buffer.from('no entry'),
    Buffer.alloc(0),
  ]) {
    await writeFile(join(folder, 'a'), damaged);
    expect(await cache.read('a')).toBeNull();
  }
  await cache.write('a', bytes(2));
  expect(Buffer.from((await cache.read('a'))!)).toEqual(Buffer.from(bytes(2)));
});

it('removes the longest unused when there is too much, and what was never finished', async () => {
  const cache = openCache(folder, 3500);
  const long = new Date(Date.now() - 2 * 60 * 60 * 1000);
  for (const [i, name] of ['a', 'b', 'c'].entries()) {
    await cache.write(name, bytes(i));
    const when = new Date(Date.now() - (10 - i) * 60_000);
    await utimes(join(folder, name), when, when);
  }
  await writeFile(join(folder, 'x.part'), 'half');
  await utimes(join(folder, 'x.part'), long, long);
  await cache.read('a'); // makes it the newest
  await cache.write('d', bytes(4));
  expect((await readdir(folder)).sort()).toEqual(['a', 'c', 'd']);
});

it('writers and readers at once see whole entries only', async () => {
  const caches = Array.from({ length: 4 }, () => openCache(folder));
  const writing = caches.flatMap((cache, i) =>
    Array.from({ length: 10 }, () => cache.write('a', bytes(i, 100_000))),
  );
  const seen = await Promise.all(
    caches.flatMap((cache) => Array.from({ length: 10 }, () => cache.read('a'))),
  );
  await Promise.all(writing);
  for (const entry of [...seen, await caches[0]!.read('a')])
    if (entry) expect(entry.every((byte) => byte === entry[0])).toBe(true);
  expect(await readdir(folder)).toEqual(['a']);
});

it('a folder that can not be written is no error', async () => {
  await writeFile(join(folder, 'file'), '');
  const cache = openCache(join(folder, 'file'));
  await cache.write('a', bytes(1));
  expect(await cache.read('a')).toBeNull();
});

it('keys tell contents apart, however they are divided', () => {
  expect(keyOf('ab', 'c')).not.toBe(keyOf('a', 'bc'));
  expect(keyOf('ab', bytes(0))).toBe(keyOf('ab', bytes(0)));
  expect(keyOf('ab')).toMatch(/^[0-9a-f]{64}$/);
});
