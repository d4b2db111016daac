import { expect, test } from 'vitest';
import { createEventFeed } from '../../../renderer/stores/event-feed.ts';
import type { RunEvent } from '../../../shared/api/events.ts';

const events = (from: number, to: number): RunEvent[] =>
  Array.from({ length: to - from + 1 }, (_, i) => ({
    type: 'steps',
    first: from + i,
    losses: [1 / (from + i)],
    seq: from + i,
    time: 1000 + from + i,
  }));

/** A store of events that answers when it is told to. */
function storage() {
  let stored: RunEvent[] = [];
  const waiting: (() => void)[] = [];
  let broken = false;
  return {
    put: (list: RunEvent[]) => (stored = [...stored, ...list]),
    fail: (value: boolean) => (broken = value),
    async answer() {
      waiting.splice(0).forEach((go) => go());
      await new Promise((resolve) => setTimeout(resolve));
    },
    get asked() {
      return waiting.length;
    },
    async read(_id: string, after: number): Promise<RunEvent[]> {
      await new Promise<void>((resolve) => waiting.push(resolve));
      if (broken) throw new Error('the disk is gone');
      return stored.filter(({ seq }) => seq > after);
    },
  };
}

function follow(disk: ReturnType<typeof storage>, after = 0) {
  const feed = createEventFeed(disk.read);
  const got: number[] = [];
  const errors: unknown[] = [];
  const stop = feed.follow('a', (list) => got.push(...list.map(({ seq }) => seq)), {
    after,
    onError: (error) => errors.push(error),
  });
  return { feed, got, errors, stop };
}

test('stored events come before live ones that arrive meanwhile, each once', async () => {
  const disk = storage();
  disk.put(events(1, 5));
  const { feed, got } = follow(disk);
  feed.receive('a', events(4, 6));
  feed.receive('a', events(7, 7));
  expect(got).toEqual([]);
  await disk.answer();
  expect(got).toEqual([1, 2, 3, 4, 5, 6, 7]);
  feed.receive('a', events(7, 8));
  expect(got.at(-1)).toBe(8);
  expect(got.length).toBe(8);
});

test('a gap is filled from storage', async () => {
  const disk = storage();
  const { feed, got } = follow(disk);
  await disk.answer();
  feed.receive('a', events(1, 2));
  disk.put(events(1, 9));
  feed.receive('a', events(8, 9));
  feed.receive('a', events(10, 10));
  expect(got).toEqual([1, 2]);
  await disk.answer();
  expect(got).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
});

test('a long history is read in parts, while live events wait', async () => {
  const all = events(1, 50);
  const got: number[] = [];
  let reads = 0;
  const feed = createEventFeed(async (_, after) => {
    reads += 1;
    if (reads === 2) feed.receive('a', events(51, 52));
    return all.slice(after, after + 20);
  });
  feed.follow('a', (list) => got.push(...list.map(({ seq }) => seq)));
  await expect.poll(() => got.length).toBe(52);
  expect(got).toEqual(Array.from({ length: 52 }, (_, i) => i + 1));
  expect(reads).toBe(3);
});

test('a gap among the events that waited is filled too', async () => {
  const disk = storage();
  disk.put(events(1, 20));
  const { feed, got } = follow(disk, 10);
  feed.receive('a', events(15, 16));
  // The window was slow, so what came between was left out.
  feed.receive('a', events(30, 30));
  await disk.answer();
  expect(got).toEqual([11, 12, 13, 14, 15, 16, 17, 18, 19, 20]);
  disk.put(events(21, 30));
  await disk.answer();
  expect(got.slice(10)).toEqual([21, 22, 23, 24, 25, 26, 27, 28, 29, 30]);
});

test('after a lost connection everything that was missed is asked for', async () => {
  const disk = storage();
  const { feed, got } = follow(disk);
  await disk.answer();
  feed.receive('a', events(1, 3));
  disk.put(events(1, 7));
  feed.refill();
  await disk.answer();
  expect(got).toEqual([1, 2, 3, 4, 5, 6, 7]);
});

test('a failed read is told and tried again at the next connection', async () => {
  const disk = storage();
  disk.put(events(1, 2));
  disk.fail(true);
  const { feed, got, errors } = follow(disk);
  await disk.answer();
  expect(errors).toHaveLength(1);
  feed.receive('a', events(3, 3));
  disk.fail(false);
  feed.refill();
  await disk.answer();
  expect(got).toEqual([1, 2, 3]);
});

test('one begins where it is told to, and an ended one hears nothing', async () => {
  const disk = storage();
  disk.put(events(1, 4));
  const { feed, got, stop } = follow(disk, 3);
  await disk.answer();
  expect(got).toEqual([4]);
  feed.receive('b', events(1, 1));
  stop();
  feed.receive('a', events(5, 5));
  expect(got).toEqual([4]);
});
