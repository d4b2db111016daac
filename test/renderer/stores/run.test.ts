import { effectScope, ref } from 'vue';
import { expect, test } from 'vitest';
import type { RunEvent } from '../../../shared/api/events.ts';
import { createEventFeed } from '../../../renderer/stores/event-feed.ts';
import { followRun } from '../../../renderer/stores/run.ts';

/** A run's events: one step each. */
function stepEvents(count: number): RunEvent[] {
  return Array.from({ length: count }, (_, i) => ({
    type: 'steps',
    first: i + 1,
    losses: [1 / (i + 1)],
    seq: i + 1,
    time: 1000 + i,
  }));
}

/** A studio's feed over events on a disk that answers late, as a disk does. */
function studio(disk: Record<string, RunEvent[]>, failing = { now: false }) {
  const feed = createEventFeed(async (id, after) => {
    await new Promise((resolve) => setTimeout(resolve, 5));
    if (failing.now) throw new Error('The disk is gone.');
    return (disk[id] ?? []).filter((event) => event.seq > after);
  });
  return { onRunEvents: feed.follow, feed };
}

const settle = () => new Promise((resolve) => setTimeout(resolve, 250));

test('shows what is stored, then what is live, without a gap and without a repetition', async () => {
  const all = stepEvents(60);
  const disk = { a: all.slice(0, 20) };
  const { onRunEvents, feed } = studio(disk);
  const scope = effectScope();
  const run = scope.run(() => followRun({ onRunEvents }, ref('a')))!;
  // These come while the stored ones are still being read.
  disk.a = all.slice(0, 30);
  feed.receive('a', all.slice(15, 30));
  await settle();
  expect(run.record.value?.losses.length).toBe(30);
  // These were lost on the way, and the next ones show it.
  disk.a = all;
  feed.receive('a', all.slice(55));
  await settle();
  expect([...run.record.value!.losses.values]).toEqual(all.map((_, i) => 1 / (i + 1)));
  scope.stop();
});

test('goes over to another run and drops the first', async () => {
  const { onRunEvents, feed } = studio({ a: stepEvents(9), b: stepEvents(4) });
  const id = ref<string | null>('a');
  const scope = effectScope();
  const run = scope.run(() => followRun({ onRunEvents }, id))!;
  await settle();
  id.value = 'b';
  await settle();
  feed.receive('a', stepEvents(12).slice(9));
  await settle();
  expect(run.record.value).toMatchObject({ id: 'b', seq: 4 });
  id.value = null;
  await settle();
  expect(run.record.value).toBeNull();
  scope.stop();
});

test('says why events cannot be read, and reads them when asked again', async () => {
  const failing = { now: true };
  const { onRunEvents } = studio({ a: stepEvents(3) }, failing);
  const scope = effectScope();
  const run = scope.run(() => followRun({ onRunEvents }, ref('a')))!;
  await settle();
  expect(run.error.value).toBe('The disk is gone.');
  failing.now = false;
  run.retry();
  await settle();
  expect(run.error.value).toBeNull();
  expect(run.record.value?.seq).toBe(3);
  scope.stop();
});

test('refreshes at most ten times a second', async () => {
  const { onRunEvents, feed } = studio({ a: [] });
  const scope = effectScope();
  const run = scope.run(() => followRun({ onRunEvents }, ref('a')))!;
  await settle();
  const seen = new Set<unknown>();
  const began = performance.now();
  for (const event of stepEvents(60)) {
    feed.receive('a', [event]);
    await new Promise((resolve) => setTimeout(resolve, 5));
    seen.add(run.record.value);
  }
  expect(seen.size).toBeLessThanOrEqual((performance.now() - began) / 100 + 2);
  await settle();
  expect(run.record.value?.seq).toBe(60);
  scope.stop();
});
