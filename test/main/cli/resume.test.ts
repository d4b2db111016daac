import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { run, start } from './command.ts';

const folder = await mkdtemp(join(tmpdir(), 'matryoshka-resume-'));
afterAll(() => rm(folder, { recursive: true, force: true }));

const small = ['--limit', '96', '--batch-size', '16', '--engine', 'onnx'];

interface Line {
  readonly event: string;
  readonly [field: string]: unknown;
}

const lines = (stdout: string) =>
  stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);

async function weights(place: string): Promise<Buffer> {
  const out = join(folder, `${place}.safetensors`);
  await run(['export', place, '--format', 'safetensors', '--out', out], folder);
  return readFile(out);
}

it('resume goes on after Ctrl-C to the bytes of a run that was never stopped; rerun repeats it', async () => {
  const whole = run(['train', 'autoencoder', '--epochs', '3', ...small, '--out', 'whole'], folder);
  const args = ['train', 'autoencoder', '--epochs', '2', ...small, '--out', 'cut'];
  const command = start([...args, '--json'], folder);
  await command.said('"event":"step"');
  command.process.kill('SIGINT');
  expect((await command.ended).code).toBe(130);
  expect((await whole).code).toBe(0);

  const resumed = await run(['resume', 'cut', '--epochs', '3', '--json'], folder);
  expect(resumed.code).toBe(0);
  const told = lines(resumed.stdout);
  expect(told.find(({ event }) => event === 'resumed')).toMatchObject({ passed_over: [] });
  expect(told.at(-1)).toMatchObject({ event: 'done', state: 'finished', epoch: 3, step: 18 });
  expect((await weights('cut')).equals(await weights('whole'))).toBe(true);

  const again = await run(['resume', 'cut'], folder);
  expect(again.code).toBe(1);
  expect(again.stderr).toContain('has trained 3 epochs already, and is finished');
  const wrong = await run(['resume', 'cut', '--epochs', 'many'], folder);
  expect(wrong.code).toBe(2);
  const none = await run(['resume', 'nothing'], folder);
  expect([none.code, none.stderr]).toEqual([1, expect.stringContaining('there is no run nothing')]);

  const more = await run(['resume', 'cut', '--epochs', '+1'], folder);
  expect(more.stdout).toContain('Goes on after step 18 (epoch 3 is done)');
  const repeated = await run(['rerun', 'cut', '--json'], folder);
  expect(repeated.code).toBe(0);
  expect(lines(repeated.stdout).at(-1)).toMatchObject({
    event: 'difference',
    equal: true,
    steps: 24,
    epochs: 4,
    values: { difference: 0 },
  });
  const [rerun] = (await readdir(folder)).filter((name) => name.startsWith('cut-rerun-'));
  const record = await readFile(join(folder, rerun!, 'run.json'), 'utf8');
  expect(JSON.parse(record)).toMatchObject({
    studio: expect.any(String) as string,
    environment: { node: process.versions.node },
    data: { hash: expect.any(String) as string },
  });
}, 240_000);

it('train says how the run goes on that was stopped', async () => {
  const command = start(
    ['train', 'autoencoder', '--epochs', '100000', ...small, '--out', 'stopped'],
    folder,
  );
  await command.said('\n0 ');
  command.process.kill('SIGINT');
  const { stdout } = await command.ended;
  expect(stdout).toMatch(/; matryoshka resume \S+stopped goes on with it\n$/);
}, 120_000);
