import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { forkTrainer } from '../../main/service/fork-trainer.ts';
import { templateProject } from '../../main/service/templates.ts';
import { trainRun } from '../../main/service/train-run.ts';
import { markdownTable, median } from './stats.ts';

const BATCH = 4;
const STEPS_PER_EPOCH = 1_000;
const EPOCHS = 10;

/** Steps until memory is looked at first: by then an epoch has been validated, saved and painted. */
const WARM = 1_500;

/** Values at each end of a run of which the median counts. */
const LOOKS = 5;

/**
 * Prints what memory the processes of a whole run hold at its beginning and at its end: the trainer, with data,
 * shuffling, noise, pictures and checkpoints, and its owner, which keeps the history.
 */
export async function benchRunMemory(): Promise<void> {
  const steps = (STEPS_PER_EPOCH * EPOCHS).toLocaleString('en');
  console.log(`\nMemory of a whole run over ${steps} steps, batch ${BATCH}, MiB\n`);
  const rows: string[][] = [];
  for (const template of ['autoencoder', 'variational-autoencoder', 'classifier', 'toy-resnet']) {
    const { trainer, owner } = await memoryOf(template);
    const cells = [trainer, owner].flatMap((held) => {
      const [from, to] = [median(held.slice(0, LOOKS)), median(held.slice(-LOOKS))];
      return [mib(from), mib(to), `${((to / from - 1) * 100).toFixed(1)} %`];
    });
    rows.push([template, ...cells]);
  }
  const heads = ['template', `trainer, after ${WARM} steps`, 'at the end', 'grown'];
  console.log(markdownTable([...heads, 'its owner', 'at the end', 'grown'], rows));
}

/** Bytes that the trainer and this process hold, every two seconds of a run from its warm step on. */
async function memoryOf(template: string) {
  const { model, training } = templateProject(template);
  const folder = mkdtempSync(join(tmpdir(), 'run-memory-'));
  const held = { trainer: [] as number[], owner: [] as number[] };
  let step = 0;
  const run = await trainRun({
    model,
    settings: {
      ...training,
      engine: 'onnx',
      batch_size: BATCH,
      limit: BATCH * STEPS_PER_EPOCH,
      epochs: EPOCHS,
    },
    folder,
    startTrainer: () => forkTrainer(),
    onEvents(events) {
      for (const event of events)
        if (event.type === 'steps') step = event.first + event.losses.length - 1;
    },
    onUsage({ memory }) {
      if (step < WARM) return;
      held.trainer.push(memory);
      globalThis.gc?.();
      held.owner.push(process.memoryUsage.rss());
    },
  });
  const { state, error } = await run.done;
  rmSync(folder, { recursive: true, force: true });
  if (state !== 'finished') throw new Error(`${template}: ${error?.message ?? state}`);
  return held;
}

const mib = (bytes: number) => (bytes / 2 ** 20).toFixed(1);
