import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { openStudio } from '../../../main/service/studio.ts';
import { serveWeb } from '../../../main/web/server.ts';
import { encodeMessage } from '../../../shared/api/codec.ts';
import { folder, startTrainer } from '../service/setting.ts';
import { openWindow } from './window.ts';

const pages = join(folder, 'renderer');
await mkdir(join(pages, 'assets'), { recursive: true });
await writeFile(join(pages, 'index.html'), '<!doctype html><title>Studio</title>');
await writeFile(join(pages, 'assets/main-1a2b.js'), 'export {}');
await writeFile(join(folder, 'secret.html'), 'secret');
await mkdir(join(folder, 'renderer-beside'));
await writeFile(join(folder, 'renderer-beside/page.html'), 'secret');

const studio = await openStudio({ folder: join(folder, 'project'), host: 'web', startTrainer });
const host = await serveWeb(studio, { folder: pages });
const { port, searchParams } = new URL(host.url);
const token = searchParams.get('token')!;
afterAll(() => host.close());

interface Answer {
  status: number;
  headers: Record<string, unknown>;
  body: string;
}

/** Asks with a path exactly as it is written. */
function get(path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    request(
      { port, path, method, headers: { host: `127.0.0.1:${port}`, ...headers } },
      (response) => {
        let body = '';
        response.on('data', (chunk) => (body += String(chunk)));
        response.on('end', () =>
          resolve({ status: response.statusCode!, headers: response.headers, body }),
        );
      },
    )
      .on('error', reject)
      .end();
  });
}

test('the pages are served with their types and the rules for browsers', async () => {
  const page = await get('/');
  expect(page).toMatchObject({
    status: 200,
    body: '<!doctype html><title>Studio</title>',
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      'content-security-policy': expect.stringContaining("default-src 'self'") as string,
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
    },
  });
  expect((await get('/?token=anything')).status).toBe(200);
  const script = await get('/assets/main-1a2b.js');
  expect(script.headers['content-type']).toBe('text/javascript; charset=utf-8');
  expect(script.headers['cache-control']).toContain('immutable');
  expect(await get('/', {}, 'HEAD')).toMatchObject({ status: 200, body: '' });
  expect(await get('/', {}, 'POST')).toMatchObject({ status: 405 });
  expect(await get('/missing.js')).toMatchObject({ status: 404 });
  expect(await get('/assets')).toMatchObject({ status: 404 });
});

test('no path leads out of the folder of the pages', async () => {
  for (const path of [
    '/../secret.html',
    '/%2e%2e/secret.html',
    '/..%2fsecret.html',
    '/assets/..%2f..%2fsecret.html',
    '/..%5csecret.html',
    '/../renderer-beside/page.html',
    '/..%2frenderer-beside/page.html',
    '//secret.html',
    `/${join(folder, 'secret.html')}`,
    '/%00.html',
    '/%',
    '/%c0%ae%c0%ae/secret.html',
  ]) {
    const { status, body } = await get(path);
    expect([path, status]).toEqual([path, 404]);
    expect(body).not.toContain('secret');
  }
});

test('a request that names another host or comes from another page is refused', async () => {
  for (const name of ['evil.example', `evil.example:${port}`, '127.0.0.1', '127.0.0.1:1'])
    expect([name, (await get('/', { host: name })).status]).toEqual([name, 403]);
  expect((await get('/', { origin: 'http://evil.example' })).status).toBe(403);
  expect((await get('/', { host: `localhost:${port}` })).status).toBe(200);
});

/** Opens a socket, and says how it ended: the answer's status, or the code with which it was closed. */
function knock(path: string, headers: Record<string, string> = {}): Promise<string | number> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, { headers });
  return new Promise((resolve) => {
    socket.on('unexpected-response', (_, response) => resolve(`status ${response.statusCode}`));
    socket.on('close', (code) => resolve(code));
    socket.on('error', () => {});
  });
}

test('a socket needs the token, this host and this origin', async () => {
  const wrong = token.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A'));
  for (const query of ['', '?token=', `?token=${wrong}`, `?token=${token}x`, '?token=%00'])
    expect([query, await knock(`/socket${query}`)]).toEqual([query, 4401]);
  const path = `/socket?token=${token}`;
  expect(await knock(path, { origin: 'http://evil.example' })).toBe('status 403');
  expect(await knock(path, { origin: 'null' })).toBe('status 403');
  expect(await knock(path, { origin: `https://127.0.0.1:${port}` })).toBe('status 403');
  expect(await knock(path, { origin: 'http://127.0.0.1:1' })).toBe('status 403');
  expect(await knock(path, { host: `evil.example:${port}` })).toBe('status 403');
  expect(await knock(`/other?token=${token}`)).toBe('status 403');
});

test('a client that sends nonsense is closed, and the others go on', async () => {
  const { service, close } = await openWindow(host.url);
  const send = async (message: string | Buffer): Promise<number> => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/socket?token=${token}`);
    await once(socket, 'open');
    socket.send(message);
    const [code] = (await once(socket, 'close')) as [number];
    return code;
  };
  expect(await send('nonsense')).toBe(1007);
  expect(await send('[["Function",1]]')).toBe(1007);
  expect(await send(Buffer.from([1, 2, 3]))).toBe(1003);
  expect(await send('x'.repeat(17 * 1024 * 1024))).toBe(1009);
  const torn = connect(Number(port), '127.0.0.1', () => {
    torn.write(`GET /socket?token=${token} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUpg`);
    torn.resetAndDestroy();
  });
  await once(torn, 'close');
  expect((await service.snapshot()).host).toBe('web');
  close();
});

test('calls that do not fit the contract are refused by name', async () => {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/socket?token=${token}`);
  await once(socket, 'open');
  const call = async (m: string, a: unknown[]): Promise<string> => {
    socket.send(encodeMessage({ t: 'q', i: 'x', m, a }));
    const [data] = (await once(socket, 'message')) as [Buffer];
    return data.toString();
  };
  expect(await call('constructor', [])).toContain('NO_SUCH_METHOD');
  expect(await call('runEvents', [{ id: '../..', after: 0 }])).toContain('BAD_REQUEST');
  expect(await call('runImages', [{ id: 'a', picture: 1.5 }])).toContain('BAD_REQUEST');
  expect(await call('startRun', [{ model: 'autoencoder', epochs: 0 }])).toContain(
    'startRun.epochs',
  );
  expect(await call('startRun', [])).toContain('BAD_REQUEST');
  expect(await call('runEvents', [{ id: 'none', after: 0 }])).toContain('NO_SUCH_RUN');
  expect(
    await call('saveProject', [{ model: { version: 1 }, training: { model: 'a' } }]),
  ).toContain('BAD_MODEL');
  socket.close();
});

test('a port that is taken is said, and a folder without pages', async () => {
  await expect(serveWeb(studio, { port: Number(port), folder: pages })).rejects.toMatchObject({
    code: 'PORT_TAKEN',
  });
  await expect(serveWeb(studio, { folder: join(folder, 'none') })).rejects.toMatchObject({
    code: 'NOT_BUILT',
  });
});

test('closing lets go of windows and of the port', async () => {
  const other = await serveWeb(studio, { folder: pages });
  const { service, closed } = await openWindow(other.url);
  await service.snapshot();
  await other.close();
  await closed;
  await expect(service.snapshot()).rejects.toMatchObject({ code: 'CLOSED' });
  await expect(fetch(other.url)).rejects.toThrow();
});
