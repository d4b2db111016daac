import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import type { RunSummary } from '../../shared/api/contract.ts';
import { StudioError } from '../../shared/api/errors.ts';
import { isActive, type Environment } from '../../shared/api/events.ts';
import { messageOf } from '../../shared/api/message.ts';
import { runData } from '../../shared/data/run-data.ts';
import { parseModelSpec, type ModelSpec } from '../../shared/keras/spec.ts';
import { trainingSettings } from '../../shared/keras/training-settings.ts';
import { writeFileAtomic } from '../formats/atomic.ts';
import { fromJson, toJson } from './json.ts';

/** What `run.json` holds: the run's model and settings as they were at its start, and how far it came. */
export interface RunRecord extends Omit<RunSummary, 'folder' | 'silentSince' | 'elsewhere'> {
  readonly version: 1;
  /** With what was frozen or set free since the start. */
  readonly model: ModelSpec;
  /** The model as it was at the start, once that is another one. */
  readonly modelAtStart?: ModelSpec;
  /** The version of the studio that began it, and what it ran on last. */
  readonly studio?: string;
  readonly environment?: Environment;
  /** The process that trains it, or did. */
  readonly owner: { readonly pid: number; readonly host: string };
}

/** zod's number refuses NaN and infinities, which the loss of a diverging run can be. */
const anyNumber = z.custom<number>((value) => typeof value === 'number', 'expected a number');
const count = z.int().nonnegative();

const epochResult = z.object({
  epoch: count,
  step: count,
  loss: anyNumber.nullable(),
  valLoss: anyNumber.nullable(),
  logs: z.record(z.string(), z.union([anyNumber, z.array(anyNumber)])).optional(),
  samplesPerSecond: anyNumber,
  waiting: anyNumber.optional(),
  seconds: anyNumber,
});

const runRecord = z.object({
  version: z.literal(1),
  id: z.string().min(1),
  number: z.int().positive(),
  created: z.number(),
  state: z.enum([
    ...([
      'queued',
      'loading',
      'compiling',
      'adapting',
      'training',
      'validating',
      'saving',
      'paused',
    ] as const),
    ...(['finished', 'stopped', 'failed'] as const),
  ]),
  error: z
    .object({ code: z.string(), message: z.string(), saved: z.string().optional() })
    .optional(),
  settings: trainingSettings,
  engine: z
    .object({
      engine: z.enum(['tensorflow', 'onnx']),
      provider: z.string(),
      device: z.string(),
      kind: z.enum(['cpu', 'gpu']),
      reason: z.string(),
    })
    .optional(),
  data: runData.optional(),
  lastStep: count,
  lastEpoch: epochResult.optional(),
  bestEpoch: epochResult.optional(),
  seconds: anyNumber.optional(),
  seq: count,
  checkpoint: z.object({ step: count, epoch: count }).optional(),
  owner: z.object({ pid: z.int(), host: z.string() }),
  model: z.unknown(),
  modelAtStart: z.unknown().optional(),
  studio: z.string().optional(),
  environment: z.custom<Environment>((value) => typeof value === 'object').optional(),
});

/** This process, as the owner of a run. */
export const thisProcess: RunRecord['owner'] = { pid: process.pid, host: hostname() };

/** The file in a run's folder that describes the run. */
export function runFile(folder: string): string {
  return join(folder, 'run.json');
}

/** The file in a run's folder with its history. */
export function eventsFile(folder: string): string {
  return join(folder, 'events.jsonl');
}

/** The file in a run's folder that keeps room on the disk, so that the run's end can be written when the disk is full. */
export function reserveFile(folder: string): string {
  return join(folder, '.reserve');
}

/** The file in a run's folder that says which process trains it, while one does. */
export function lockFile(folder: string): string {
  return join(folder, '.lock');
}

/** Reads a run's `run.json`. Throws a StudioError when the folder has none, or one that says nonsense. */
export async function readRunRecord(folder: string): Promise<RunRecord> {
  const file = runFile(folder);
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT' && error.code !== 'ENOTDIR') throw error;
    throw new StudioError('NO_SUCH_RUN', `${folder} is no run: it has no run.json`);
  });
  try {
    const data = runRecord.parse(fromJson(text));
    const modelAtStart =
      data.modelAtStart === undefined ? {} : { modelAtStart: parseModelSpec(data.modelAtStart) };
    return { ...data, ...modelAtStart, model: parseModelSpec(data.model) } as RunRecord;
  } catch (error) {
    throw new StudioError('RUN_DAMAGED', `${file}: ${firstProblem(error)}`);
  }
}

/** Writes a run's `run.json`, whole or not at all. */
export async function writeRunRecord(folder: string, record: RunRecord): Promise<void> {
  await writeFileAtomic(runFile(folder), `${toJson(record, 2)}\n`);
}

/** The run as a list shows it. */
export function summaryOf(folder: string, record: RunRecord): RunSummary {
  const {
    version: _version,
    model: _model,
    modelAtStart: _modelAtStart,
    owner,
    studio: _studio,
    environment: _environment,
    ...rest
  } = record;
  const isOwn = owner.pid === thisProcess.pid && owner.host === thisProcess.host;
  return { ...rest, folder, ...(isActive(rest.state) && !isOwn && { elsewhere: owner }) };
}

/** What is wrong with a file that was read, in a line: zod's first issue with its place, or the error's message. */
export function firstProblem(error: unknown): string {
  if (error instanceof z.ZodError) {
    const { path, message } = error.issues[0]!;
    return [path.join('.'), message].filter((part) => part !== '').join(': ');
  }
  return messageOf(error);
}
