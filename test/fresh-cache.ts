import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Gives the tests, and the processes that they start, a cache of their own; nothing of the user's is read or kept. */
export async function setup(): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'matryoshka-tests-'));
  process.env['MATRYOSHKA_CACHE'] = folder;
  return () => rm(folder, { recursive: true, force: true });
}
