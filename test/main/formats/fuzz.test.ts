import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { unzipSync, zipSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readModelFile, readWeightsFile } from '../../../main/formats/read.ts';
import { encodeSafetensors } from '../../../main/formats/safetensors.ts';
import { tensor } from '../../../shared/program/tensor.ts';

/** How often each kind of file is damaged; more by hand: `FUZZ=500 npm test -- test/main/formats/fuzz`. */
const TIMES = Number(process.env['FUZZ'] ?? 4);

const golden = (name: string) => readFile(join('test/goldens/files', name));
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'matryoshka-fuzz-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** Numbers below `n` from a seed. Source: mulberry32. */
function dice(seed: number): (n: number) => number {
  let state = seed;
  return (n) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % n;
  };
}

/** The bytes with some changed, cut off, left out or repeated. */
function damaged(bytes: Uint8Array, roll: (n: number) => number): Uint8Array<ArrayBuffer> {
  const copy = new Uint8Array(bytes);
  const [at, length] = [roll(copy.length), 1 + roll(64)];
  switch (roll(5)) {
    case 0:
      return copy.subarray(0, at);
    case 1:
      return Buffer.concat([copy.subarray(0, at), copy.subarray(at + length)]);
    case 2:
      return Buffer.concat([copy.subarray(0, at + length), copy.subarray(at)]);
    case 3:
      copy.fill(255, at, at + 8);
      return copy;
    default:
      for (let i = 0; i <= length / 8; i++) copy[roll(copy.length)] = roll(256);
      return copy;
  }
}

/** JSON with one value replaced by another of its own or by something that is never right. */
function garbled(text: string, roll: (n: number) => number): string {
  const strange = [
    'null',
    '-1',
    '1e999',
    '[]',
    '{}',
    '""',
    '"__proto__"',
    '1e15',
    'true',
    '[[[]]]',
  ];
  const values = [...text.matchAll(/-?\d+(\.\d+)?|"[^"]*"|true|false|null/g)];
  const { index, 0: old } = values[roll(values.length)]!;
  const other = roll(2) ? values[roll(values.length)]![0] : strange[roll(strange.length)]!;
  return text.slice(0, index) + other + text.slice(index + old.length);
}

const kinds: Record<string, (roll: (n: number) => number) => Promise<Uint8Array>> = {
  'a .keras archive': async (roll) => damaged(await golden('deep-nest.keras'), roll),
  'the H5 in a .keras archive': async (roll) => {
    const members = unzipSync(await golden('func-in-seq.keras'));
    members['model.weights.h5'] = damaged(members['model.weights.h5']!, roll);
    return zipSync(members, { level: 0 });
  },
  'the JSON in a .keras archive': async (roll) => {
    const members = unzipSync(await golden('deep-nest.keras'));
    const config = Buffer.from(members['config.json']!).toString();
    members['config.json'] = Buffer.from(garbled(config, roll));
    return zipSync(members, { level: 0 });
  },
  'a legacy H5 file': async (roll) => damaged(await golden('sequential.h5'), roll),
  'a safetensors file': (roll) => {
    const tensors = { 'd/kernel': tensor([1, 2, 3, 4], [2, 2]), 'd/bias': tensor([1, 2], [2]) };
    const bytes = encodeSafetensors({ tensors, metadata: { a: 'b' } });
    return Promise.resolve(damaged(bytes, roll));
  },
};

describe('damaged files', () => {
  test.each(Object.keys(kinds))(
    '%s: is read or refused by name',
    async (kind) => {
      const { spec, model } = await readModelFile('test/goldens/files/deep-nest.keras');
      const file = join(folder, 'damaged.file');
      for (let seed = 0; seed < TIMES; seed++) {
        await writeFile(file, await kinds[kind]!(dice(seed * 7919)));
        const outcomes = await Promise.allSettled([
          readModelFile(file),
          readWeightsFile(file, spec, model),
        ]);
        for (const outcome of outcomes)
          if (outcome.status === 'rejected')
            expect(String(outcome.reason), `seed ${seed}`).toMatch(/^Error: damaged\.file/);
      }
    },
    60_000 + TIMES * 2000,
  );
});
