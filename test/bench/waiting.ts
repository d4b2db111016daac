import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeJpegs } from './jpegs.ts';
import { markdownTable } from './stats.ts';
import { rootOf } from './torch-peer.ts';

const EPOCHS = 3;

/**
 * Prints which share of the training time passes in waiting for batches: `train` on MNIST and on 10,000 JPEGs, with a
 * slow and a fast model, batch 128.
 */
export async function benchWaiting(): Promise<void> {
  console.log('\nThe share of the training time that is spent waiting for a batch, by epoch\n');
  const folder = mkdtempSync(join(tmpdir(), 'bench-waiting-'));
  try {
    const jpegs = join(folder, 'jpegs');
    await makeJpegs(jpegs, 64);
    const rows: string[][] = [];
    for (const template of ['autoencoder', 'classifier'])
      for (const data of ['mnist', jpegs])
        rows.push([
          template,
          data === jpegs ? '10,000 JPEGs of 64 px' : 'MNIST, 12,800 samples',
          ...train(template, data, join(folder, `run-${rows.length}`)),
        ]);
    const epochs = Array.from({ length: EPOCHS }, (_, i) => `epoch ${i + 1}`);
    console.log(markdownTable(['template', 'data', 'samples/s', ...epochs], rows));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Samples a second in the last epoch, then the share of waiting in each. */
function train(template: string, data: string, out: string): string[] {
  const cli = join(rootOf(), 'dist/main/cli.js');
  const args = ['--data', data, '--epochs', String(EPOCHS), '--batch-size', '128', '--out', out];
  const fixed = ['--engine', 'onnx:cpu', '--limit', '12800', '--json'];
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [cli, 'train', template, ...args, ...fixed],
    { encoding: 'utf8', maxBuffer: 1 << 28 },
  );
  if (status !== 0) throw new Error(`train ended with ${status}: ${stderr}`);
  const epochs = stdout
    .split('\n')
    .filter((line) => line.includes('"event":"epoch"'))
    .map(
      (line) => JSON.parse(line) as { epoch: number; waiting: number; samples_per_second: number },
    )
    .filter(({ epoch }) => epoch > 0);
  const rate = Math.round(epochs.at(-1)!.samples_per_second).toLocaleString('en');
  return [rate, ...epochs.map(({ waiting }) => `${(100 * waiting).toFixed(1)} %`)];
}
