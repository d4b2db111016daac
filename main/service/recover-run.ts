import { rm, stat } from 'node:fs/promises';
import type { RunSummary } from '../../shared/api/contract.ts';
import { encodeError } from '../../shared/api/errors.ts';
import { isActive, type RunEvent, type RunEventBody } from '../../shared/api/events.ts';
import { trainingSettings } from '../../shared/keras/training-settings.ts';
import { isLocked, tryLock } from '../data/store/lock.ts';
import { openEventLog, readEvents } from './event-log.ts';
import { whatIsSaved, withEvent } from './run-progress.ts';
import {
  eventsFile,
  lockFile,
  readRunRecord,
  reserveFile,
  summaryOf,
  writeRunRecord,
  type RunRecord,
} from './run-record.ts';

/**
 * A run in a folder, as a list shows it; null when the folder is gone. A run that was active when its owner died is
 * ended here: it failed, or was stopped where it was paused, and says what was saved. A folder whose files can't be
 * read is shown as a failed run that says why; its files stay as they are.
 */
export async function findRun(id: string, folder: string): Promise<RunSummary | null> {
  try {
    let record = await readRunRecord(folder);
    if (isActive(record.state)) record = await endUnlessOwned(folder);
    return { ...summaryOf(folder, record), id };
  } catch (error) {
    return damaged(id, folder, error);
  }
}

/** The record of a run that nobody trains: whoever asks has its lock. A run whose owner died is ended here. */
export async function settledRecord(folder: string): Promise<RunRecord> {
  const record = await readRunRecord(folder);
  return isActive(record.state) ? endInterrupted(folder, record) : record;
}

/** Runs that are being ended, by folder: who asks meanwhile gets the same answer. */
const ending = new Map<string, Promise<RunRecord>>();

function endUnlessOwned(folder: string): Promise<RunRecord> {
  const before = ending.get(folder);
  if (before) return before;
  const answer = lockAndEnd(folder).finally(() => ending.delete(folder));
  ending.set(folder, answer);
  return answer;
}

async function lockAndEnd(folder: string): Promise<RunRecord> {
  const file = lockFile(folder);
  const taken = await tryLock(file).catch(async () => ((await isLocked(file)) ? null : undefined));
  if (taken === null || (taken && 'owner' in taken)) return readRunRecord(folder);
  try {
    return await settledRecord(folder);
  } finally {
    await taken?.lock.release();
  }
}

/** Where nothing can be written, the run is ended in what this returns and on disk at a later time. */
async function endInterrupted(folder: string, stale: RunRecord): Promise<RunRecord> {
  const {
    lastEpoch: _lastEpoch,
    bestEpoch: _bestEpoch,
    seconds: _seconds,
    checkpoint: _checkpoint,
    ...start
  } = stale;
  const events = await readEvents(eventsFile(folder));
  const record = events.reduce(withEvent, { ...start, state: 'queued', lastStep: 0, seq: 0 });
  if (!isActive(record.state)) return stored(folder, record);
  const message = 'the studio ended while this run was under way';
  const error = { code: 'INTERRUPTED', message, saved: whatIsSaved(record) };
  const end: RunEventBody =
    record.state === 'paused'
      ? { type: 'state', state: 'stopped' }
      : { type: 'state', state: 'failed', error };
  const event = await append(folder, end).catch(() => null);
  const ended = withEvent(record, event ?? { ...end, seq: record.seq, time: Date.now() });
  return event ? stored(folder, ended) : ended;
}

async function append(folder: string, end: RunEventBody): Promise<RunEvent> {
  await rm(reserveFile(folder), { force: true });
  const log = await openEventLog(eventsFile(folder));
  try {
    return (await log.append([end]))[0]!;
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
