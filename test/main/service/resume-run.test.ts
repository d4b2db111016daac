import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { encodeError } from '../../../shared/api/errors.ts';
import { newestCheckpoint } from '../../../main/formats/checkpoint.ts';
import { readEvents } from '../../../main/service/event-log.ts';
import { forkTrainer } from '../../../main/service/fork-trainer.ts';
import { findRun } from '../../../main/service/recover-run.ts';
import type { RunHandle } from '../../../main/service/run-handle.ts';
import { historyOf } from '../../../main/service/run-history.ts';
import { eventsFile, readRunRecord } from '../../../main/service/run-record.ts';
import { resumeRun, trainRun } from '../../../main/service/train-run.ts';
import type { RunEvent } from '../../../shared/api/events.ts';
import { createRandom } from '../../../shared/random.ts';
import { trainingSettings } from '../../../shared/keras/training-settings.ts';
import { autoencoder } from '../trainer/models.ts';
import { bundleProgram } from './bundle.ts';
import { behaving, folder, model, startTrainer as startSmall } from './setting.ts';

/** The real trainer as a program. */
const realTrainer = await bundleProgram(
  join(import.meta.dirname, '../../../main/trainer/main.ts'),
  join(import.meta.dirname, '../../../node_modules/.cache/test/trainer.mjs'),
);
const startTrainer = () => forkTrainer(realTrainer);

const settings = trainingSettings.parse({
  model: autoencoder.models.at(-1),
  engine: 'onnx:cpu',
  epochs: 4,
  batch_size: 16,
  limit: 400,
  metrics: ['mae'],
  checkpoints: { every_steps: 7, every_minutes: null, keep: 2 },
});

async function resultOf(place: string) {
  const { losses, epochs } = historyOf(await readEvents(eventsFile(place)));
  const checkpoint = await newestCheckpoint(join(place, 'checkpoints'));
  return {
    losses,
    epochs: epochs.map(({ epoch, step, loss, valLoss, logs }) => ({ epoch, step, loss, valLoss, logs })), // prettier-ignore
    step: checkpoint?.step,
    variables: checkpoint?.variables,
  };
}

test('a run whose trainer is killed again and again ends with the bits of one that never stopped', async () => {
  const whole = join(folder, 'whole');
  await (
    await trainRun({ model: autoencoder, settings, folder: whole, startTrainer })
  ).done;

  const place = join(folder, 'killed');
  const told: RunEvent[] = [];
  const random = createRandom(6, 'kills');
  let pid = 0;
  /** Kills the trainer a moment after it has told this many more events. */
  const watch = (after: number) => {
    let left = after;
    return (events: readonly RunEvent[]) => {
      told.push(...events);
      const trains = events.some(({ type }) => type === 'steps' || type === 'epoch');
      if (!trains || (left -= 1) !== 0) return;
      setTimeout(() => process.kill(pid, 'SIGKILL'), random.uniform(1)[0]! * 40);
    };
  };
  const options = (after: number) => ({
    folder: place,
    onEvents: watch(after),
    startTrainer: () => {
      const trainer = startTrainer();
      pid = trainer.pid!;
      return trainer;
    },
  });
  const kills = [1, 3, 2];
  let run = await trainRun({ model: autoencoder, settings, ...options(kills[0]!) });
  for (const after of [...kills.slice(1), Infinity]) {
    const end = await run.done;
    if (end.state === 'finished') break;
    expect(end).toMatchObject({ state: 'failed', error: { code: 'TRAINER_DIED' } });
    run = await resumeRun(options(after));
  }
  expect(await run.done).toMatchObject({ state: 'finished', lastStep: 100 });
  expect(await resultOf(place)).toEqual(await resultOf(whole));
  expect(told.map(({ seq }) => seq)).toEqual(told.map((_, i) => i + 1));
  expect(await readEvents(eventsFile(place))).toEqual(told);
  const resumed = told.filter(({ type }) => type === 'resumed');
  expect(resumed.length).toBeGreaterThan(0);
  expect(await readRunRecord(place)).not.toHaveProperty('error');
});

test('a run with a trainer that is killed can not be resumed twice, nor with too few epochs', async () => {
  const place = join(folder, 'small');
  const options = { folder: place, startTrainer: startSmall };
  const first = await trainRun({ ...options, model, settings: behaving('steps=10&pause=5', 3) });
  await expect.poll(() => first.summary().lastStep, { timeout: 20_000 }).toBeGreaterThan(9);
  await expect(resumeRun(options)).rejects.toMatchObject({
    code: 'RUN_ACTIVE',
    message: expect.stringContaining(`process ${process.pid} on`) as string,
  });
  await first.kill();
  const [second, third] = await Promise.allSettled([resumeRun(options), resumeRun(options)]);
  const begun = [second, third].filter(({ status }) => status === 'fulfilled');
  expect(begun).toHaveLength(1);
  const run = (begun[0] as PromiseFulfilledResult<RunHandle>).value;
  expect(await run.done).toMatchObject({ state: 'finished', lastStep: 30 });
  await expect(resumeRun(options)).rejects.toMatchObject({
    code: 'NO_EPOCHS_LEFT',
    message: expect.stringContaining('has trained 3 epochs already, and is finished') as string,
  });
  await expect(resumeRun({ ...options, epochs: 2 })).rejects.toThrow("can't have 2 epochs");
  const longer = await resumeRun({ ...options, epochs: 4 });
  expect(await longer.done).toMatchObject({ state: 'finished', lastStep: 40 });
});

const readOnly = join(folder, 'read-only');
function mount(...args: string[]): boolean {
  try {
    execFileSync('mount', args, { stdio: 'pipe' });
    return true;
  } catch (error) {
    console.warn(`SKIPPED: the test of a read-only folder needs one: ${String(error)}`);
    return false;
  }
}
mkdirSync(readOnly);
const hasReadOnly = mount('-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', readOnly);
afterAll(() => void (hasReadOnly && execFileSync('umount', ['--lazy', readOnly])));

test.skipIf(!hasReadOnly)(
  'a folder where nothing can be written is said, and nothing is lost',
  async () => {
    const place = join(readOnly, 'run');
    const options = { folder: place, startTrainer: startSmall };
    const first = await trainRun({ ...options, model, settings: behaving('steps=10&pause=5', 3) });
    await expect.poll(() => first.summary().checkpoint, { timeout: 20_000 }).toBeDefined();
    await first.stop();
    mount('-o', 'remount,ro', readOnly);
    const refused = await resumeRun(options).catch((error: unknown) => error);
    expect(encodeError(refused)).toMatchObject({ code: 'READ_ONLY' });
    expect(encodeError(refused).message).toContain(place);
    expect(await findRun('run', place)).toMatchObject({ state: 'stopped' });
    mount('-o', 'remount,rw', readOnly);
    expect(await (await resumeRun(options)).done).toMatchObject({
      state: 'finished',
      lastStep: 30,
    });
  },
);
