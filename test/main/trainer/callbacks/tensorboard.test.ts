import { mkdtemp, readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openEventFile } from '../../../../main/trainer/callbacks/tensorboard/event-file.ts';
import { histogramOf } from '../../../../main/trainer/callbacks/tensorboard/histogram.ts';
import { crc32c } from '../../../../main/trainer/callbacks/tensorboard/record.ts';
import { weightImage } from '../../../../main/trainer/callbacks/tensorboard/weight-image.ts';
import { eventsIn, readEvents } from './read-events.ts';

describe('checksums', () => {
  test('are CRC-32C', () => {
    // The check value of the algorithm's catalogue, and a vector of RFC 3720, B.4.
    expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283);
    expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
  });
});

test('events are read back by the definitions of TensorFlow', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'matryoshka-events-'));
  const file = await openEventFile(folder, null);
  await file.add(3, [
    { tag: 'epoch_loss', scalar: 0.5 },
    { tag: 'nan', scalar: NaN },
    { tag: 'w/histogram', histogram: histogramOf([0, 1, 2, 3, NaN]) },
    { tag: 'p', image: { width: 2, height: 1, channels: 3, png: Uint8Array.of(1, 2, 3) } },
  ]);
  await file.close();
  const [name] = await readdir(folder);
  expect(name).toMatch(/tfevents/);
  const [version, event] = readEvents(await readFile(join(folder, name!)));
  expect(version).toMatchObject({ fileVersion: 'brain.Event:2' });
  expect(Math.abs(version!.wallTime - Date.now() / 1000)).toBeLessThan(60);
  expect(Number(event!.step)).toBe(3);
  const [loss, nan, weights, picture] = event!.summary!.value;
  expect(loss).toMatchObject({ tag: 'epoch_loss', simpleValue: 0.5 });
  expect(nan!.simpleValue).toBeNaN();
  expect(weights!.histo).toMatchObject({ min: 0, max: 3, num: 4, sum: 6, sumSquares: 14 });
  expect(weights!.histo!.bucket.reduce((a, b) => a + b)).toBe(4);
  expect(weights!.histo!.bucketLimit).toHaveLength(30);
  expect(picture!.image).toMatchObject({ width: 2, height: 1, colorspace: 3 });
  expect([...picture!.image!.encodedImageString]).toEqual([1, 2, 3]);
});

test('a resumed training goes on in the same file, without the events that were lost', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'matryoshka-events-'));
  const first = await openEventFile(folder, null);
  await first.add(1, [{ tag: 'a', scalar: 1 }]);
  const state = await first.state();
  await first.add(2, [{ tag: 'lost', scalar: 2 }]);
  await first.close();
  const second = await openEventFile(folder, state);
  await second.add(2, [{ tag: 'b', scalar: 2 }]);
  await second.close();
  expect(await readdir(folder)).toHaveLength(1);
  const tags = (await eventsIn(folder)).flatMap(({ summary }) =>
    (summary?.value ?? []).map(({ tag }) => tag),
  );
  expect(tags).toEqual(['a', 'b']);
});

describe('weights as images', () => {
  const tensor = (shape: number[]) => ({
    shape,
    dtype: 'float32' as const,
    data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i),
  });
  test.each([
    [[5], 5, 1],
    [[2, 3], 3, 2],
    [[3, 2], 3, 2],
    [[3, 3, 1, 4], 12, 3],
    [[3, 3, 2, 4], 12, 3],
  ])('%j is %i px wide and %i px high', (shape, width, height) => {
    expect(weightImage(tensor(shape))).toMatchObject({ width, height, channels: 1 });
  });
  test('five axes are no picture', () => {
    expect(weightImage(tensor([2, 2, 2, 2, 2]))).toBeNull();
  });
});
