import { createHash } from 'node:crypto';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { ModelSpec } from '../../shared/keras/spec.ts';
import { trainingSettings } from '../../shared/keras/training-settings.ts';
import type { NamedTensors } from '../../shared/program/tensor.ts';
import { writeFileAtomic } from './atomic.ts';
import { decodeSafetensors, encodeSafetensors } from './safetensors.ts';

const checkpointInfo = z.object({
  /** Optimizer updates done. */
  step: z.int().nonnegative(),
  /** Whole epochs done. */
  epoch: z.int().nonnegative(),
  settings: trainingSettings,
  /** `modelHash` of the spec that was trained. */
  model: z.string(),
});

/** Where a training was. */
export type CheckpointInfo = z.infer<typeof checkpointInfo>;

/** Everything that a training needs to go on: the weights and the optimizer's variables, by key. */
export interface Checkpoint extends CheckpointInfo {
  readonly variables: NamedTensors;
}

/** The key of the file's metadata that holds the CheckpointInfo as JSON. */
const INFO = 'matryoshka.checkpoint';

/** A short fingerprint of a model: equal for equal specs, whatever the order of their keys. */
export function modelHash(spec: ModelSpec): string {
  const sorted = JSON.stringify(spec, (_, value: unknown) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  );
  return createHash('sha256').update(sorted).digest('hex').slice(0, 16);
}

/** Writes a checkpoint as one safetensors file, whole or not at all. Makes the folder. */
export async function writeCheckpoint(file: string, checkpoint: Checkpoint): Promise<void> {
  const { variables, ...info } = checkpoint;
  await writeFileAtomic(
    file,
    encodeSafetensors({ tensors: variables, metadata: { [INFO]: JSON.stringify(info) } }),
  );
}

/** Reads a checkpoint. Throws an Error that names the file and what is wrong with it. */
export async function readCheckpoint(file: string): Promise<Checkpoint> {
  const { tensors, metadata } = decodeSafetensors(await readFile(file), file);
  let info: unknown;
  try {
    info = JSON.parse(metadata[INFO] ?? 'null');
  } catch {
    info = null;
  }
  const { success, data, error } = checkpointInfo.safeParse(info);
  if (!success) throw new Error(`${file}: no checkpoint: ${error.issues[0]!.message}`);
  return { ...data, variables: tensors };
}

/** The checkpoint with the most steps in a folder; a file that is broken is passed over. Null when there is none. */
export async function newestCheckpoint(folder: string): Promise<Checkpoint | null> {
  for (const name of (await checkpointNames(folder)).reverse()) {
    try {
      return await readCheckpoint(join(folder, name));
    } catch {
      // A file that a crash or a person broke must not hide the one before it.
    }
  }
  return null;
}

/** Removes all but the newest `keep` checkpoints of a folder. */
export async function removeOldCheckpoints(folder: string, keep: number): Promise<void> {
  const names = await checkpointNames(folder);
  for (const name of names.slice(0, Math.max(0, names.length - keep))) await rm(join(folder, name));
}

/** Names sort as steps do. */
async function checkpointNames(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  return names.filter((name) => name.endsWith('.safetensors')).sort();
}
