import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openMemory, type Choice } from '../../../main/engines/choices.ts';
import { forkProbe, type StartProbe } from '../../../main/engines/probe-process.ts';
import { select } from '../../../main/engines/select.ts';
import { createOps } from '../../../shared/program/builder.ts';
import { scalar, tensor } from '../../../shared/program/tensor.ts';
import { bundleProgram } from '../service/bundle.ts';

/** A step that adds the mean of a batch to a variable. */
const sample = (batch = 4, factor = 1) => {
  const ops = createOps();
  const w = ops.variable('w', []);
  const sum = ops.add(w, ops.mul(ops.reduceMean(ops.feed('x', [null, 2])), factor));
  const x = tensor(new Float32Array(batch * 2).fill(1), [batch, 2]);
  return { program: ops.program({ w }, { w: sum }), variables: { w: scalar(0) }, feeds: { x } };
};

let folder: string;
let cache: string;
let probes = 0;
let start: StartProbe;

beforeAll(async () => {
  folder = await mkdtemp(resolve('node_modules', '.choices-test-'));
  const entry = await bundleProgram('main/engines/probe-child.ts', join(folder, 'probe.js'));
  const fork = forkProbe(entry);
  start = (env) => {
    probes += 1;
    return fork(env);
  };
});
afterAll(() => rm(folder, { recursive: true }));
beforeEach(async () => {
  cache = await mkdtemp(join(tmpdir(), 'choices-'));
  probes = 0;
});
afterEach(() => rm(cache, { recursive: true, force: true }));

/** Chooses, and gives the choice and how many processes were started for it. */
async function choose(...[preference, own]: [Parameters<typeof select>[0], object?]) {
  const before = probes;
  const options = { start, cache, sample: sample(), ...own };
  const { engine, choice } = await select(preference, options);
  await engine.dispose();
  return { ...choice, tried: probes - before };
}

describe('the fastest engine', () => {
  it('is remembered for the same step on the same machine, and tried anew when that is asked', async () => {
    const first = await choose('auto');
    expect(first.tried).toBeGreaterThan(0);
    expect(first.reason).toMatch(/works?: onnx \(cpu\) on CPU, .* [\d,]+ samples\/s/);
    const second = await choose('auto');
    expect(second).toMatchObject({ engine: 'onnx', provider: 'cpu', kind: 'cpu', tried: 0 });
    expect(second.device).toBe(first.device);
    const date = new Date().toISOString().slice(0, 10);
    expect(second.reason).toBe(
      `${first.reason} (measured ${date}, remembered for this model on this machine)`,
    );
    expect((await choose('auto', { anew: true })).tried).toBeGreaterThan(0);
  });

  it('is found anew for another model, batch size or preference', async () => {
    await choose('auto');
    expect((await choose('auto', { sample: sample(4, 2) })).tried).toBeGreaterThan(0);
    expect((await choose('auto', { sample: sample(5) })).tried).toBeGreaterThan(0);
    expect((await choose('onnx')).tried).toBeGreaterThan(0);
    expect((await choose('auto')).tried).toBe(0);
  });

  it('is found anew for another number of threads, which is one that can be', async () => {
    try {
      process.env['MATRYOSHKA_THREADS'] = '1';
      expect(await choose('onnx')).toMatchObject({ device: 'CPU, 1 thread' });
      process.env['MATRYOSHKA_THREADS'] = '2';
      const two = await choose('onnx');
      expect(two.device).toBe('CPU, 2 threads');
      expect(two.tried).toBeGreaterThan(0);
      for (const wrong of ['many', '0', '1.5']) {
        process.env['MATRYOSHKA_THREADS'] = wrong;
        await expect(choose('auto')).rejects.toThrow(
          `MATRYOSHKA_THREADS must be a whole number of at least 1; got "${wrong}"`,
        );
      }
    } finally {
      delete process.env['MATRYOSHKA_THREADS'];
    }
  });

  it('is told of before each that is tried', async () => {
    const told: string[] = [];
    await choose('onnx', {
      tell: async ({ provider }: { provider: string }, done: number, total: number) =>
        told.push(`${provider} ${done}/${total}`),
    });
    expect(told[0]).toMatch(/^cpu 0\/\d$/);
    expect(told).toHaveLength(Number(told[0]!.at(-1)));
  });
});

describe('a choice that does not work any more', () => {
  const remembered = async (own: Partial<Choice>) => {
    const memory = await openMemory(cache, 'auto', sample());
    await memory.remember({
      candidate: { engine: 'onnx', provider: 'cpu' },
      device: { kind: 'cpu', name: 'CPU', provider: 'cpu' },
      env: {},
      reason: 'the fastest',
      date: '2020-01-01',
      ...own,
    });
  };

  it('is forgotten and said, when it fails', async () => {
    await remembered({ candidate: { engine: 'onnx', provider: 'abacus' } });
    const { provider, reason, tried } = await choose('auto');
    expect(provider).toBe('cpu');
    expect(tried).toBeGreaterThan(0);
    expect(reason).toMatch(
      /^onnx \(abacus\), chosen on 2020-01-01, does not work any more \(.*no provider "abacus".*\), so all were tried anew; the /,
    );
    expect((await choose('auto')).tried).toBe(0);
  });

  it('is forgotten and said, when it ended its process the last time', async () => {
    await remembered({ starting: true });
    const { reason } = await choose('auto');
    expect(reason).toMatch(/its process ended while it started\), so all were tried anew/);
  });
});

describe('an engine by its way to the device', () => {
  it('is taken when it works', async () => {
    const { provider, reason } = await choose('onnx:cpu');
    expect(provider).toBe('cpu');
    expect(reason).toMatch(/^onnx:cpu was asked for; onnx \(cpu\) on CPU, .* samples\/s$/);
    const script = await choose('tensorflow:javascript');
    expect(script).toMatchObject({ engine: 'tensorflow', provider: 'javascript' });
  });

  it('is refused with the reason when it does not, or is not for this system', async () => {
    const other = process.platform === 'darwin' ? 'dml' : 'coreml';
    await expect(choose(`onnx:${other}`)).rejects.toThrow(`onnx:${other} does not exist`);
    const crash: StartProbe = () => ({
      ...start({}),
      exit: Promise.resolve({ code: null, signal: 'SIGSEGV' }),
    });
    await expect(choose('onnx:cpu', { start: crash })).rejects.toThrow(
      /no engine works here; onnx \(cpu\): it crashed \(SIGSEGV\)/,
    );
  });
});
