import { createHash } from 'node:crypto';
import { readdir, readFile, writeFile, mkdir, stat } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, expect, test, vi } from 'vitest';
import { downloadables, type DownloadableData } from '../../../../main/data/downloads/catalogue.ts';
import {
  download,
  downloadBytes,
  downloadedBytes,
  type DownloadProgress,
} from '../../../../main/data/downloads/download.ts';
import { recognise } from '../../../../main/data/recognise.ts';
import { digits, idxFile, outline, temporaryFolders } from '../sources/make.ts';

const temporary = temporaryFolders();
const { images, labels } = await digits(2000);
const content: Record<string, Buffer> = {
  'train-images-idx3-ubyte.gz': gzipSync(idxFile([2000, 28, 28], Buffer.concat(images))),
  'train-labels-idx1-ubyte.gz': gzipSync(idxFile([2000], Uint8Array.from(labels))),
};
const large = content['train-images-idx3-ubyte.gz']!;

type Answer = (request: IncomingMessage, response: ServerResponse, bytes: Buffer) => void;

const open: (() => void)[] = [];
afterEach(() => {
  for (const close of open.splice(0)) close();
  vi.unstubAllEnvs();
});

/** A real server of files; says what was asked of it. */
async function serve(answer: Answer): Promise<{ url: string; asked: string[] }> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.url} ${request.headers.range ?? ''}`.trim());
    const bytes = content[request.url!.split('/').at(-1)!];
    if (bytes) answer(request, response, bytes);
    else response.writeHead(404).end('not here');
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  open.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

/** As a server does that can send parts. */
const whole: Answer = (request, response, bytes) => {
  const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
  response.writeHead(start ? 206 : 200, {
    'content-length': bytes.length - start,
    ...(start ? { 'content-range': `bytes ${start}-${bytes.length - 1}/${bytes.length}` } : {}),
  });
  response.end(bytes.subarray(start));
};

/** Sends some bytes of what is asked for and drops the connection. */
const dropping =
  (after: number): Answer =>
  (request, response, bytes) => {
    const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
    if (bytes.length - start <= after) return whole(request, response, bytes);
    response.writeHead(start ? 206 : 200, {
      'content-length': bytes.length - start,
      ...(start ? { 'content-range': `bytes ${start}-${bytes.length - 1}/${bytes.length}` } : {}),
    });
    response.write(bytes.subarray(start, start + after), () => response.socket!.destroy());
  };

function digitsAt(...urls: string[]): DownloadableData {
  return {
    name: 'digits',
    title: 'Digits',
    about: 'digits',
    licence: 'none',
    page: 'http://localhost',
    files: Object.entries(content).map(([name, bytes]) => ({
      name,
      bytes: bytes.length,
      sha256: createHash('sha256').update(bytes).digest('hex'),
      urls: urls.map((url) => `${url}/${name}`),
    })),
  };
}

test('what is downloaded is checked, can be trained on, and is not downloaded again', async () => {
  const { url, asked } = await serve(whole);
  const data = digitsAt(url);
  const folder = await temporary();
  const told: DownloadProgress[] = [];
  expect(await downloadedBytes(data, folder)).toBe(0);
  const path = await download(data, { folder, onProgress: (progress) => told.push(progress) });
  expect(outline(await recognise(path))).toMatchObject({ kind: 'idx', splits: { train: 2000 } });
  expect((await readdir(path)).sort()).toEqual(Object.keys(content).sort());
  expect(await downloadedBytes(data, folder)).toBe(downloadBytes(data));
  const last = told.at(-1)!;
  expect(last).toMatchObject({ done: downloadBytes(data), total: downloadBytes(data) });
  expect(url).toContain(last.from);
  await download(data, { folder });
  expect(asked).toHaveLength(2);
});

test('a connection that drops is taken up again where it broke off', async () => {
  const { url, asked } = await serve(dropping(100_000));
  const folder = await temporary();
  const path = await download(digitsAt(url), { folder });
  expect(await readFile(join(path, 'train-images-idx3-ubyte.gz'))).toEqual(large);
  expect(asked.length).toBeGreaterThan(2);
  expect(asked[1]).toMatch(/ bytes=\d+-$/);
});

test('what is here of an earlier try is gone on from', async () => {
  const { url, asked } = await serve(whole);
  const folder = await temporary();
  await mkdir(join(folder, 'digits'));
  await writeFile(join(folder, 'digits/train-images-idx3-ubyte.gz.part'), large.subarray(0, 5000));
  expect(await downloadedBytes(digitsAt(url), folder)).toBe(5000);
  await download(digitsAt(url), { folder });
  expect(asked[0]).toBe('/train-images-idx3-ubyte.gz bytes=5000-');
});

test('a server that knows no parts sends all of it anew', async () => {
  const { url } = await serve((_, response, bytes) => response.end(bytes));
  const folder = await temporary();
  await mkdir(join(folder, 'digits'));
  await writeFile(join(folder, 'digits/train-images-idx3-ubyte.gz.part'), large.subarray(0, 5000));
  const path = await download(digitsAt(url), { folder });
  expect(await readFile(join(path, 'train-images-idx3-ubyte.gz'))).toEqual(large);
});

test.each<[string, Answer, RegExp]>([
  [
    'has other bytes',
    (_, response, bytes) => response.end(Buffer.from(bytes).fill(7, 100, 200)),
    /expected the SHA-256 checksum [0-9a-f]{64}; got [0-9a-f]{64}/,
  ],
  [
    'does not have it',
    (_, response) => response.writeHead(404).end('gone'),
    /answers 404 Not Found/,
  ],
  [
    'has a page instead',
    (_, response) => response.end('<html>Log in</html>'),
    /has a file of 19 bytes; expected/,
  ],
  [
    'sends without end',
    (_, response, bytes) => {
      response.writeHead(200);
      response.write(bytes);
      response.write(bytes);
    },
    /sends more than the \d+ bytes expected/,
  ],
])(
  'an address that %s is passed over for the next, and told where there is none',
  async (_, answer, message) => {
    const bad = await serve(answer);
    const good = await serve(whole);
    const folder = await temporary();
    const error: unknown = await download(digitsAt(bad.url), { folder }).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toMatchObject({
      code: 'NO_DOWNLOAD',
      message: expect.stringMatching(message) as string,
    });
    expect(await readdir(join(folder, 'digits'))).toEqual([]);
    await download(digitsAt(bad.url, good.url), { folder });
    expect(await downloadedBytes(digitsAt(), folder)).toBe(downloadBytes(digitsAt()));
  },
);

test('offline, the message says so and what is kept', async () => {
  const { url: closed } = await serve(whole);
  for (const close of open.splice(0)) close();
  const folder = await temporary();
  await mkdir(join(folder, 'digits'));
  await writeFile(
    join(folder, 'digits/train-images-idx3-ubyte.gz.part'),
    large.subarray(0, 100_000),
  );
  await expect(
    download(digitsAt('http://no-such-host.invalid', closed), { folder }),
  ).rejects.toMatchObject({
    code: 'OFFLINE',
    message: expect.stringMatching(
      /^Digits can't be downloaded now: no connection.*no-such-host\.invalid can not be found; 127\.0\.0\.1:\d+ refuses the connection.* 0\.1 MB of 0\.3 MB came and are kept\. Try again once this machine is online\.$/,
    ) as string,
  });
});

test('a server that falls silent is given up', async () => {
  const { url } = await serve((_, response, bytes) => {
    response.writeHead(200, { 'content-length': bytes.length });
    response.write(bytes.subarray(0, 1000));
  });
  await expect(
    download(digitsAt(url), { folder: await temporary(), silence: 100 }),
  ).rejects.toMatchObject({
    code: 'OFFLINE',
    message: expect.stringContaining('was silent') as string,
  });
});

test('a download that is cancelled keeps what came', async () => {
  const { url } = await serve((_, response, bytes) => {
    response.writeHead(200, { 'content-length': bytes.length });
    response.write(bytes.subarray(0, 100_000));
  });
  const folder = await temporary();
  const abort = new AbortController();
  const cancelled = download(digitsAt(url), {
    folder,
    signal: abort.signal,
    onProgress: () => abort.abort(),
  });
  await expect(cancelled).rejects.toMatchObject({ code: 'CANCELLED' });
  const { size } = await stat(join(folder, 'digits/train-images-idx3-ubyte.gz.part'));
  expect(size).toBeGreaterThan(0);
  const { url: better, asked } = await serve(whole);
  await download(digitsAt(better), { folder });
  expect(asked[0]).toBe(`/train-images-idx3-ubyte.gz bytes=${size}-`);
});

test('two that want the same download it once', async () => {
  const { url, asked } = await serve(whole);
  const folder = await temporary();
  await Promise.all([download(digitsAt(url), { folder }), download(digitsAt(url), { folder })]);
  expect(asked).toHaveLength(2);
});

test('a mirror takes the place of all addresses', async () => {
  const { url, asked } = await serve(whole);
  vi.stubEnv('MATRYOSHKA_MIRROR', `${url}/mirror/`);
  await download(digitsAt('http://no-such-host.invalid'), { folder: await temporary() });
  expect(asked).toEqual(Object.keys(content).map((name) => `/mirror/digits/${name}`));
});

test('the catalogue has a size, a checksum and several addresses for each file', () => {
  expect(downloadables.map(({ name }) => name)).toEqual(['fashion-mnist', 'kmnist', 'cifar10']);
  for (const { files } of downloadables)
    for (const { bytes, sha256, urls } of files) {
      expect(bytes).toBeGreaterThan(5000);
      expect(sha256).toMatch(/^[0-9a-f]{64}$/);
      expect(urls.length).toBeGreaterThan(1);
      for (const url of urls) expect(new URL(url).protocol).toMatch(/^https?:$/);
    }
  const sums = downloadables.flatMap(({ files }) => files.map(({ sha256 }) => sha256));
  expect(new Set(sums).size).toBe(sums.length);
});
