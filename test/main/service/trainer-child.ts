// A small trainer for tests of the service: a real process that speaks the trainer's contract and counts instead of
// learning. How it behaves stands in `settings.data`, as a query: `steps=20&pause=5&crash=12`.
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { EngineChoice, RunEventBody } from '../../../shared/api/events.ts';
import { link } from '../../../shared/api/rpc.ts';
import { writeCheckpoint } from '../../../main/formats/checkpoint.ts';
import {
  checkpointPath,
  imageFile,
  type TrainerListener,
  type TrainerService,
} from '../../../main/trainer/contract.ts';

const engine: EngineChoice = {
  engine: 'onnx',
  provider: 'cpu',
  device: 'test',
  kind: 'cpu',
  reason: 'a test',
};

const tell = (bodies: readonly RunEventBody[]) => void listener.events(bodies);

let stopped = false;
let paused = false;
let saveNow = () => {};
let step = 0;
const service = {
  async train({ model, settings, folder, resume }) {
    const plan = new URLSearchParams(settings.data);
    const number = (name: string, fallback: number) => Number(plan.get(name) ?? fallback);
    const stepsPerEpoch = number('steps', 10);
    void listener.heartbeat();
    tell([{ type: 'state', state: 'loading' }]);
    if (resume) tell([{ type: 'resumed', ...resume }]);
    tell([
      { type: 'state', state: 'training' },
      {
        type: 'plan',
        epochs: settings.epochs,
        stepsPerEpoch,
        batchSize: settings.batch_size,
        trainSamples: stepsPerEpoch * settings.batch_size,
        validationSamples: 100,
        engine,
        images: { count: 2, shape: [2, 2, 1] },
      },
    ]);
    const write = async (path: string, bytes: Uint8Array) => {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), bytes);
    };
    await write(imageFile('input'), new Uint8Array([1, 2, 3]));
    const save = async (step: number, epoch: number) => {
      const variables = {
        count: { shape: [1], dtype: 'float32', data: new Float32Array([step]) },
      } as const;
      const info = { step, epoch, settings, model, variables };
      await writeCheckpoint(join(folder, checkpointPath(step)), info);
      tell([{ type: 'checkpoint', step, epoch }]);
    };
    for (step = (resume?.step ?? 0) + 1; step <= settings.epochs * stepsPerEpoch; step++) {
      await pause(number('pause', 1));
      if (step === number('crash', -1)) process.abort();
      if (step === number('exit', -1)) {
        console.error('the last words');
        process.exit(7);
      }
      if (step === number('throw', -1)) throw Object.assign(new Error('bad'), { code: 'BAD_DATA' });
      if (step === number('hang', -1)) for (const end = Date.now() + 1500; Date.now() < end;);
      const loss = step === number('diverge', -1) ? NaN : 1 / step;
      tell([{ type: 'steps', first: step, losses: [loss] }]);
      if (plan.has('fill')) await write(`images/fill-${step}`, new Uint8Array(32 * 1024));
      if (step % stepsPerEpoch === 0) {
        const epoch = step / stepsPerEpoch;
        await write(imageFile(step), new Uint8Array([epoch]));
        tell([{ type: 'images', step, errors: [0.1, 0.2] }]);
        const result = { epoch, step, loss, valLoss: loss, samplesPerSecond: 1000, seconds: 1 };
        tell([{ type: 'epoch', ...result }]);
        await save(step, epoch);
      }
      saveNow = () => void save(step, Math.floor(step / stepsPerEpoch));
      if (paused) {
        await save(step, Math.floor(step / stepsPerEpoch));
        tell([{ type: 'state', state: 'paused' }]);
        while (paused && !stopped) await pause(1);
        if (!stopped) tell([{ type: 'state', state: 'training' }]);
      }
      if (stopped && !plan.has('deaf')) {
        await save(step, Math.floor(step / stepsPerEpoch));
        return { state: 'stopped' };
      }
    }
    return { state: 'finished' };
  },
  stop: async () => void (stopped = true),
  pause: async () => void (paused = true),
  proceed: async () => void (paused = false),
  checkpoint: async () => saveNow(),
  setTrainable: async (change) => tell([{ type: 'trainable', step, ...change }]),
  forgetChoices: async () => {},
  prove: async ({ settings }) => ({ model: settings.model, holds: true, engine, claims: [] }),
  memory: async () => ({
    need: { weights: 1, slots: 2, activations: 3, data: 4, process: 5, total: 15 },
    kind: 'cpu',
    free: 100,
    total: 200,
    fits: 1,
  }),
  preview: async ({ samples, versions }) => ({
    samples,
    shape: [1, 1, 1],
    original: new Uint8Array([process.pid % 256]),
    inputs: Array.from({ length: versions }, () => new Uint8Array([1])),
  }),
  engines: async () => [
    { engine: 'onnx', provider: 'cpu', installed: true, works: true, device: 'test', kind: 'cpu' },
  ],
} satisfies Partial<TrainerService>;

const listener = link<TrainerListener, typeof service>(
  {
    post: (message) => void process.send!(message),
    onMessage: (callback) => void process.on('message', callback),
    onClose: (callback) => void process.on('disconnect', callback),
  },
  service,
);
process.on('disconnect', () => process.exit());
setInterval(() => void listener.heartbeat(), 100);
