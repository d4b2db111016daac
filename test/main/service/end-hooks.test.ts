import { once } from 'node:events';
import { mkdtemp, readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, test, vi } from 'vitest';
import { tellEnd } from '../../../main/service/end-hooks.ts';
import { trustHooks } from '../../../main/service/trusted-hooks.ts';
import type { RunSummary } from '../../../shared/api/contract.ts';
import { trainingSettings } from '../../../shared/keras/training-settings.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hooks-'));
  vi.stubEnv('MATRYOSHKA_DATA', join(folder, 'data'));
});

function summary(callbacks: readonly { class_name: string; config: object }[]): RunSummary {
  const settings = trainingSettings.parse({ model: 'whole', callbacks });
  const rest = { id: 'run', number: 3, created: 1, lastStep: 12, seq: 9, engine: undefined };
  return { ...rest, folder, state: 'finished', settings } as unknown as RunSummary;
}

/** What the hooks of a run say went wrong, once a person has set them. */
async function warnings(...callbacks: { class_name: string; config: object }[]) {
  const run = summary(callbacks);
  await trustHooks(run.settings.callbacks, []);
  const told = await tellEnd(run);
  return told.map((event) => 'message' in event && event.message);
}

const node = (code: string, config: object = {}) => ({
  class_name: 'Command',
  config: { command: [process.execPath, '-e', code], ...config },
});

test('a command gets the result as JSON and in its environment, word by word', async () => {
  const code = `
    const { MATRYOSHKA_RUN, MATRYOSHKA_STATE } = process.env;
    let text = '';
    process.stdin.on('data', (part) => (text += part)).on('end', () =>
      require('fs').writeFileSync('told.json', JSON.stringify(
        { result: JSON.parse(text), MATRYOSHKA_RUN, MATRYOSHKA_STATE, args: process.argv.slice(1) })));`;
  const hook = node(code);
  hook.config.command.push('$HOME; echo');
  expect(await warnings(hook)).toEqual([]);
  const told = JSON.parse(await readFile(join(folder, 'told.json'), 'utf8')) as unknown;
  expect(told).toMatchObject({
    MATRYOSHKA_RUN: folder,
    MATRYOSHKA_STATE: 'finished',
    args: ['$HOME; echo'],
    result: { event: 'run-ended', number: 3, state: 'finished', model: 'whole', lastStep: 12 },
  });
});

test('a command that fails, is not there or takes too long is told', async () => {
  const hooks = [
    node('console.error("no disk"); process.exit(3)'),
    { class_name: 'Command', config: { command: ['no-such-program-here'] } },
    node('setInterval(() => {}, 1000)', { timeout: 0.3 }),
  ];
  const [failed, missing, late] = await warnings(...hooks);
  expect(failed).toMatch(/ended with exit code 3: no disk/);
  expect(missing).toMatch(/no-such-program-here.*ENOENT/);
  expect(late).toMatch(/took longer than 0.3 s and was ended/);
});

test.skipIf(process.platform === 'win32')('a shell only where it is asked for', async () => {
  const config = { command: ['echo $((40 + 2)) > sum.txt'], shell: true };
  expect(await warnings({ class_name: 'Command', config })).toEqual([]);
  expect(await readFile(join(folder, 'sum.txt'), 'utf8')).toBe('42\n');
});

test('a webhook gets the result; an answer that is none, or no answer, is told', async () => {
  const got: unknown[] = [];
  const server = createServer((request, response) => {
    let text = '';
    request.setEncoding('utf8').on('data', (part: string) => (text += part));
    request.on('end', () => {
      got.push({ type: request.headers['content-type'], ...(JSON.parse(text) as object) });
      if (request.url !== '/silent') response.writeHead(request.url === '/ok' ? 204 : 500).end();
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const hook = (path: string) => ({
    class_name: 'Webhook',
    config: { url: `${base}${path}`, timeout: 0.5 },
  });
  const told = await warnings(hook('/ok'), hook('/bad'), hook('/silent'));
  server.closeAllConnections();
  server.close();
  expect(got[0]).toMatchObject({ type: 'application/json', state: 'finished', lastStep: 12 });
  expect(told).toEqual([
    expect.stringMatching(/answered 500/),
    expect.stringMatching(/did not answer within 0.5 s/),
  ]);
  const [refused] = await warnings(hook('/gone'));
  expect(refused).toMatch(/127\.0\.0\.1.*ECONNREFUSED/);
});

test('what came with a project from elsewhere is not done until a person sets it here', async () => {
  const hook = node('require("fs").writeFileSync("done", "")');
  const run = summary([hook]);
  await trustHooks(run.settings.callbacks, run.settings.callbacks);
  const [told] = await tellEnd(run);
  expect(told).toMatchObject({
    action: 'warn',
    message: expect.stringMatching(/came with/) as string,
  });
  await expect(readFile(join(folder, 'done'))).rejects.toThrow('ENOENT');
});
