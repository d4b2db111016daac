import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { gpuOf } from '../../../main/engines/devices/gpus.ts';
import { nvidiaGpus } from '../../../main/engines/devices/nvidia.ts';
import { sysfsGpus } from '../../../main/engines/devices/sysfs.ts';
import { usageNow, watchUsage } from '../../../main/engines/devices/usage.ts';
import { followUsage } from '../../../main/trainer/usage.ts';
import type { DeviceUsage, GpuUsage } from '../../../shared/api/engines.ts';

let folder: string;
const path = process.env['PATH'];
beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), 'devices-'))));
afterEach(async () => {
  process.env['PATH'] = path;
  await rm(folder, { recursive: true });
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** Calls `watch` and collects what it tells until `enough`; then ends it. */
async function collect<T>(
  watch: (tell: (value: T) => void) => () => void,
  enough: (all: readonly T[]) => boolean,
): Promise<T[]> {
  const all: T[] = [];
  let tellAll = () => {};
  const done = new Promise<void>((resolve) => (tellAll = resolve));
  const stop = watch((value) => {
    all.push(value);
    if (enough(all)) tellAll();
  });
  await done;
  stop();
  return all;
}

describe.skipIf(process.platform === 'win32')('NVIDIA', () => {
  /** Puts a program named nvidia-smi first on PATH: a real process, which answers as the real one does. */
  async function installNvidiaSmi(script: string): Promise<void> {
    const file = join(folder, 'nvidia-smi');
    await writeFile(file, `#!/bin/sh\n${script}\n`);
    await chmod(file, 0o755);
    process.env['PATH'] = folder + delimiter + path;
  }

  /** Two GPUs; a watched one works more with every line, until it has its memory in use no more to tell. */
  const two = () => `
echo "$$ $*" >> "${folder}/calls"
case "$*" in
  *--query-gpu=uuid,name,memory.total*)
    echo 'GPU-1aaa, NVIDIA GeForce RTX 3090, 24576'
    echo 'GPU-2bbb, NVIDIA RTX A2000, [N/A]' ;;
  *--id=GPU-1aaa*--loop-ms=*)
    echo '0, 1024, 24576'
    echo '87, 2048, 24576'
    echo '[N/A], [N/A], 24576'
    exec sleep 60 ;;
  *) echo 'Field is not a valid field to query.'; exit 2 ;;
esac`;

  it('are found by name and memory, as CUDA_VISIBLE_DEVICES lets CUDA see them', async () => {
    await installNvidiaSmi(two());
    const names = async (visible?: string) =>
      (await nvidiaGpus(visible)).map(({ name, memory }) => [name, memory]);
    const [first, second] = [
      ['NVIDIA GeForce RTX 3090', 24 * 2 ** 30],
      ['NVIDIA RTX A2000', null],
    ];
    expect(await names()).toEqual([first, second]);
    expect(await names('1')).toEqual([second]);
    expect(await names('1,0')).toEqual([second, first]);
    expect(await names('GPU-2')).toEqual([second]);
    expect(await names('0,-1,1')).toEqual([first]);
    expect(await names('-1')).toEqual([]);
    expect(await names('')).toEqual([]);
  });

  it('tell of their use by one process that ends with the watching', async () => {
    await installNvidiaSmi(two());
    const [gpu] = await nvidiaGpus();
    const all = await collect<GpuUsage>(
      (tell) => gpu!.watch(tell, 1000),
      (usages) => usages.length === 3,
    );
    const name = 'NVIDIA GeForce RTX 3090';
    const totalMemory = 24 * 2 ** 30;
    expect(all).toEqual([
      { name, busy: 0, memory: 2 ** 30, totalMemory },
      { name, busy: 0.87, memory: 2 ** 31, totalMemory },
      { name, busy: null, memory: null, totalMemory },
    ]);
    const calls = (await readFile(join(folder, 'calls'), 'utf8')).trim().split('\n');
    expect(calls).toHaveLength(2);
    const pid = Number(calls[1]!.split(' ')[0]);
    expect(pid).toBeGreaterThan(0);
    await expect.poll(() => isAlive(pid)).toBe(false);
  });

  it('tell what they are used for now, or nothing in time', async () => {
    await installNvidiaSmi(two());
    const [first, second] = await nvidiaGpus();
    const now = { name: 'NVIDIA GeForce RTX 3090', busy: 0, memory: 2 ** 30 };
    expect(await usageNow(first!)).toEqual({ ...now, totalMemory: 24 * 2 ** 30 });
    expect(await usageNow(second!, 200)).toBeNull();
    const pids = (await readFile(join(folder, 'calls'), 'utf8')).match(/^\d+/gm)!;
    await expect.poll(() => pids.filter((pid) => isAlive(Number(pid)))).toEqual([]);
  });

  it('are told of with a training once its engine is known to use one', async () => {
    await installNvidiaSmi(two());
    const engine = { engine: 'onnx', provider: 'cuda', device: 'cuda', reason: '' } as const;
    const plan = { type: 'plan', epochs: 1, stepsPerEpoch: 1, batchSize: 1 } as const;
    const [usage] = await collect<DeviceUsage>(
      (tell) => {
        const following = followUsage((now) => now.gpu && tell(now));
        const sizes = { trainSamples: 1, validationSamples: 1 };
        following.see([{ ...plan, ...sizes, engine: { ...engine, kind: 'gpu' } }]);
        return following.end;
      },
      (usages) => usages.length === 1,
    );
    expect(usage!.gpu!.name).toBe('NVIDIA GeForce RTX 3090');
    expect(usage!.memory).toBeGreaterThan(2 ** 24);
  });

  it('are none where the driver fails, or there is no nvidia-smi', async () => {
    await installNvidiaSmi("echo 'NVIDIA-SMI has failed because it couldn'; exit 9");
    expect(await nvidiaGpus()).toEqual([]);
    process.env['PATH'] = folder;
    await rm(join(folder, 'nvidia-smi'));
    expect(await nvidiaGpus()).toEqual([]);
    expect(await gpuOf('cuda')).toBeNull();
  });
});

describe('GPUs that Linux shows in files', () => {
  async function card(name: string, files: Record<string, string>): Promise<void> {
    const device = join(folder, name, 'device');
    await mkdir(device, { recursive: true });
    for (const [file, text] of Object.entries(files))
      await writeFile(join(device, file), `${text}\n`);
  }

  it('of AMD tell of use and memory, of Intel their presence', async () => {
    await card('card0', { vendor: '0x8086', device: '0x4680' });
    await card('card1', {
      vendor: '0x1002',
      device: '0x744c',
      product_name: 'Radeon RX 7900 XTX',
      mem_info_vram_total: String(24 * 2 ** 30),
      mem_info_vram_used: String(3 * 2 ** 30),
      gpu_busy_percent: '42',
    });
    await card('card2', { vendor: '0x10de', device: '0x2204' });
    await card('card1-HDMI-A-1', { vendor: '0x1002' });
    const gpus = await sysfsGpus(folder);
    expect(gpus.map(({ name, memory }) => [name, memory])).toEqual([
      ['Intel GPU 0x4680', null],
      ['Radeon RX 7900 XTX', 24 * 2 ** 30],
    ]);
    const [usage] = await collect<GpuUsage>(
      (tell) => gpus[1]!.watch(tell, 50),
      (all) => all.length === 2,
    );
    expect(usage).toEqual({
      name: 'Radeon RX 7900 XTX',
      busy: 0.42,
      memory: 3 * 2 ** 30,
      totalMemory: 24 * 2 ** 30,
    });
  });

  it('are none elsewhere', async () => {
    expect(await sysfsGpus(join(folder, 'nowhere'))).toEqual([]);
  });
});

it('a process tells how many processors it keeps busy and how much memory it holds', async () => {
  const busy = setInterval(() => {
    for (const end = performance.now() + 40; performance.now() < end;);
  }, 41);
  const [first] = await collect<DeviceUsage>(
    (tell) => watchUsage(tell, null, 400),
    (all) => all.length === 1,
  );
  clearInterval(busy);
  expect(first!.cpu).toBeGreaterThan(0.02);
  expect(first!.cpu).toBeLessThanOrEqual(first!.processors + 0.5);
  expect(first!.memory).toBeGreaterThan(2 ** 24);
  expect(first!.memory).toBeLessThan(first!.machineMemory);
  expect(first).not.toHaveProperty('gpu');
});
