import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { markdownTable, median } from './stats.ts';
import { rootOf } from './torch-peer.ts';

/** Prints the median seconds of three starts: the studio until its address is printed, `train` until its first step. */
export async function benchStarts(): Promise<void> {
  const serve: number[] = [];
  const firstStep: number[] = [];
  for (let round = 0; round < 3; round++) {
    const folder = mkdtempSync(join(tmpdir(), 'start-'));
    serve.push(
      await until(['serve', '--project', join(folder, 'p')], (line) => line.includes('http')),
    );
    const train = ['train', 'autoencoder', '--limit', '512', '--epochs', '1', '--json'];
    firstStep.push(
      await until([...train, '--out', join(folder, 'run')], (line) =>
        line.includes('"step","step":1'),
      ),
    );
    rmSync(folder, { recursive: true, force: true });
  }
  console.log('\nStart-up, s (median of 3)\n');
  console.log(
    markdownTable(
      ['what', 's'],
      [
        ['the studio, until its address is printed', median(serve).toFixed(2)],
        ['train, until the first step is told', median(firstStep).toFixed(2)],
      ],
    ),
  );
}

/** Seconds until the command line prints such a line; then it is told to end, and awaited. */
function until(args: readonly string[], found: (line: string) => boolean): Promise<number> {
  const start = performance.now();
  const child = spawn(process.execPath, [join(rootOf(), 'dist/main/cli.js'), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return new Promise((resolve, reject) => {
    let seconds: number | null = null;
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (seconds !== null || !found(line)) return;
      seconds = (performance.now() - start) / 1000;
      child.kill('SIGINT');
    });
    child.on('exit', () =>
      seconds === null ? reject(new Error(`${args[0]} ended before it was up`)) : resolve(seconds),
    );
  });
}
