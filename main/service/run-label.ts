import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runLabel, type RunLabel } from '../../shared/api/runs.ts';
import { writeFileAtomic } from '../formats/atomic.ts';

/** The file in a run's folder with its tags and note. */
function labelFile(folder: string): string {
  return join(folder, 'label.json');
}

/** A run's tags and note; null where it has none, or none that can be read. */
export async function readLabel(folder: string): Promise<RunLabel | null> {
  try {
    return runLabel.parse(JSON.parse(await readFile(labelFile(folder), 'utf8')));
  } catch {
    // A note that somebody broke must not hide the run.
    return null;
  }
}

export async function writeLabel(folder: string, label: RunLabel): Promise<void> {
  await writeFileAtomic(labelFile(folder), `${JSON.stringify(label, null, 2)}\n`);
}
