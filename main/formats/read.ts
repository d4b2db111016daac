import { readFile, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { isH5, readH5 } from './h5/h5.ts';
import { isLegacy, readLegacy } from './keras/legacy-read.ts';
import { readKeras } from './keras/read.ts';
import type { ReadModel } from './model-file.ts';
import { isZip } from './zip.ts';

/** The largest file that is read: what one buffer can hold. */
const MOST_BYTES = 2 ** 31 - 1;

/**
 * Reads a model from a file, whatever it is called: what it holds tells. `.keras` of Keras 3 and 2, and legacy H5 of
 * whole models. Throws an Error that names the file and says what is wrong with it, or what it holds instead.
 */
export async function readModelFile(path: string): Promise<ReadModel> {
  const name = basename(path);
  const bytes = await readBytes(path);
  if (isZip(bytes)) return readKeras(bytes, name);
  if (isH5(bytes)) {
    const file = await readH5(bytes, name);
    if (isLegacy(file)) return readLegacy(file, name);
    throw new Error(`${name}: it holds weights and no model; open them onto a model`);
  }
  throw new Error(`${name}: expected a .keras or H5 file; it begins like none of them`);
}

/** The bytes of a file. Throws an Error that names it where it can't be read or is too large. */
export async function readBytes(path: string): Promise<Uint8Array> {
  const name = basename(path);
  try {
    const { size } = await stat(path);
    if (size > MOST_BYTES) throw new Error(`${size} bytes are more than can be read`);
    return await readFile(path);
  } catch (error) {
    throw new Error(`${name}: ${(error as Error).message}`, { cause: error });
  }
}
