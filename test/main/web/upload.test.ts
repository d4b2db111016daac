import { request, type ClientRequest } from 'node:http';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { openStudio } from '../../../main/service/studio.ts';
import { serveWeb } from '../../../main/web/server.ts';
import type { DataImport } from '../../../shared/api/data.ts';
import { folder, startTrainer } from '../service/setting.ts';
import { openWindow, quiet } from './window.ts';

const pages = join(folder, 'renderer');
await mkdir(pages, { recursive: true });
await writeFile(join(pages, 'index.html'), '<!doctype html>');
const project = join(folder, 'project');
const studio = await openStudio({
  folder: project,
  host: 'web',
  startTrainer,
  uploadLimits: { files: 100, bytes: 1000 },
});
const host = await serveWeb(studio, { folder: pages });
const { port, searchParams } = new URL(host.url);
const authorization = `Bearer ${searchParams.get('token')}`;
const imports: DataImport[] = [];
const { service, close } = await openWindow(host.url, {
  ...quiet,
  importChanged: (data) => void imports.push(data),
});
afterAll(async () => {
  close();
  await host.close();
  await studio.close();
});

/** Sends bytes to a path with these headers; gives the status and what is answered. */
function send(path: string, headers: Record<string, string>, body: string) {
  let sent: ClientRequest;
  return new Promise<{ status: number; text: string }>((resolve, reject) => {
    sent = request(
      { port, path, method: 'POST', headers: { host: `127.0.0.1:${port}`, ...headers } },
      (response) => {
        let text = '';
        response.on('data', (chunk) => (text += String(chunk)));
        response.on('end', () => resolve({ status: response.statusCode!, text }));
      },
    );
    sent.on('error', reject).end(body);
  });
}

const id = '0123456789abcdef'.repeat(2);
const file = (path: string, text: string) => ({
  path,
  bytes: Buffer.byteLength(text),
  modified: 1_600_000_000_000,
});

test('only who has the token, on this machine and from its pages, may send', async () => {
  const text = 'a,b\n1,2\n3,4\n';
  await service.startUpload({ id, name: 'numbers.csv', files: 1, bytes: text.length });
  const { ticket } = await service.offerFiles({ id, files: [file('numbers.csv', text)] });
  const path = `/upload/${id}/${ticket}`;
  for (const headers of [
    {},
    { authorization: 'Bearer wrong' },
    { authorization, host: 'evil.example' },
    { authorization, origin: 'https://evil.example' },
  ] as Record<string, string>[])
    expect((await send(path, headers, text)).status).toBe(403);
  expect((await send(`/upload/${id}/../..`, { authorization }, text)).status).toBe(405);
  expect((await send(`${path}0`, { authorization }, text)).status).toBe(400);
  await service.cancelImport({ id });
  expect((await send(path, { authorization }, text)).status).toBe(400);
});

test('an upload that comes whole is imported, and told of on the way', async () => {
  const text = `a,b\n${Array.from({ length: 40 }, (_, i) => `${i},${i * 2}`).join('\n')}\n`;
  const origin = `http://127.0.0.1:${port}`;
  await service.startUpload({ id, name: 'numbers.csv', files: 1, bytes: text.length });
  const { ticket } = await service.offerFiles({ id, files: [file('numbers.csv', text)] });
  const answer = await send(`/upload/${id}/${ticket}`, { authorization, origin }, text);
  expect(answer).toEqual({ status: 204, text: '' });
  expect(await service.importData({ upload: id })).toBe(id);
  await expect.poll(() => imports.at(-1)?.state, { timeout: 20_000 }).toBe('done');
  const data = join(project, 'data', id, 'numbers.csv');
  expect(imports.at(-1)).toMatchObject({ id, name: 'numbers.csv', data });
  expect(imports.some(({ phase, unit }) => phase === 'upload' && unit === 'bytes')).toBe(true);
  expect(await readFile(data, 'utf8')).toBe(text);
  expect(await service.dataReport({ data })).toMatchObject({ samples: 40, kind: 'csv' });
});

test('what is too large, or breaks off, is an error that says so', async () => {
  const other = 'fedcba9876543210'.repeat(2);
  await expect(
    service.startUpload({ id: other, name: 'big', files: 1, bytes: 1001 }),
  ).rejects.toMatchObject({ code: 'UPLOAD_TOO_LARGE' });
  await service.startUpload({ id: other, name: 'set', files: 1, bytes: 3 });
  await expect(
    service.offerFiles({ id: other, files: [file('../escape', 'abc')] }),
  ).rejects.toMatchObject({ code: 'BAD_UPLOAD' });
  const { ticket } = await service.offerFiles({ id: other, files: [file('set/a', 'abc')] });
  const answer = await send(`/upload/${other}/${ticket}`, { authorization }, 'ab');
  expect(answer.status).toBe(400);
  expect(JSON.parse(answer.text)).toMatchObject({
    code: 'BAD_UPLOAD',
    message: '"set/a" ends 1 bytes before its end',
  });
  await expect
    .poll(() => imports.at(-1))
    .toMatchObject({ id: other, state: 'failed', error: { code: 'BAD_UPLOAD' } });
});
