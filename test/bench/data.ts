import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { open, readdir } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { batches, shuffledOrder } from '../../main/data/batches.ts';
import { recognise } from '../../main/data/recognise.ts';
import { importData } from '../../main/data/store/import.ts';
import { suggestPreprocessing } from '../../main/data/store/suggest.ts';
import { JPEGS, makeJpegs } from './jpegs.ts';
import { markdownTable, times as ratio } from './stats.ts';
import { rootOf } from './torch-peer.ts';

const BATCH = 128;

/**
 * Imports 10,000 JPEGs of 28 and of 256 px beside Python's PIL on as many processes, then reads an epoch from the cache
 * in shuffled batches beside reading the same bytes raw.
 */
export async function benchData(): Promise<void> {
  console.log('\nImages from files to batches: 10,000 JPEGs in 10 folders, to 28 x 28 px grey\n');
  const folder = mkdtempSync(join(tmpdir(), 'bench-data-'));
  try {
    const rows: string[][] = [];
    for (const side of [28, 256]) rows.push(await measure(join(folder, String(side)), side));
    const heads = [
      'px',
      'import, images/s',
      'PIL',
      'import is',
      'epoch, samples/s',
      'raw',
      'of raw',
    ];
    console.log(markdownTable(heads, rows));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function measure(folder: string, side: number): Promise<string[]> {
  const place = join(folder, 'images');
  await makeJpegs(place, side);
  const source = await recognise(place);
  const suggested = await suggestPreprocessing(source);
  const image = suggested['image'];
  if (image?.kind !== 'image') throw new Error('expected a column of images');
  const small = {
    ...suggested,
    image: { ...image, size: [28, 28], color: 'grey' } as typeof image,
  };
  const [imported, importTime] = await timed(() =>
    importData(source, small, { cache: join(folder, 'cache') }),
  );
  const pil = decodeWithPil(place);
  const [, epochTime] = await timed(async () => {
    let seen = 0;
    for await (const { size } of batches(imported.all, shuffledOrder(JPEGS, 0, 1), BATCH))
      seen += size;
    if (seen !== JPEGS) throw new Error(`an epoch gave ${seen} of ${JPEGS} samples`);
  });
  await imported.close();
  const [, rawTime] = await timed(() => readRaw(join(folder, 'cache')));
  const rate = (seconds: number) => Math.round(JPEGS / seconds).toLocaleString('en');
  return [
    String(side),
    rate(importTime),
    pil === null ? '-' : rate(pil),
    pil === null ? '-' : ratio(pil / importTime),
    rate(epochTime),
    rate(rawTime),
    `${((100 * rawTime) / epochTime).toFixed(0)} %`,
  ];
}

/** Seconds that PIL takes for the same files; null where there is no Python with PIL. */
function decodeWithPil(folder: string): number | null {
  const python = process.env['PYTHON'] ?? '/usr/bin/python3';
  const script = join(rootOf(), 'test/bench/pil_peer.py');
  const { status, stdout } = spawnSync(python, [script, folder, String(availableParallelism())]);
  if (status === 0) return (JSON.parse(stdout.toString()) as { seconds: number }).seconds;
  console.log('SKIPPED PIL: no Python with PIL was found (Debian: python3-pil).\n');
  return null;
}

/** Reads all that the cache holds, one file after the other. */
async function readRaw(folder: string): Promise<void> {
  const buffer = Buffer.alloc(1 << 20);
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = await open(join(entry.parentPath, entry.name));
    while ((await file.read(buffer)).bytesRead > 0);
    await file.close();
  }
}

async function timed<T>(work: () => Promise<T>): Promise<[T, number]> {
  const start = performance.now();
  const result = await work();
  return [result, (performance.now() - start) / 1000];
}
