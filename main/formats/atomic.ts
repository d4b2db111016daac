import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/**
 * Writes a file whole or not at all: to a file beside it, then under its name. It is on the disk when this resolves,
 * unless `durable` is false, which is quicker. Makes the folder.
 */
export async function writeFileAtomic(
  path: string,
  bytes: Uint8Array | string,
  { durable = true }: { durable?: boolean } = {},
): Promise<void> {
  const part = `${path}.${randomUUID()}.part`;
  try {
    await mkdir(dirname(path), { recursive: true });
    await write(part, bytes, durable);
    await rename(part, path);
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
}

/**
 * Writes a folder of files whole or not at all. A folder that is there already is replaced when it holds no other
 * files than those that are written; otherwise an Error names one of the others.
 */
export async function writeFolderAtomic(
  folder: string,
  files: Readonly<Record<string, Uint8Array | string>>,
): Promise<void> {
  const known = await readdir(folder).catch(absent);
  const other = known?.find((name) => !Object.hasOwn(files, name));
  if (other !== undefined)
    throw new Error(`${folder} already holds ${other}; choose a new or an empty folder`);
  const part = `${folder}.${randomUUID()}.part`;
  try {
    await mkdir(part, { recursive: true });
    for (const [name, bytes] of Object.entries(files)) await write(join(part, name), bytes, true);
    if (known) await rm(folder, { recursive: true });
    await rename(part, folder);
  } catch (error) {
    await rm(part, { recursive: true, force: true });
    throw error;
  }
}

/** Undefined for a folder that is not there; other errors stay. */
function absent(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}

async function write(path: string, bytes: Uint8Array | string, durable: boolean): Promise<void> {
  const file = await open(path, 'wx');
  try {
    await file.writeFile(bytes);
    if (durable) await file.sync();
  } finally {
    await file.close();
  }
}
