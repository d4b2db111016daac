import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { openEventLog, readEvents, type EventLog } from '../../../main/service/event-log.ts';
import { folder } from './setting.ts';

test('a log goes on after its newest event', async () => {
  const file = join(folder, 'again.jsonl');
  const first = await openEventLog(file);
  await first.append([{ type: 'state', state: 'loading' }]);
  const two = await first.append([
    { type: 'steps', first: 1, losses: [0.5, NaN, Infinity, -Infinity] },
    { type: 'state', state: 'failed', error: { code: 'X', message: 'line\nbreak "NaN" \u2028' } },
  ]);
  await first.close();
  expect(two.map((event) => event.seq)).toEqual([2, 3]);
  expect((await readFile(file, 'utf8')).split('\n')).toHaveLength(4);
  const second = await openEventLog(file);
  const [four] = await second.append([{ type: 'state', state: 'saving' }]);
  await second.close();
  expect(await readEvents(file, 1)).toEqual([...two, four]);
  expect(await readEvents(file, 9)).toEqual([]);
});

test('a history is read in parts of about so many bytes, each whole and at least one event', async () => {
  const file = join(folder, 'parts.jsonl');
  const log = await openEventLog(file);
  const all = await log.append(
    Array.from({ length: 40 }, (_, i) => ({
      type: 'steps',
      first: i + 1,
      losses: new Array<number>(1 + (i % 7)).fill(0.25),
    })),
  );
  await log.close();
  for (const most of [1, 150, 400, 100_000]) {
    const read = [];
    for (;;) {
      const part = await readEvents(file, read.length, most);
      if (part.length === 0) break;
      read.push(...part);
    }
    expect(read).toEqual(all);
  }
  expect((await readEvents(file, 3, 400)).length).toBeLessThan(6);
});

test('a torn last line is left out, and cut off when the log goes on', async () => {
  const file = join(folder, 'torn.jsonl');
  const log = await openEventLog(file);
  const [event] = await log.append([{ type: 'state', state: 'loading' }]);
  await log.close();
  const whole = await readFile(file);
  for (const torn of ['{"seq":2,"ti', '\0\0\0\0', '{"seq":2,"type":"state","state":"tr\u00e9'])
    for (const length of [1, Buffer.byteLength(torn)]) {
      await writeFile(file, whole);
      await appendFile(file, Buffer.from(torn).subarray(0, length));
      expect(await readEvents(file)).toEqual([event]);
      const again = await openEventLog(file);
      const [next] = await again.append([{ type: 'state', state: 'training' }]);
      await again.close();
      expect(next?.seq).toBe(2);
      expect(await readEvents(file)).toEqual([event, next]);
    }
});

test('a line in the middle that is no event is named, and the file stays as it is', async () => {
  const file = join(folder, 'damaged.jsonl');
  const text = '{"seq":1,"time":1,"type":"state","state":"loading"}\nnonsense\n{"seq":3}\n';
  await writeFile(file, text);
  await expect(readEvents(file)).rejects.toMatchObject({
    code: 'RUN_DAMAGED',
    message: `${file}: line 2 is not event number 2`,
  });
  await expect(openEventLog(file)).rejects.toMatchObject({ code: 'RUN_DAMAGED' });
  expect(await readFile(file, 'utf8')).toBe(text);
  await writeFile(file, text.replace('nonsense\n', ''));
  await expect(readEvents(file)).rejects.toThrow('line 2 is not event number 2');
});

test('times go on though the clock is set back, also when the log is opened anew', async () => {
  const file = join(folder, 'clock.jsonl');
  const now = vi.spyOn(Date, 'now');
  const real = performance.timeOrigin + performance.now();
  const times: number[] = [];
  const write = async (log: EventLog, clock: number) => {
    now.mockReturnValue(clock);
    times.push((await log.append([{ type: 'state', state: 'training' }]))[0]!.time);
  };
  const log = await openEventLog(file);
  await write(log, real);
  await write(log, real - 3_600_000);
  await new Promise((resolve) => setTimeout(resolve, 30));
  await write(log, real - 3_600_000);
  await log.close();
  const again = await openEventLog(file);
  await write(again, real - 7_200_000);
  await write(again, real + 60_000);
  await again.close();
  now.mockRestore();
  const [first, second, third, fourth, fifth] = times.map((time) => time - times[0]!);
  expect([first, second! < 1000, third! >= second! + 29, fourth! >= third!]).toEqual([0, true, true, true]); // prettier-ignore
  expect(fifth).toBe(60_000);
});
