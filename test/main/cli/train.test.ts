import { access, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { run, start, type Ended, type Running } from './command.ts';

const folder = await mkdtemp(join(tmpdir(), 'matryoshka-train-'));
afterAll(() => rm(folder, { recursive: true, force: true }));

const small = ['--limit', '64', '--batch-size', '32', '--engine', 'onnx'];
const forEver = [
  'train',
  'autoencoder',
  '--epochs',
  '100000',
  '--limit',
  '256',
  '--engine',
  'onnx',
];

interface Line {
  readonly event: string;
  readonly [field: string]: unknown;
}

function lines({ stdout }: Ended): Line[] {
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);
}

async function record(place: string): Promise<Record<string, unknown>> {
  const text = await readFile(join(folder, place, 'run.json'), 'utf8');
  return JSON.parse(text) as Record<string, unknown>;
}

/** The process that a command has started. */
async function childOf({ process: { pid } }: Running): Promise<number> {
  return Number((await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')).split(' ')[0]);
}

describe.concurrent('train', () => {
  it('says with --json what happens, one event a line, and where the run is', async () => {
    const args = ['train', 'autoencoder', '--epochs', '2', ...small, '--out', 'json', '--json'];
    const ended = await run(args, folder);
    expect(ended.code).toBe(0);
    const told = lines(ended);
    const steps = told.filter(({ event }) => event === 'step');
    expect(steps.map(({ step }) => step)).toEqual([1, 2, 3, 4]);
    const epochs = told.filter(({ event }) => event === 'epoch');
    expect(epochs.map(({ epoch }) => epoch)).toEqual([1, 2]);
    for (const { waiting } of epochs) {
      expect(waiting).toBeGreaterThanOrEqual(0);
      expect(waiting).toBeLessThan(1);
    }
    for (const { loss, val_loss, samples_per_second } of epochs)
      for (const number of [loss, val_loss, samples_per_second]) expect(number).toBeGreaterThan(0);
    const mean = (Number(steps[0]!['loss']) + Number(steps[1]!['loss'])) / 2;
    expect(epochs[0]!['loss']).toBeCloseTo(mean, 5);
    expect(told.at(-1)).toMatchObject({
      event: 'done',
      run: join(folder, 'json'),
      state: 'finished',
      step: 4,
      epoch: 2,
      loss: epochs[1]!['loss'],
    });
    expect(await record('json')).toMatchObject({ state: 'finished', lastStep: 4 });
  });

  it('prints a table for people, and no bar where there is no terminal', async () => {
    const args = ['train', 'autoencoder', '--epochs', '1', ...small, '--out', 'text'];
    const { code, stdout, stderr } = await run(args, folder);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^64 samples, 64 for validation; 1 epoch of 2 steps, batch size 32\n/);
    expect(stdout).toMatch(/\nepoch +loss +val_loss +samples\/s +time\n/);
    expect(stdout).toMatch(/\n1( +[\d.]+){2}/);
    expect(stdout.trimEnd().endsWith(`Done. The run is in ${join(folder, 'text')}`)).toBe(true);
    for (const sign of ['\u001b', '\r', '█']) expect(stdout).not.toContain(sign);
    const again = await run(args, folder);
    expect(again).toMatchObject({ code: 1, stdout: '' });
    expect(again.stderr).toMatch(/already holds a run/);
  });

  it('stops after Ctrl-C, keeps what it has, and says what and where', async () => {
    const command = start([...forEver, '--out', 'stopped', '--json'], folder);
    await command.said('"event":"step"');
    command.process.kill('SIGINT');
    const ended = await command.ended;
    expect(ended.code).toBe(130);
    const last = lines(ended).at(-1)!;
    expect(last).toMatchObject({ event: 'done', state: 'stopped', run: join(folder, 'stopped') });
    expect(last['step']).toBeGreaterThan(0);
    expect(lines(ended)).toContainEqual({
      event: 'checkpoint',
      step: last['step'],
      epoch: expect.any(Number) as number,
    });
    expect(await record('stopped')).toMatchObject({ state: 'stopped', lastStep: last['step'] });
  });

  it('ends at once after a second Ctrl-C', async () => {
    const command = start([...forEver, '--out', 'ended'], folder);
    await command.said('Engine:');
    command.process.kill('SIGINT');
    command.process.kill('SIGINT');
    const { code } = await command.ended;
    expect(code).toBe(130);
    expect(['stopped', 'failed']).toContain((await record('ended'))['state']);
  });

  it.skipIf(process.platform !== 'linux')(
    'says what was saved when its trainer is killed',
    async () => {
      const command = start([...forEver, '--out', 'killed'], folder);
      await command.said('Engine:');
      process.kill(await childOf(command), 'SIGKILL');
      const { code, stderr } = await command.ended;
      expect(code).toBe(1);
      expect(stderr).toMatch(/^matryoshka: .*trainer.*SIGKILL.*\n$/);
      expect(stderr).toContain(join(folder, 'killed'));
      expect(await record('killed')).toMatchObject({ state: 'failed' });
    },
  );

  it('says with --json why nothing was started', async () => {
    const ended = await run(['train', 'nothing', '--json'], folder);
    expect(ended).toMatchObject({ code: 1, stderr: '' });
    const message = /^there is no template "nothing"; there are autoencoder, /;
    expect(lines(ended)).toEqual([
      {
        event: 'error',
        code: 'NO_SUCH_TEMPLATE',
        message: expect.stringMatching(message) as string,
      },
    ]);
  });
});

describe('what follows a run', () => {
  it('exports a submodel by its path', async () => {
    const args = ['export', 'json', '--model', 'autoencoder/encoder', '--format', 'tfjs'];
    const { code, stdout } = await run([...args, '--out', 'encoder'], folder);
    expect(code).toBe(0);
    expect(stdout).toContain(join(folder, 'encoder'));
    const model = JSON.parse(await readFile(join(folder, 'encoder/model.json'), 'utf8')) as object;
    expect(model).toMatchObject({ format: 'layers-model' });
    await access(join(folder, 'encoder/weights.bin'));
    const summary = await run(['summary', 'encoder/model.json'], folder);
    expect(summary.stdout).toContain('Total params: 18672 (72.94 KB)');
  });

  it('proves that the models share their variables', async () => {
    const { code, stdout } = await run(['prove', 'autoencoder', '--json'], folder);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ model: 'autoencoder', holds: true });
  });

  it('lists the engines', async () => {
    const { code, stdout } = await run(['engines', '--json'], folder);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toContainEqual(
      expect.objectContaining({ engine: 'onnx', provider: 'cpu', works: true }),
    );
  });
});
