import { hash } from 'node:crypto';
import { utimes } from 'node:fs/promises';
import { join } from 'node:path';
import type { Preprocessing } from '../../../shared/data/preprocessing.ts';
import { cacheFolder } from '../cache-folder.ts';
import { dataError } from '../dataset.ts';
import type { Source } from '../source.ts';
import { collectSamples } from './collect.ts';
import { Entry } from './entry.ts';
import { makeRoom } from './evict.ts';
import type { ImportedData, ImportOptions } from './imported.ts';
import { layoutOf, recordBytes, type Layout } from './layout.ts';
import { withLock } from './lock.ts';
import { createNames } from './names.ts';
import { numberShapes } from './number-shapes.ts';
import { openImported } from './open-imported.ts';
import { createMeter } from './progress.ts';
import { createReport } from './report.ts';
import { beginSnapshot, namesFile, readSnapshot, removeOthers, writeSnapshot } from './snapshot.ts';

/**
 * Brings a source into the cache and opens it. Samples that did not change since the last import are not decoded
 * again, nor are files of the same content in another place. What can't be used is a problem of the report, with what
 * is done about it. An import that ends early, by the signal, an error or the death of its process, leaves what it
 * decoded to the next one; two imports of the same source wait for each other. Rejects with a StudioError: what the
 * source throws, `CANCELLED`, `DISK_FULL`, `BAD_DATA` where no sample can be used.
 */
export async function importData(
  source: Source,
  preprocessing: Preprocessing,
  options: ImportOptions = {},
): Promise<ImportedData> {
  const cache = options.cache ?? join(cacheFolder(), 'data');
  const layout = layoutOf(source.columns, preprocessing, await numberShapes(source));
  const folder = join(cache, `${layout.key}.${placeOf(source)}`);
  const stamp = stampOf(source);
  const bring = () => bringIn(source, layout, { ...options, cache, folder, stamp });
  const known = stamp === null ? null : await readSnapshot(folder);
  if (!known || known.head.stamp !== stamp) await bring();
  let opened = await openImported(folder, layout, preprocessing);
  if (!opened) {
    // The cache was damaged, and is marked so: what is lost is made anew.
    await bring();
    opened = await openImported(folder, layout, preprocessing);
    if (!opened) throw dataError(`${folder}: the cache is damaged, and could not be made anew`);
  }
  if (opened.all.size > 0) return opened;
  await opened.close();
  throw nothingUsable(opened);
}

interface Bringing extends ImportOptions {
  readonly cache: string;
  readonly folder: string;
  readonly stamp: string | null;
}

/** Decodes what is new, and writes down what there is. */
async function bringIn(source: Source, layout: Layout, options: Bringing): Promise<void> {
  const { cache, folder, stamp, signal } = options;
  const meter = createMeter(source, options.onProgress);
  const work = async () => {
    const total = source.splits.reduce((sum, { size }) => sum + size, 0);
    await makeRoom(cache, folder, total * recordBytes(layout));
    const entry = await Entry.open(folder, layout, 'write');
    const before = await readSnapshot(folder);
    const { id } = await beginSnapshot(folder);
    const names = createNames(namesFile(folder, id));
    try {
      const collected = await collectSamples(source, entry, { cache, names, signal, meter });
      const { records, classes, listing } = collected;
      meter.report();
      if (before?.head.listing === listing && before.head.stamp === stamp) return;
      const { summary, sums } = await createReport(source, entry, collected, names);
      await entry.sync();
      const head = { ...summary, listing, stamp };
      await writeSnapshot(folder, { id, head, records, sums, classes, nameStarts: names.starts() });
    } finally {
      names.close();
      await entry.close();
      await removeOthers(folder, (await readSnapshot(folder))?.id);
    }
  };
  await withLock(`${folder}.lock`, work, { signal, onWait: meter.wait });
  const now = new Date();
  await utimes(folder, now, now);
}

/** What a source's entry is called beside its layout: one place keeps one, however its content changes. */
function placeOf({ root, kind, columns }: Source): string {
  const parts = [root, kind, columns.map(({ name, kind }) => [name, kind])];
  return hash('sha256', JSON.stringify(parts)).slice(0, 24);
}

/** Equal where nothing can have changed; null for a source that has no stamp. */
function stampOf({ stamp, columns, splits, problems, recognised }: Source): string | null {
  if (stamp === undefined) return null;
  const sizes = splits.map(({ name, size }) => [name, size]);
  return hash('sha256', JSON.stringify([stamp, columns, sizes, problems, recognised]));
}

function nothingUsable({ name, report }: ImportedData) {
  const [first, second] = report.problemList;
  const why = [first, second].flatMap((one) => (one ? [`${one.path}: ${one.message}`] : []));
  const more =
    Object.values(report.problemCounts).reduce((sum, count) => sum + count, 0) - why.length;
  const rest = more > 0 ? `; and ${more} more problems` : '';
  return dataError(
    `no sample of ${name} can be used: ${why.join('; ') || 'there are none'}${rest}`,
  );
}
