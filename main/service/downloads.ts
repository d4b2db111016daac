import { randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { Readable } from 'node:stream';
import { zipFolder } from '../formats/zip-folder.ts';

/** A file on its way to a browser. */
export interface Download {
  readonly name: string;
  readonly bytes: number;
  open(): Readable;
}

/** Files that browsers may get, each by a ticket that nobody can guess. */
export interface Downloads {
  /** A ticket for a file, or for a folder, which is packed as a zip first. */
  offer(path: string): Promise<{ ticket: string; name: string }>;
  /** What a ticket is for; null for one that was never given or is too old. */
  find(ticket: string): Promise<Download | null>;
  close(): Promise<void>;
}

/** For how long a ticket is good, in ms. */
const GOOD_FOR = 10 * 60_000;

/** Keeps the tickets of one studio; archives lie in a folder of their own until it closes. */
export function createDownloads(): Downloads {
  const files = new Map<string, { readonly file: string; readonly until: number }>();
  let folder: Promise<string> | null = null;

  async function packed(path: string): Promise<string> {
    folder ??= mkdtemp(join(tmpdir(), 'matryoshka-downloads-'));
    const name = basename(path);
    const own = await mkdtemp(join(await folder, 'zip-'));
    const file = join(own, `${name}.zip`);
    await zipFolder(path, name, file);
    return file;
  }

  return {
    async offer(path) {
      const file = (await stat(path)).isDirectory() ? await packed(path) : path;
      const ticket = randomBytes(24).toString('base64url');
      files.set(ticket, { file, until: Date.now() + GOOD_FOR });
      return { ticket, name: basename(file) };
    },
    async find(ticket) {
      const found = files.get(ticket);
      if (!found || found.until < Date.now()) return null;
      const { file } = found;
      const { size } = await stat(file);
      return { name: basename(file), bytes: size, open: () => createReadStream(file) };
    },
    async close() {
      if (folder) await rm(await folder, { recursive: true, force: true });
    },
  };
}
