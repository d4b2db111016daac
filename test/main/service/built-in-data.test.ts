import { mkdir, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { placeOf } from '../../../main/data/built-in.ts';
import { downloadables } from '../../../main/data/downloads/catalogue.ts';
import { builtIns, getBuiltIn, isBuiltIn } from '../../../main/service/built-in-data.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'built-in-'));
  vi.stubEnv('MATRYOSHKA_DATA', folder);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

const job = { signal: new AbortController().signal, tell: () => {} };

test('MNIST is here; the others can be downloaded, with their size and where from', async () => {
  expect(await builtIns()).toMatchObject([
    { data: 'mnist', state: 'new' },
    { data: 'fashion-mnist', name: 'Fashion-MNIST', state: 'get', downloadBytes: 30_878_645 },
    { data: 'kmnist', state: 'get', downloadBytes: 21_240_888, downloadFrom: 'codh.rois.ac.jp' },
    { data: 'cifar10', state: 'get', downloadBytes: 170_052_171 },
  ]);
  expect(isBuiltIn('cifar10')).toBe(true);
  expect(() => placeOf('kmnist')).toThrow(/Kuzushiji-MNIST is not on this machine yet.*21\.2 MB/);
  expect(placeOf('some/folder')).toBe('some/folder');
});

test('what came already counts, and what is complete is opened from its folder', async () => {
  const { files } = downloadables.find(({ name }) => name === 'kmnist')!;
  await mkdir(join(folder, 'kmnist'));
  await writeFile(join(folder, 'kmnist', `${files[0]!.name}.part`), Buffer.alloc(1000));
  const [, , kmnist] = await builtIns();
  expect(kmnist).toMatchObject({ state: 'get', downloadBytes: 21_239_888 });
  for (const { name, bytes } of files) {
    await writeFile(join(folder, 'kmnist', name), '');
    await truncate(join(folder, 'kmnist', name), bytes);
  }
  expect((await builtIns())[2]).toMatchObject({ state: 'new' });
  expect(placeOf('kmnist')).toBe(join(folder, 'kmnist'));
  await getBuiltIn('kmnist', job);
});

test('a mirror with other files is told by name', async () => {
  const server = createServer((_, response) => response.end('something else'));
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  vi.stubEnv('MATRYOSHKA_MIRROR', `http://${host}`);
  expect((await builtIns())[3]).toMatchObject({ downloadFrom: host });
  await expect(getBuiltIn('cifar10', job)).rejects.toMatchObject({
    code: 'NO_DOWNLOAD',
    message: `CIFAR-10 can't be downloaded: no address has cifar-10-binary.tar.gz as it should be (${host} has a file of 14 bytes; expected 170052171).`,
  });
  server.close();
});
