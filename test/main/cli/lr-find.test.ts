import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { RateCurve } from '../../../shared/keras/rate-finder.ts';
import { run } from './command.ts';

test('lr-find trains with ever larger rates, suggests one and writes the curve', async () => {
  const csv = join(await mkdtemp(join(tmpdir(), 'lr-find-')), 'curve.csv');
  const { code, stdout } = await run([
    ...['lr-find', 'autoencoder', '--limit', '128', '--batch-size', '16', '--engine', 'onnx'],
    ...['--from', '1e-5', '--to', '1', '--steps', '30', '--csv', csv, '--json'],
  ]);
  expect(code).toBe(0);
  const { points, suggestion } = JSON.parse(stdout) as RateCurve;
  expect(points.length).toBeGreaterThan(10);
  expect(points[0]!.rate).toBe(1e-5);
  expect(suggestion).toBeGreaterThan(1e-5);
  const [head, ...rows] = (await readFile(csv, 'utf8')).trim().split('\n');
  expect(head).toBe('learning_rate,loss,smoothed');
  expect(rows).toHaveLength(points.length);
});

test('a range that is none is refused', async () => {
  const { code, stderr } = await run(['lr-find', 'autoencoder', '--from', '1', '--to', '0.1']);
  expect(code).not.toBe(0);
  expect(stderr).toMatch(/expected learning rates/);
  expect((await run(['lr-find', 'autoencoder', '--from', '-1'])).code).toBe(2);
});
