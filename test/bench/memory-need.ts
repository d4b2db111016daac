import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { forkTrainer } from '../../main/service/fork-trainer.ts';
import { templateProject } from '../../main/service/templates.ts';
import { trainRun } from '../../main/service/train-run.ts';
import { memoryOf } from '../../shared/program/memory.ts';
import { compileModel } from '../../shared/program/step.ts';
import { markdownTable } from './stats.ts';

const STEPS = 40;

/** Prints the estimate of a training's memory beside what its process holds at most, by batch size. */
export async function benchMemoryNeed(): Promise<void> {
  const rows: string[][] = [];
  for (const template of ['autoencoder', 'toy-resnet']) {
    const { model, training } = templateProject(template);
    const compiled = compileModel(model, training.model, training);
    let least: { held: number; need: number } | undefined;
    for (const batch of [16, 128, 512]) {
      const need = memoryOf(compiled, batch).total;
      const held = await heldBy(template, batch);
      least ??= { held, need };
      const grown = [need - least.need, held - least.held];
      rows.push([template, String(batch), ...[need, held, ...grown].map(mib)]);
    }
  }
  console.log('\nMemory of a training, MiB: the estimate beside what its process held at most\n');
  const grown = ['estimate, grown', 'held, grown'];
  console.log(markdownTable(['template', 'batch', 'estimate', 'held', ...grown], rows));
}

async function heldBy(template: string, batch: number): Promise<number> {
  const { model, training } = templateProject(template);
  const folder = mkdtempSync(join(tmpdir(), 'memory-need-'));
  let most = 0;
  const run = await trainRun({
    model,
    settings: {
      ...training,
      engine: 'onnx',
      batch_size: batch,
      limit: Math.min(20_000, batch * STEPS),
      epochs: batch < 100 ? 20 : 1,
    },
    folder,
    startTrainer: () => forkTrainer(),
    onUsage: ({ memory }) => (most = Math.max(most, memory)),
  });
  const { state, error } = await run.done;
  rmSync(folder, { recursive: true, force: true });
  if (state !== 'finished') throw new Error(`${template}: ${error?.message ?? state}`);
  return most;
}

const mib = (bytes: number) => (bytes / 2 ** 20).toFixed(0);
