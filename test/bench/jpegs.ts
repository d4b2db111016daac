import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { createRandom } from '../../shared/random.ts';

export const JPEGS = 10_000;
const CLASSES = 10;

/** Writes 10,000 JPEGs in 10 folders: smooth random pictures, so that they compress as photographs do. */
export async function makeJpegs(folder: string, side: number): Promise<void> {
  for (let label = 0; label < CLASSES; label++)
    mkdirSync(join(folder, String(label)), { recursive: true });
  const random = createRandom(0, 'bench-images', side);
  const cells = Math.max(4, side >> 3);
  for (let i = 0; i < JPEGS; i++) {
    const noise = Uint8Array.from(random.uniform(cells * cells * 3, 0, 255));
    await sharp(noise, { raw: { width: cells, height: cells, channels: 3 } })
      .resize(side, side)
      .jpeg()
      .toFile(join(folder, String(i % CLASSES), `${i}.jpg`));
  }
}
