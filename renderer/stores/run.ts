import { nextTick, onScopeDispose, shallowRef, watch, type Ref, type ShallowRef } from 'vue';
import { messageOf } from '../../shared/api/message.ts';
import type { RunEvent } from '../../shared/api/events.ts';
import { fold, newRecord, type RunRecord } from './run-record.ts';
import type { Studio } from './studio.ts';

/** A run that is followed. */
export interface FollowedRun {
  /**
   * What its events said so far; null until stored events are here. Each refresh is a new object
   * over the same growing arrays, so a component that takes it as a property sees the change.
   */
  readonly record: Readonly<ShallowRef<RunRecord | null>>;
  /** Why its stored events can't be read. */
  readonly error: Readonly<ShallowRef<string | null>>;
  /** How far the clock of the service is ahead of the one here, in ms. */
  readonly clockAhead: Readonly<ShallowRef<number>>;
  /** Reads the stored events once more, after an error. */
  retry(): void;
}

/** The screen follows a run at most ten times a second. */
const REFRESH = 100;

/** It takes at most about a quarter of the page's time: where a refresh is slow, the next one waits longer. */
const PAUSES = 3;

/** Follows the run with this id, from its first event on, whatever happens to the connection. */
export function followRun(
  studio: Pick<Studio, 'onRunEvents'>,
  id: Ref<string | null>,
): FollowedRun {
  const record = shallowRef<RunRecord | null>(null);
  const error = shallowRef<string | null>(null);
  const clockAhead = shallowRef(0);
  let timer: ReturnType<typeof setTimeout> | undefined;
  let refreshed = 0;
  let took = 0;
  let unfollow = () => {};

  function follow(runId: string | null): void {
    stop();
    record.value = null;
    error.value = null;
    if (runId === null) return;
    const folded = newRecord(runId);
    unfollow = studio.onRunEvents(runId, (events) => receive(folded, events), {
      onError: (reason) => {
        error.value = messageOf(reason);
      },
    });
  }

  function receive(folded: RunRecord, events: readonly RunEvent[]): void {
    error.value = null;
    for (const event of events) {
      if (fold(folded, event) === 'gap') {
        follow(folded.id);
        return;
      }
    }
    const last = events.at(-1);
    // A single small delivery is live; its age tells how the two clocks differ.
    if (last && events.length < 8 && last.type !== 'state')
      clockAhead.value = last.time - Date.now();
    timer ??= setTimeout(
      () => {
        timer = undefined;
        refreshed = performance.now();
        record.value = { ...folded };
        void nextTick(() => (took = performance.now() - refreshed));
      },
      Math.max(0, refreshed + Math.max(REFRESH, PAUSES * took) - performance.now()),
    );
  }

  function stop(): void {
    unfollow();
    unfollow = () => {};
    clearTimeout(timer);
    timer = undefined;
  }

  watch(id, follow, { immediate: true });
  onScopeDispose(stop);
  return { record, error, clockAhead, retry: () => follow(id.value) };
}
