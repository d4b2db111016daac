import { createHash } from 'node:crypto';
import { readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { runData } from '../../shared/data/run-data.ts';
import { parseModelSpec, type JsonObject, type ModelSpec } from '../../shared/keras/spec.ts';
import { trainingSettings } from '../../shared/keras/training-settings.ts';
import { tallyState } from '../../shared/program/tally.ts';
import type { NamedTensors } from '../../shared/program/tensor.ts';
import { writeFileAtomic } from './atomic.ts';
import { decodeSafetensors, encodeSafetensors } from './safetensors.ts';

const count = z.int().nonnegative();

/** Where a training was inside of its run, beside its variables. */
const progress = z.object({
  /** Epochs whose result, validation included, was told; the epoch after it is under way or waits for its validation. */
  epochsTold: count,
  /** Epochs that have begun. */
  epochsBegun: count,
  /** Sums over the batches of the epoch under way. */
  tally: tallyState,
  /** Seconds that the epoch under way took so far: all, training, and of it waiting for batches. */
  seconds: z.object({ epoch: z.number(), trained: z.number(), waited: z.number() }),
  /** The epoch with the smallest validation loss so far. */
  best: z.object({ step: count, valLoss: z.number() }).nullable(),
  /** The data by name and content, and what was done to them as far as it is known. */
  data: runData.partial().required({ name: true, hash: true, samples: true }),
  engine: z.object({ engine: z.enum(['tensorflow', 'onnx']), provider: z.string() }),
  /**
   * Initial weights, order of samples, dropout, noise and augmentation are drawn by a counter-based generator keyed by
   * seed, purpose and epoch or step, so seed and step are its whole state.
   */
  random: z.object({ generator: z.literal('philox4x32-10'), seed: count, step: count }),
  /** What the callbacks remember, as plain JSON. */
  callbacks: z.record(z.string(), z.json()) as unknown as z.ZodType<JsonObject>,
});

const checkpointInfo = z.object({
  /** Optimizer updates done. */
  step: count,
  /** Whole epochs of updates done. */
  epoch: count,
  settings: trainingSettings,
  /** The models as they were trained, with what was frozen by then. */
  model: z.custom<ModelSpec>((value) => typeof value === 'object' && value !== null),
  /** What it takes to go on as if the training had never stopped; weights that are only kept have none. */
  progress: progress.optional(),
});

/** Everything that a training needs to go on, or the weights of a moment. */
export interface Checkpoint extends z.infer<typeof checkpointInfo> {
  /** The weights and the optimizer's variables, by key. */
  readonly variables: NamedTensors;
  /** Tensors that the callbacks keep, under CALLBACK_TENSORS. */
  readonly callbackTensors?: NamedTensors;
}

/** What the names of tensors begin with that are not the training's own but its callbacks'. */
const CALLBACK_TENSORS = 'callbacks/';

/** The keys of the file's metadata: the facts as JSON, and the SHA-256 of the file in which this sum is all zeros. */
const INFO = 'matryoshka.checkpoint';
const SUM = 'matryoshka.sha256';
const NO_SUM = '0'.repeat(64);

/** Writes a checkpoint as one safetensors file with a checksum, whole or not at all. Makes the folder. */
export async function writeCheckpoint(file: string, checkpoint: Checkpoint): Promise<void> {
  const { variables, callbackTensors, ...info } = checkpoint;
  const bytes = encodeSafetensors({
    tensors: { ...variables, ...callbackTensors },
    metadata: { [INFO]: JSON.stringify(info, whatJsonLacks), [SUM]: NO_SUM },
  });
  bytes.set(Buffer.from(sha256(bytes)), placeOfSum(bytes));
  await writeFileAtomic(file, bytes);
}

/** Numbers that JSON lacks become the texts `NaN`, `Infinity` and `-Infinity`. */
function whatJsonLacks(_key: string, value: unknown): unknown {
  return typeof value === 'number' && !Number.isFinite(value) ? String(value) : value;
}

/** Reads a checkpoint. Throws an Error that names the file and what is wrong with it. */
export async function readCheckpoint(file: string): Promise<Checkpoint> {
  const bytes = await readFile(file);
  const { tensors, metadata } = decodeSafetensors(bytes, file);
  if (metadata[SUM] !== undefined) {
    bytes.set(Buffer.from(NO_SUM), placeOfSum(bytes));
    if (sha256(bytes) !== metadata[SUM])
      throw new Error(`${file}: its content is not what was written (its checksum is another)`);
  }
  let info: unknown;
  try {
    info = JSON.parse(metadata[INFO] ?? 'null');
  } catch {
    info = null;
  }
  const { success, data, error } = checkpointInfo.safeParse(info);
  if (!success) throw new Error(`${file}: no checkpoint: ${error.issues[0]!.message}`);
  const [callbackTensors, variables] = [true, false].map((wanted) =>
    Object.fromEntries(
      Object.entries(tensors).filter(([name]) => name.startsWith(CALLBACK_TENSORS) === wanted),
    ),
  ) as [NamedTensors, NamedTensors];
  const kept = Object.keys(callbackTensors).length > 0 && { callbackTensors };
  parseModelSpec(data.model);
  return { ...data, variables, ...kept };
}

/** Where the checksum's digits stand: inside the facts, quotes have a backslash before them. */
function placeOfSum(bytes: Uint8Array): number {
  const key = `"${SUM}":"`;
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).indexOf(key) + key.length;
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** A checkpoint that can't be read, and why. */
export interface BrokenCheckpoint {
  readonly file: string;
  readonly reason: string;
}

/**
 * The checkpoint with the most steps in a folder that `fits`; one that is broken is passed over, and `onBroken` told.
 * Null when there is none.
 */
export async function newestCheckpoint(
  folder: string,
  {
    fits = () => true,
    onBroken,
  }: {
    fits?: (checkpoint: Checkpoint) => boolean;
    onBroken?: (broken: BrokenCheckpoint) => void;
  } = {},
): Promise<Checkpoint | null> {
  for (const name of (await checkpointNames(folder)).reverse()) {
    const file = join(folder, name);
    try {
      const checkpoint = await readCheckpoint(file);
      if (fits(checkpoint)) return checkpoint;
    } catch (error) {
      onBroken?.({ file, reason: (error as Error).message });
    }
  }
  return null;
}

/** Removes all but the newest `keep` checkpoints of a folder, and that of the step `best`. */
export async function removeOldCheckpoints(
  folder: string,
  keep: number,
  best: number | null = null,
): Promise<void> {
  const names = await checkpointNames(folder);
  for (const name of names.slice(0, Math.max(0, names.length - keep)))
    if (stepOf(name) !== best) await rm(join(folder, name));
}

/**
 * Clears a folder of what came after a step: checkpoints that are void, and what an ended process left half written.
 * Broken ones stay under another name.
 */
export async function forgetCheckpointsAfter(
  folder: string,
  step: number,
  broken: readonly BrokenCheckpoint[],
): Promise<void> {
  for (const { file } of broken) await rename(file, `${file}.broken`);
  for (const name of await checkpointNames(folder))
    if (stepOf(name) > step) await rm(join(folder, name));
  for (const name of await namesIn(folder))
    if (name.endsWith('.part')) await rm(join(folder, name), { force: true });
}

/** Names of the checkpoints of a run; padded, they sort as steps do. */
async function checkpointNames(folder: string): Promise<string[]> {
  const names = await namesIn(folder);
  return names.filter((name) => CHECKPOINT_NAME.test(name)).sort((a, b) => stepOf(a) - stepOf(b));
}

const CHECKPOINT_NAME = /^step-(\d+)\.safetensors$/;

function stepOf(name: string): number {
  return Number(CHECKPOINT_NAME.exec(name)![1]);
}

async function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
}
