import { setTimeout as pause } from 'node:timers/promises';
import { MessageChannel } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { createFeed } from '../../../main/service/feed.ts';
import type { StudioListener } from '../../../shared/api/contract.ts';
import type { RunEvent } from '../../../shared/api/events.ts';
import { link } from '../../../shared/api/rpc.ts';

const step = (seq: number): RunEvent => ({ type: 'steps', seq, time: 0, first: seq, losses: [0] });

/** A window at the other end of a message port that takes each message only when it is let. */
function slowWindow() {
  const { port1, port2 } = new MessageChannel();
  const channel = (port: typeof port1) => ({
    post: (message: unknown) => port.postMessage(message),
    onMessage: (listener: (message: unknown) => void) => void port.on('message', listener),
    onClose: (listener: () => void) => void port.on('close', listener),
  });
  const taken: string[] = [];
  let release = () => {};
  let gate = new Promise<void>((resolve) => (release = resolve));
  const take = async (text: string) => {
    await gate;
    taken.push(text);
  };
  link<object, StudioListener>(channel(port2), {
    runEvents: (id, events) => take(`${id} ${events.map((event) => event.seq).join(',')}`),
    runChanged: (id, summary) => take(`${id} ${summary === null ? 'removed' : summary.state}`),
    projectChanged: (project) => take(`project ${project.revision}`),
    importChanged: (data) => take(`${data.id} ${data.state} ${data.done}`),
    datasetsChanged: (datasets) => take(`${datasets.length} datasets`),
    deviceUsage: (id, usage) => take(`${id} uses ${usage.cpu}`),
    enginesTried: ({ done, total }) => take(`${done} of ${total} engines`),
  });
  const listener = link<StudioListener, object>(channel(port1), {});
  return {
    listener,
    taken,
    open: () => release(),
    shut: () => (gate = new Promise((resolve) => (release = resolve))),
    close: () => port1.close(),
  };
}

test('events gather while the window takes the message before', async () => {
  const window = slowWindow();
  const feed = createFeed(window.listener);
  for (let seq = 1; seq <= 5; seq++) feed.events('a', [step(seq)]);
  feed.changed('a', null);
  feed.events('b', [step(1)]);
  feed.events('a', [step(6)]);
  window.open();
  while (window.taken.length < 5) await pause(1);
  expect(window.taken).toEqual(['a 1', 'a 2,3,4,5', 'a removed', 'b 1', 'a 6']);
  window.close();
});

test('a stopped window costs a bounded amount, and then sees the gap', async () => {
  const window = slowWindow();
  const feed = createFeed(window.listener, 100);
  for (let seq = 1; seq <= 10_000; seq++) {
    feed.events('a', [step(seq)]);
    if (seq % 100 === 0) feed.events('b', [step(seq / 100)]);
    if (seq % 1000 === 0) feed.changed('b', null);
  }
  window.open();
  while (!window.taken.includes('b removed')) await pause(1);
  await pause(20);
  expect(window.taken[0]).toBe('a 1');
  const seqs = window.taken.flatMap((text) => text.split(' ')[1]!.split(','));
  expect(seqs.length).toBeLessThan(110);
  expect(window.taken.some((text) => text.startsWith('a') && text.endsWith('10000'))).toBe(true);
  expect(window.taken.some((text) => text.startsWith('b') && text.endsWith('100'))).toBe(true);
  window.close();
});

test('a window that fails or is gone does not stop the feed', async () => {
  const window = slowWindow();
  const feed = createFeed(window.listener);
  feed.events('a', [step(1)]);
  window.close();
  for (let seq = 2; seq < 50; seq++) feed.events('a', [step(seq)]);
  await pause(20);
  expect(window.taken).toEqual([]);
});
