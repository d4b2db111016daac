import { open, readFile, truncate } from 'node:fs/promises';
import { StudioError } from '../../shared/api/errors.ts';
import type { RunEvent, RunEventBody } from '../../shared/api/events.ts';
import { fromJson, toJson } from './json.ts';

/** The history of a run on disk: one event a line, so the n-th line holds event number n. */
export interface EventLog {
  /**
   * Numbers the events and writes them; when it resolves they are in the file. When it throws (a full disk), the file
   * is as it was before. One append at a time.
   */
  append(bodies: readonly RunEventBody[]): Promise<RunEvent[]>;
  close(): Promise<void>;
}

/**
 * Opens a log to write on, after its newest event; creates it when there is none. A last line that a crash tore is
 * cut off. Throws a StudioError when a line before the last is no event.
 */
export async function openEventLog(file: string): Promise<EventLog> {
  const handle = await open(file, 'a+');
  try {
    const bytes = await readFile(file);
    let length = bytes.lastIndexOf('\n') + 1;
    const known = parseEvents(file, bytes, 0);
    let seq = known.length;
    const clock = forwardClock(known.at(-1)?.time ?? 0);
    if (length < bytes.length) await truncate(file, length);
    return {
      async append(bodies) {
        const time = clock();
        const events = bodies.map((body, index) => ({ seq: seq + 1 + index, time, ...body }));
        const text = Buffer.from(events.map((event) => `${toJson(event)}\n`).join(''));
        try {
          await handle.appendFile(text);
        } catch (error) {
          await truncate(file, length);
          throw error;
        }
        length += text.length;
        seq += events.length;
        return events;
      },
      close: () => handle.close(),
    };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/**
 * The time in ms since 1970, for a history: after `last`, and never before what it said last. Where the computer's clock
 * is set back, time goes on at its true pace.
 */
function forwardClock(last: number): () => number {
  let [time, mark] = [last, performance.now()];
  return () => {
    const now = performance.now();
    time = Math.max(Date.now(), time + now - mark);
    mark = now;
    return Math.round(time);
  };
}

/**
 * The events of a log after number `after`: all, or from the first on as many as `most` bytes of the file hold, at least
 * one. A last line that is torn, or being written, is left out.
 */
export async function readEvents(file: string, after = 0, most = Infinity): Promise<RunEvent[]> {
  return parseEvents(file, await readFile(file), after, most);
}

const NEWLINE = 10;

function parseEvents(file: string, bytes: Buffer, after: number, most = Infinity): RunEvent[] {
  let start = 0;
  for (let line = 0; line < after; line++) {
    const end = bytes.indexOf(NEWLINE, start);
    if (end < 0) return [];
    start = end + 1;
  }
  const whole = bytes.lastIndexOf(NEWLINE) + 1;
  const first = bytes.indexOf(NEWLINE, start) + 1;
  const last = bytes.lastIndexOf(NEWLINE, Math.min(whole, start + most) - 1) + 1;
  const lines = bytes.toString('utf8', start, Math.max(first, last)).split('\n');
  lines.pop();
  return lines.map((line, index) => {
    const seq = after + 1 + index;
    try {
      const event = fromJson(line) as RunEvent;
      if (event.seq === seq) return event;
    } catch {
      // Told below, like a line with another number.
    }
    throw new StudioError('RUN_DAMAGED', `${file}: line ${seq} is not event number ${seq}`);
  });
}
