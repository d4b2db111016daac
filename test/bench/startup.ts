import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { median } from './stats.ts';
import { rootOf } from './torch-peer.ts';

/** Median seconds of three starts: the studio until its address is printed, and `train` until its first step. */
export async function timeStarts(): Promise<{ serve: number; firstStep: number }> {
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
  return { serve: median(serve), firstStep: median(firstStep) };
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
