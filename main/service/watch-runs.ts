import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isActive } from '../../shared/api/events.ts';
import { readEvents } from './event-log.ts';
import { findRun } from './recover-run.ts';
import { eventsFile, runFile } from './run-record.ts';
import type { RunsListener } from './runs.ts';

/** How often the folder is looked at, in ms. */
const INTERVAL = 1000;

interface Seen {
  /** When run.json was written, and how long the history is. */
  readonly stamp: string;
  /** The newest event that was told. */
  readonly seq: number;
  readonly active: boolean;
}

/**
 * Tells of runs that other processes work on in the same folder: another studio of the project, the command line. Those
 * that are `own` here tell of themselves. A run whose process died is ended.
 */
export function watchRuns(
  folder: string,
  ids: () => Promise<readonly string[]>,
  isOwn: (id: string) => boolean,
  listener: Pick<RunsListener, 'events' | 'changed'>,
): { close(): void } {
  let seen: Map<string, Seen> | null = null;
  let closed = false;

  async function look(): Promise<void> {
    const others = (await ids()).filter((id) => !isOwn(id));
    const now = new Map<string, Seen>();
    for (const id of others) {
      const before = seen?.get(id);
      const found = await lookAt(id, before).catch(() => before);
      if (found) now.set(id, found);
    }
    for (const id of seen?.keys() ?? []) if (!now.has(id) && !isOwn(id)) listener.changed(id, null);
    seen = now;
  }

  async function lookAt(id: string, before: Seen | undefined): Promise<Seen | undefined> {
    const place = join(folder, id);
    const stamp = await stampOf(place);
    if (stamp === null) return undefined;
    if (before?.stamp === stamp && !before.active) return before;
    const summary = await findRun(id, place);
    if (!summary) return undefined;
    const active = isActive(summary.state);
    const events = before ? await readEvents(eventsFile(place), before.seq).catch(() => []) : [];
    const seq = events.at(-1)?.seq ?? Math.max(summary.seq, before?.seq ?? 0);
    if (closed || isOwn(id)) return undefined;
    if (events.length > 0) listener.events(id, events);
    if (seen && (before?.stamp !== stamp || before.active !== active))
      listener.changed(id, summary);
    return { stamp, seq, active };
  }

  let timer: NodeJS.Timeout | undefined;
  const again = () => {
    if (!closed)
      timer = setTimeout(
        () =>
          void look()
            .catch(() => {})
            .finally(again),
        INTERVAL,
      ).unref();
  };
  void look()
    .catch(() => {})
    .finally(again);
  return {
    close() {
      closed = true;
      clearTimeout(timer);
    },
  };
}

async function stampOf(place: string): Promise<string | null> {
  const [run, events] = await Promise.all(
    [runFile(place), eventsFile(place)].map((file) => stat(file).catch(() => null)),
  );
  return run ? `${run.mtimeMs} ${events?.size}` : null;
}
