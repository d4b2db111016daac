import { existsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { StudioError } from '../../shared/api/errors.ts';
import { tryLock, type Lock } from '../data/store/lock.ts';
import { checkpointFolder } from '../trainer/contract.ts';
import { openEventLog, type EventLog } from './event-log.ts';
import {
  eventsFile,
  lockFile,
  reserveFile,
  runFile,
  writeRunRecord,
  type RunRecord,
} from './run-record.ts';

/** A run's folder that is open for writing; nobody else writes there. */
export interface OpenRun {
  readonly record: RunRecord;
  readonly log: EventLog;
  readonly lock: Lock;
  /** Whether the run has a history already. */
  readonly isResumed: boolean;
}

/** Bytes kept free on the disk while a run works, so that its end can be written when the disk is full. */
const RESERVE = 64 * 1024;

/** Makes a run's folder, or leaves it without a run. Throws a StudioError when the folder can't hold one. */
export async function createRunFolder(folder: string, record: RunRecord): Promise<OpenRun> {
  await makeInside(folder);
  const files = [runFile(folder), eventsFile(folder), reserveFile(folder)] as const;
  if (files.some((file) => existsSync(file)))
    throw new StudioError('RUN_EXISTS', `${folder} already holds a run; name another folder`);
  const lock = await lockRun(folder);
  try {
    return { record, lock, isResumed: false, log: await open(folder, record) };
  } catch (error) {
    for (const file of files) await rm(file, { force: true });
    await lock.release();
    throw error;
  }
}

/**
 * Opens the folder of a run that has ended, with a record that `change` makes of what is there. Throws a StudioError
 * that names who trains it when that is going on, and what `change` throws.
 */
export async function reopenRunFolder(
  folder: string,
  change: () => Promise<RunRecord>,
): Promise<OpenRun> {
  if (!existsSync(runFile(folder)))
    throw new StudioError('NO_SUCH_RUN', `${folder} is no run: it has no run.json`);
  const lock = await lockRun(folder);
  try {
    const record = await change();
    await makeInside(folder);
    return { record, lock, isResumed: true, log: await open(folder, record) };
  } catch (error) {
    await rm(reserveFile(folder), { force: true }).catch(() => {});
    await lock.release();
    throw error;
  }
}

/** Takes the run for this process. Throws a StudioError that names who has it. */
async function lockRun(folder: string): Promise<Lock> {
  const taken = await tryLock(lockFile(folder));
  if ('lock' in taken) return taken.lock;
  const who = taken.owner ? `process ${taken.owner.pid} on ${taken.owner.host}` : 'another process';
  throw new StudioError('RUN_ACTIVE', `the run in ${folder} is under way: ${who} trains it`);
}

async function open(folder: string, record: RunRecord): Promise<EventLog> {
  await writeFile(reserveFile(folder), new Uint8Array(RESERVE));
  await writeRunRecord(folder, record);
  return openEventLog(eventsFile(folder));
}

async function makeInside(folder: string): Promise<void> {
  for (const inside of ['images', checkpointFolder])
    await mkdir(join(folder, inside), { recursive: true });
}
