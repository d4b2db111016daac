import { spawn } from 'node:child_process';
import { randomFillSync } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolders } from './sources/make.ts';

const folder = temporaryFolders();
const cli = join(import.meta.dirname, '../../../dist/main/cli.js');
const SIDE = 512;

/** A file of so many pictures of noise; gives its size. */
async function pictures(path: string, count: number): Promise<number> {
  const dict = `{'descr': '|u1', 'fortran_order': False, 'shape': (${count}, ${SIDE}, ${SIDE}), }`;
  const header = `${dict.padEnd(117)}\n`;
  const head = Buffer.from('\x93NUMPY\x01\0\0\0', 'latin1');
  head.writeUInt16LE(header.length, 8);
  const file = await open(path, 'w');
  await file.write(Buffer.concat([head, Buffer.from(header)]));
  const picture = Buffer.alloc(SIDE * SIDE);
  for (let i = 0; i < count; i++) await file.write(randomFillSync(picture));
  await file.close();
  return count * picture.length;
}

/** The most memory, in bytes, that a process held while it imported this. */
async function heldFor(path: string): Promise<number> {
  const child = spawn(process.execPath, [cli, 'data', path], { stdio: 'ignore' });
  let most = 0;
  const look = setInterval(() => {
    const file = `/proc/${child.pid}/status`;
    const found = existsSync(file) && /VmHWM:\s+(\d+) kB/.exec(readFileSync(file, 'utf8'));
    if (found) most = Math.max(most, Number(found[1]) * 1024);
  }, 10);
  const [code] = (await once(child, 'exit')) as [number];
  clearInterval(look);
  expect(code).toBe(0);
  return most;
}

// The numbers of training in a limit that the kernel keeps: npm run bench -- data-memory.
test.skipIf(!existsSync('/proc/self/status'))(
  'an import holds far less than what it imports',
  async () => {
    const path = await folder();
    await pictures(join(path, 'small.npy'), 2);
    const bytes = await pictures(join(path, 'large.npy'), 900);
    const little = await heldFor(join(path, 'small.npy'));
    const grown = (await heldFor(join(path, 'large.npy'))) - little;
    expect(grown).toBeLessThan(bytes / 2);
  },
  120_000,
);
