import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Gpu } from './gpu.ts';

const VENDORS: Readonly<Record<string, string>> = { '0x1002': 'AMD', '0x8086': 'Intel' };

/**
 * The GPUs of other makers than NVIDIA that Linux shows in its files. AMD's driver tells of use and memory; Intel's of
 * neither. None on other systems.
 */
export async function sysfsGpus(root = '/sys/class/drm'): Promise<Gpu[]> {
  const names = await readdir(root).catch(() => []);
  const cards = names.filter((name) => /^card\d+$/.test(name)).sort();
  const found = await Promise.all(cards.map((card) => gpuIn(join(root, card, 'device'))));
  return found.filter((gpu) => gpu !== null);
}

async function gpuIn(folder: string): Promise<Gpu | null> {
  const vendor = VENDORS[(await text(join(folder, 'vendor'))) ?? ''];
  if (vendor === undefined) return null;
  const product = (await text(join(folder, 'product_name'))) || null;
  const name = product ?? `${vendor} GPU ${(await text(join(folder, 'device'))) ?? ''}`.trim();
  const memory = await number(join(folder, 'mem_info_vram_total'));
  return {
    name,
    memory,
    watch(tell, interval) {
      const look = async () => {
        const busy = await number(join(folder, 'gpu_busy_percent'));
        tell({
          name,
          busy: busy === null ? null : busy / 100,
          memory: await number(join(folder, 'mem_info_vram_used')),
          totalMemory: memory,
        });
      };
      void look();
      const timer = setInterval(() => void look(), interval);
      timer.unref();
      return () => clearInterval(timer);
    },
  };
}

async function number(file: string): Promise<number | null> {
  const value = await text(file);
  return value !== null && /^\d+$/.test(value) ? Number(value) : null;
}

async function text(file: string): Promise<string | null> {
  return (await readFile(file, 'utf8').catch(() => null))?.trim() ?? null;
}
