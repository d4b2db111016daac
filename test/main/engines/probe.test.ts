import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listCandidates, missingParts, type Candidate } from '../../../main/engines/candidates.ts';
import { probe, probeAll, probeNow } from '../../../main/engines/probe.ts';
import { forkProbe, type StartProbe } from '../../../main/engines/probe-process.ts';
import { agree } from '../../../main/engines/probe-step.ts';
import { explainError, explainExit } from '../../../main/engines/probe-words.ts';
import { select } from '../../../main/engines/select.ts';
import type { EngineProgress } from '../../../shared/api/engines.ts';
import { createOps } from '../../../shared/program/builder.ts';
import { scalar, tensor } from '../../../shared/program/tensor.ts';
import { bundleProgram } from '../service/bundle.ts';

const cpu: Candidate = { engine: 'onnx', provider: 'cpu' };
const javascript: Candidate = { engine: 'tensorflow', provider: 'javascript' };
/** A step that adds one to a variable. */
const sample = () => {
  const ops = createOps();
  const w = ops.variable('w', []);
  const program = ops.program({ w }, { w: ops.add(w, ops.feed('x', [])) });
  return { program, variables: { w: scalar(0) }, feeds: { x: scalar(1) } };
};

let folder: string;
/** The real probe, bundled as the build does it. */
let start: StartProbe;

/** A process that does this in place of probing. */
async function instead(code: string): Promise<StartProbe> {
  const file = join(folder, `instead-${Math.random().toString(36).slice(2)}.mjs`);
  await writeFile(file, code);
  return forkProbe(file);
}

beforeAll(async () => {
  // Inside the repository, so that the bundle finds its packages.
  folder = await mkdtemp(resolve('node_modules', '.probe-test-'));
  start = forkProbe(await bundleProgram('main/engines/probe-child.ts', join(folder, 'probe.js')));
});
afterAll(() => rm(folder, { recursive: true }));

describe('probing', () => {
  it('finds that ONNX Runtime on the CPU and the JavaScript engine work', async () => {
    for (const candidate of [cpu, javascript]) {
      const { installed, device, reason } = await probeNow(candidate, { start });
      expect({ installed, kind: device?.kind, provider: device?.provider, reason }).toEqual({
        installed: true,
        kind: 'cpu',
        provider: candidate.provider,
        reason: undefined,
      });
    }
  });

  it('times the given step', async () => {
    const { timing } = await probeNow(cpu, { start }, sample());
    expect(timing?.milliseconds).toBeGreaterThan(0);
    expect(timing?.milliseconds).toBeLessThan(1000);
    expect(timing?.outputs['w']?.data).toEqual(new Float32Array([0]));
  });

  it('says of everything whether it works, or else why not', async () => {
    const reports = await probeAll({ start });
    expect(reports.map(({ engine, provider }) => ({ engine, provider }))).toEqual(listCandidates());
    for (const { works, reason, device, installed } of reports) {
      if (works) expect(device).toMatch(/\w/);
      else expect(reason).toMatch(/\w/);
      if (!installed) expect(works).toBe(false);
    }
  });

  it('times a step on each that works, and tells how far it is', async () => {
    const told: EngineProgress[] = [];
    const reports = await probeAll({
      start,
      benchmark: { sample: sample(), batch: 128 },
      tell: (progress) => told.push(progress),
    });
    for (const { works, samplesPerSecond } of reports)
      if (works) expect(samplesPerSecond).toBeGreaterThan(128);
      else expect(samplesPerSecond).toBeUndefined();
    const total = listCandidates().length;
    expect(told.map(({ done }) => done)).toEqual([...Array(total + 1).keys()]);
    expect(told.map(({ next }) => next)).toEqual([...listCandidates(), undefined]);
    expect(told.flatMap(({ report }) => report ?? [])).toEqual(reports);
  });

  it('says why a candidate that works could not be timed', async () => {
    const broken = { ...sample(), variables: {} };
    const reports = await probeAll({ start, benchmark: { sample: broken, batch: 128 } });
    const found = reports.find(({ provider }) => provider === 'cpu');
    expect(found).toMatchObject({ works: true, installed: true });
    expect(found!.reason).toMatch(/^its speed was not measured: .*"w"/);
  });

  for (const provider of ['tfjs-node', 'tfjs-node-gpu', 'cuda'])
    it(`says how to get ${provider} where it is missing`, async ({ skip }) => {
      const candidate = listCandidates().find((one) => one.provider === provider);
      if (!candidate || missingParts(candidate) === null) skip('it is here');
      const result = await probeNow(candidate!, { start });
      expect(result.installed).toBe(false);
      expect(result.device).toBeUndefined();
      expect(result.reason).toMatch(/installed.*npm (install|rebuild)/);
    });

  it('survives a crash, an early end and a process that can not start, and says so', async () => {
    const crash = await instead(
      "process.kill(process.pid, 'SIGILL'); setInterval(() => {}, 1000);",
    );
    const end = await instead("console.error('no such library'); process.exit(3);");
    const reasonOf = async (way: StartProbe) => (await probeNow(cpu, { start: way })).reason;
    expect(await reasonOf(crash)).toMatch('built for another processor');
    expect(await reasonOf(end)).toBe(
      'its process ended with code 3; its last words: no such library',
    );
    expect(await reasonOf(forkProbe(join(folder, 'nowhere.mjs')))).toMatch('ended with code 1');
  });

  it('ends a process that takes too long', async () => {
    let pid: number | undefined;
    const hang = await instead(
      "process.on('message', () => process.stderr.write(String(process.pid))); setInterval(() => {}, 1000);",
    );
    const watched: StartProbe = (env) => {
      const child = hang(env);
      void child.exit.then(() => (pid = Number(child.lastWords())));
      return child;
    };
    const { device, reason } = await probeNow(cpu, { start: watched, limit: 3000 });
    expect(device).toBeUndefined();
    expect(reason).toBe('it gave no answer within 3 s');
    expect(pid).toBeGreaterThan(0);
    expect(() => process.kill(pid!, 0)).toThrow('ESRCH');
  });

  it('tries once and then knows', async () => {
    let starts = 0;
    const counting: StartProbe = (env) => {
      starts++;
      return start(env);
    };
    const first = await probe(cpu, { start: counting });
    expect(await probe(cpu, { start: counting })).toBe(first);
    expect(starts).toBe(1);
  });

  it('explains in plain words', () => {
    expect(explainExit({ code: null, signal: 'SIGABRT' }, 'a\nb\n')).toMatch(
      /^it crashed \(SIGABRT\)/,
    );
    const webgpu = { engine: 'onnx', provider: 'webgpu' } as const;
    expect(explainError(webgpu, 'Failed to get a WebGPU adapter: No supported adapters', '')).toBe(
      'WebGPU found no GPU that it can use; it takes no software adapter',
    );
    const vulkan = 'libvulkan.so.1: cannot open shared object file: No such file or directory';
    expect(explainError(webgpu, 'Failed to get a WebGPU adapter', vulkan)).toMatch(
      /no GPU that it can use; .* install its driver and the Vulkan loader/,
    );
    const cuda = { engine: 'onnx', provider: 'cuda' } as const;
    expect(
      explainError(
        cuda,
        'libonnxruntime_providers_cuda.so: libcublasLt.so.12: cannot open shared object file: No',
        '',
      ),
    ).toBe('libcublasLt.so.12 could not be loaded: it needs CUDA 12 and cuDNN 9');
    expect(explainError(cpu, 'add: no such thing\n  at here', '')).toBe('add: no such thing');
  });
});

const native = listCandidates().some(
  (one) => /node|cuda/.test(one.provider) && missingParts(one) === null,
);

describe('selecting', () => {
  it('sees when an engine computes other numbers', () => {
    const loss = (...numbers: number[]) => ({ loss: tensor(numbers, [numbers.length]) });
    expect(agree(loss(0.5, -2), loss(0.5001, -2))).toBe(true);
    expect(agree(loss(0.5, -2), loss(0.5, 2))).toBe(false);
    expect(agree(loss(0.5), loss(NaN))).toBe(false);
    expect(agree(loss(0.5), {})).toBe(false);
  });

  it.skipIf(native)('takes ONNX Runtime on the CPU where there is nothing faster', async () => {
    const { engine, choice } = await select('auto', { start });
    expect(choice).toMatchObject({ engine: 'onnx', provider: 'cpu', kind: 'cpu' });
    expect(choice.device).toBe(engine.device.name);
    expect(choice.reason).toBe('onnx (cpu) works here');
    await engine.dispose();
  });

  it.skipIf(native)('takes what was asked for', async () => {
    const { engine, choice } = await select('tensorflow', { start });
    expect(engine.name).toBe('tensorflow');
    expect(choice).toMatchObject({ engine: 'tensorflow', provider: 'javascript', kind: 'cpu' });
    expect(choice.reason).toMatch(
      /^tensorflow was asked for; tensorflow \(javascript\) works here; tensorflow \(tfjs-node-gpu\): .*installed.*; tensorflow \(tfjs-node\): .*installed/,
    );
    await engine.dispose();
  });

  it('times the step on what works and takes the fastest', async () => {
    const { engine, choice } = await select('auto', { start, sample: sample() });
    expect(choice.provider).not.toBe('javascript');
    expect(choice.reason).toMatch(
      /^the fastest that works: onnx \(cpu\) on CPU, .* [\d,]+ samples\/s/,
    );
    expect(choice.reason).toMatch(/; tensorflow \(javascript\) was not timed: it is the slowest/);
    await engine.dispose();
  });

  it.skipIf(native)(
    'takes the JavaScript engine when the faster ones fail at the step',
    async () => {
      // The request reaches the real probe without its sample's variable: what can be timed, fails.
      const failing: StartProbe = (env) => {
        const child = start(env);
        const post = (message: unknown) => {
          const request = message as { sample?: object };
          if (request.sample)
            child.channel.post({ ...request, sample: { ...sample(), variables: {} } });
          else child.channel.post(request);
        };
        return { ...child, channel: { ...child.channel, post } };
      };
      const { engine, choice } = await select('auto', { start: failing, sample: sample() });
      expect(choice.provider).toBe('javascript');
      expect(choice.reason).toMatch(/^tensorflow \(javascript\) works here; onnx \(cpu\): .*"w"/);
      await engine.dispose();
    },
  );

  it('takes ONNX Runtime untimed when its time is up', async () => {
    const slow: StartProbe = (env) => {
      const child = start(env);
      const post = (message: unknown) => {
        if (!(message as { sample?: object }).sample) child.channel.post(message);
      };
      return { ...child, channel: { ...child.channel, post } };
    };
    const { engine, choice } = await select('onnx', { start: slow, sample: sample(), limit: 2500 });
    expect(choice.provider).toBe('cpu');
    await engine.dispose();
  });

  it('says of each why it does not work when none does', async () => {
    const broken = await instead("console.error('broken'); process.exit(1);");
    const failed = select('auto', { start: broken });
    await expect(failed).rejects.toThrow('no engine works here');
    await expect(failed).rejects.toThrow(/onnx \(cpu\): its process ended with code 1; .*broken/);
    await expect(failed).rejects.toThrow('tensorflow (javascript)');
  });
});
