import { builtIns, getBuiltIn } from '../service/built-in-data.ts';
import { createBar } from './bar.ts';
import { bytes, duration } from './words.ts';

/**
 * Downloads built-in data that are not on this machine yet, and says so with their size; Ctrl-C ends it and keeps what
 * came. Throws what `download` throws.
 */
export async function downloadFirst(data: string): Promise<void> {
  const entry = (await builtIns()).find((one) => one.data === data);
  if (entry?.state !== 'get') return;
  const { name, downloadBytes = 0, downloadFrom } = entry;
  process.stderr.write(`Downloading ${name} (${bytes(downloadBytes)}) from ${downloadFrom}\n`);
  const bar = createBar(process.stderr);
  const stop = new AbortController();
  const end = () => stop.abort();
  process.once('SIGINT', end);
  try {
    await getBuiltIn(data, {
      signal: stop.signal,
      tell({ done = 0, total, secondsLeft }) {
        const left = secondsLeft == null ? '' : `, ${duration(secondsLeft)} left`;
        bar.progress(total ? done / total : 0, `${bytes(done)} of ${bytes(total ?? 0)}${left}`);
      },
    });
  } finally {
    bar.clear();
    process.off('SIGINT', end);
  }
}
