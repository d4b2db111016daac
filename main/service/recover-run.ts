import { rm, stat } from 'node:fs/promises';
import type { RunSummary } from '../../shared/api/contract.ts';
import { encodeError } from '../../shared/api/errors.ts';
import { isActive } from '../../shared/api/events.ts';
import { trainingSettings } from '../../shared/keras/training-settings.ts';
import { openEventLog, readEvents } from './event-log.ts';
import { whatIsSaved, withEvent } from './run-progress.ts';
import {
  eventsFile,
  readRunRecord,
  reserveFile,
  runFile,
  summaryOf,
  thisProcess,
  writeRunRecord,
  type RunRecord,
} from './run-record.ts';
import { OWNER_SIGN } from './train-run.ts';

/**
 * A run in a folder, as a list shows it; null when the folder is gone. A run that was active when its owner died is
 * ended here: it failed, and says what was saved. A folder whose files can't be read is shown as a failed run that
 * says why; its files stay as they are.
 */
export async function findRun(id: string, folder: string): Promise<RunSummary | null> {
  try {
    let record = await readRunRecord(folder);
    if (isActive(record.state) && !(await isOwned(folder, record)))
      record = await endInterrupted(folder, record);
    return { ...summaryOf(folder, record), id };
  } catch (error) {
    return damaged(id, folder, error);
  }
}

/** Whether the process that trains a run is alive. A process number may have been given anew, so the owner's signs count too. */
async function isOwned(folder: string, { owner }: RunRecord): Promise<boolean> {
  const { mtimeMs } = await stat(runFile(folder));
  if (Date.now() - mtimeMs > 12 * OWNER_SIGN) return false;
  if (owner.host !== thisProcess.host) return true;
  try {
    process.kill(owner.pid, 0);
    return owner.pid !== thisProcess.pid;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Where the disk is full, the run is ended in what this returns and on disk at a later time. */
async function endInterrupted(folder: string, stale: RunRecord): Promise<RunRecord> {
  const {
    lastEpoch: _last,
    bestEpoch: _best,
    seconds: _seconds,
    checkpoint: _checkpoint,
    ...start
  } = stale;
  await rm(reserveFile(folder), { force: true });
  const log = await openEventLog(eventsFile(folder));
  try {
    const events = await readEvents(eventsFile(folder));
    const record = events.reduce(withEvent, { ...start, state: 'queued', lastStep: 0, seq: 0 });
    if (!isActive(record.state)) return await stored(folder, record);
    const message = 'the studio ended while this run was under way';
    const error = { code: 'INTERRUPTED', message, saved: whatIsSaved(record) };
    const end = { type: 'state', state: 'failed', error } as const;
    const event = await log.append([end]).catch(() => null);
    return event
      ? await stored(folder, withEvent(record, event[0]!))
      : { ...record, state: 'failed', error };
  } finally {
    await log.close();
  }
}

async function stored(folder: string, record: RunRecord): Promise<RunRecord> {
  await writeRunRecord(folder, record).catch(() => {});
  return record;
}

async function damaged(id: string, folder: string, error: unknown): Promise<RunSummary | null> {
  const there = await stat(folder).catch(() => null);
  if (!there) return null;
  return {
    id,
    number: Number.parseInt(id, 10) || 1,
    folder,
    state: 'failed',
    error: encodeError(error),
    created: there.birthtimeMs,
    settings: trainingSettings.parse({ model: 'unknown' }),
    lastStep: 0,
    seq: 0,
  };
}
