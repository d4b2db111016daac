import { execFile, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { GpuUsage } from '../../../shared/api/engines.ts';
import type { Gpu } from './gpu.ts';

/** An answer takes a fraction of a second; on a machine whose driver sleeps, some seconds. */
const PATIENCE_MS = 10_000;

/**
 * The NVIDIA GPUs that CUDA may use here, in the order in which it counts them, by `nvidia-smi`, which comes with the
 * driver; none where it does not answer.
 */
export async function nvidiaGpus(visible = process.env['CUDA_VISIBLE_DEVICES']): Promise<Gpu[]> {
  const rows = await query(['uuid', 'name', 'memory.total']);
  return visibleAmong(
    rows.map(([uuid, name, total]) => ({ id: uuid!, gpu: gpuOf(uuid!, name!, bytes(total)) })),
    visible,
  );
}

/** The version of the NVIDIA driver; null where it does not say. */
export async function nvidiaDriver(): Promise<string | null> {
  const [row] = await query(['driver_version', 'name']);
  return row?.[0] ?? null;
}

/** CUDA_VISIBLE_DEVICES: places or beginnings of ids; the list ends at the first that is no GPU. */
function visibleAmong(
  all: readonly { readonly id: string; readonly gpu: Gpu }[],
  visible: string | undefined,
): Gpu[] {
  if (visible === undefined) return all.map(({ gpu }) => gpu);
  const found: Gpu[] = [];
  for (const name of visible.split(',').map((part) => part.trim())) {
    const one = /^\d+$/.test(name)
      ? all[Number(name)]
      : all.find(({ id }) => name !== '' && id.startsWith(name));
    if (!one) break;
    found.push(one.gpu);
  }
  return found;
}

function gpuOf(uuid: string, name: string, memory: number | null): Gpu {
  return {
    name,
    memory,
    watch(tell, interval) {
      // One process that stays, rather than one for each sample; it ends when this one closes its output.
      const child = spawn(
        'nvidia-smi',
        [
          `--id=${uuid}`,
          '--query-gpu=utilization.gpu,memory.used,memory.total',
          '--format=csv,noheader,nounits',
          `--loop-ms=${interval}`,
        ],
        { stdio: ['ignore', 'pipe', 'ignore'], windowsHide: true },
      );
      child.on('error', () => {});
      createInterface({ input: child.stdout }).on('line', (line) => {
        const usage = usageIn(name, line);
        if (usage) tell(usage);
      });
      child.unref();
      return () => void child.kill('SIGKILL');
    },
  };
}

/** One line of numbers: per cent, MiB, MiB; what a GPU does not have is `[N/A]`. */
function usageIn(name: string, line: string): GpuUsage | null {
  const cells = line.split(',').map((cell) => cell.trim());
  if (cells.length !== 3) return null;
  const percent = numberIn(cells[0]);
  return {
    name,
    busy: percent === null ? null : percent / 100,
    memory: bytes(cells[1]),
    totalMemory: bytes(cells[2]),
  };
}

function numberIn(text = ''): number | null {
  return /^\d+(\.\d+)?$/.test(text) ? Number(text) : null;
}

function bytes(mebibytes: string | undefined): number | null {
  const number = numberIn(mebibytes);
  return number === null ? null : number * 2 ** 20;
}

/** A row of these fields for each GPU; no rows where there is no driver, or it fails. */
function query(fields: readonly string[]): Promise<string[][]> {
  return new Promise((resolve) => {
    execFile(
      'nvidia-smi',
      [`--query-gpu=${fields.join(',')}`, '--format=csv,noheader,nounits'],
      { encoding: 'utf8', timeout: PATIENCE_MS, windowsHide: true },
      (error, output) => {
        const lines = error ? [] : output.split('\n').filter((line) => line.trim() !== '');
        const rows = lines.map((line) => line.split(',').map((cell) => cell.trim()));
        resolve(rows.filter((row) => row.length === fields.length));
      },
    );
  });
}
