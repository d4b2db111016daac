import { mkdir, open, rm, stat, statfs, utimes, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { OfferedFile, UploadTicket } from '../../shared/api/data.ts';
import { StudioError } from '../../shared/api/errors.ts';
import { uploadPath } from './upload-path.ts';

/** What an upload may bring at most. */
export interface UploadLimits {
  readonly files: number;
  readonly bytes: number;
}

/** What is taken unless told otherwise. */
export const standardLimits: UploadLimits = { files: 500_000, bytes: 64 * 1024 ** 3 };

/** An upload as it is announced. Its id is the browser's fingerprint of names, sizes and times. */
export interface AnnouncedUpload extends UploadLimits {
  readonly id: string;
  /** Of the folder in which all paths begin, or of the file where it is one. */
  readonly name: string;
}

/** Files that come from a browser: announced, offered in parts, delivered where they are wanted. */
export interface Uploads {
  /** Makes room for an upload. Throws a StudioError when it is larger than what is taken, or than the disk. */
  start(upload: AnnouncedUpload): Promise<void>;
  /** Says which of these files are not here yet. Throws a StudioError for names that can't be kept. */
  offer(id: string, files: readonly OfferedFile[]): Promise<UploadTicket>;
  /** Takes the contents of the wanted files of a ticket, one after the other. Throws when there are fewer or more bytes. */
  receive(id: string, ticket: number, body: AsyncIterable<Uint8Array>): Promise<void>;
  /** The folder or single file that has come. Throws a StudioError when something is missing. */
  finish(id: string): string;
  /** Forgets an upload that has not finished; `remove` takes away what has come of it. */
  drop(id: string, remove: boolean): Promise<void>;
}

interface Upload extends AnnouncedUpload {
  readonly folder: string;
  /** Whether the folder was there before: then something else may use it. */
  readonly existed: boolean;
  /** Paths that were offered, as the file system sees them. */
  readonly seen: Set<string>;
  readonly tickets: Map<number, readonly OfferedFile[]>;
  readonly folders: Set<string>;
  /** Paths that were offered and have not come. */
  readonly missing: Set<string>;
  offeredBytes: number;
}

/**
 * Keeps uploads below a folder: each in a folder of its own, named by its id, so that the same files are not sent
 * twice. `progress` is told how many bytes have come, those that were there already included.
 */
export function createUploads(
  place: string,
  progress: (id: string, bytes: number) => void,
  limits: UploadLimits = standardLimits,
): Uploads {
  const uploads = new Map<string, Upload>();
  let tickets = 0;

  function find(id: string): Upload {
    const upload = uploads.get(id);
    if (!upload) throw new StudioError('NO_SUCH_UPLOAD', 'this upload has ended');
    return upload;
  }

  return {
    async start(announced) {
      const { id, name, files, bytes } = announced;
      if (uploads.has(id)) throw new StudioError('UPLOAD_UNDER_WAY', `${name} is being uploaded`);
      const folder = join(place, id);
      uploadPath(folder, name);
      if (files === 0) throw new StudioError('EMPTY_UPLOAD', `${name} holds no files`);
      if (files > limits.files || bytes > limits.bytes)
        throw new StudioError(
          'UPLOAD_TOO_LARGE',
          `${name} holds ${files} files with ${bytes} bytes; an upload takes at most ${limits.files} files and ${limits.bytes} bytes. Give the folder's path instead: then nothing is copied`,
        );
      const existed = (await mkdir(folder, { recursive: true })) === undefined;
      const { bavail, bsize } = await statfs(folder);
      if (bytes > bavail * bsize)
        throw new StudioError(
          'DISK_FULL',
          `${name} holds ${bytes} bytes; the disk of ${place} has ${bavail * bsize} left`,
        );
      uploads.set(id, {
        ...announced,
        folder,
        existed,
        seen: new Set(),
        tickets: new Map(),
        folders: new Set(),
        missing: new Set(),
        offeredBytes: 0,
      });
    },

    async offer(id, files) {
      const upload = find(id);
      const wanted: number[] = [];
      for (const [index, file] of files.entries()) {
        const target = uploadPath(upload.folder, file.path);
        if (file.path !== upload.name && !file.path.startsWith(`${upload.name}/`))
          throw new StudioError(
            'BAD_UPLOAD',
            `the file ${JSON.stringify(file.path)} does not lie in ${upload.name}`,
          );
        const key = keyOf(file.path);
        if (upload.seen.has(key))
          throw new StudioError(
            'BAD_UPLOAD',
            `two files are named ${JSON.stringify(file.path)} for this machine's file system`,
          );
        upload.seen.add(key);
        upload.offeredBytes += file.bytes;
        if (upload.seen.size > upload.files || upload.offeredBytes > upload.bytes)
          throw new StudioError('BAD_UPLOAD', `${upload.name} holds more than it announced`);
        if (await isHere(target, file)) progress(id, file.bytes);
        else {
          wanted.push(index);
          upload.missing.add(file.path);
        }
      }
      tickets += 1;
      upload.tickets.set(
        tickets,
        wanted.map((index) => files[index]!),
      );
      return { ticket: tickets, wanted };
    },

    async receive(id, ticket, body) {
      const upload = find(id);
      const files = upload.tickets.get(ticket);
      if (!files) throw new StudioError('NO_SUCH_UPLOAD', 'these files were not asked for');
      upload.tickets.delete(ticket);
      const writer = createWriter(upload, files);
      try {
        for await (const chunk of body) {
          if (uploads.get(id) !== upload) throw new StudioError('CANCELLED', 'it was cancelled');
          await writer.write(chunk);
          progress(id, chunk.length);
        }
        await writer.end();
      } finally {
        await writer.close();
      }
    },

    finish(id) {
      const upload = find(id);
      const { missing, seen, files, folder, name } = upload;
      if (missing.size > 0 || seen.size < files)
        throw new StudioError(
          'BAD_UPLOAD',
          `${name}: ${seen.size - missing.size} of ${files} files have come`,
        );
      uploads.delete(id);
      return join(folder, name);
    },

    async drop(id, remove) {
      const upload = uploads.get(id);
      uploads.delete(id);
      if (upload && remove && !upload.existed)
        await rm(upload.folder, { recursive: true, force: true });
    },
  };
}

/** A path as the file system tells it from others: outside Linux most ignore case and composition. */
function keyOf(path: string): string {
  return process.platform === 'linux' ? path : path.normalize('NFC').toLowerCase();
}

/** Cuts a stream of bytes into the files that it consists of. */
function createWriter(upload: Upload, files: readonly OfferedFile[]) {
  let at = 0;
  let handle: FileHandle | null = null;
  let left = 0;

  /** Opens files up to the first that takes bytes; false when there is none. */
  async function next(): Promise<boolean> {
    while (left === 0) {
      if (handle) await done();
      const file = files[at];
      if (!file) return false;
      const target = uploadPath(upload.folder, file.path);
      const folder = dirname(target);
      try {
        if (!upload.folders.has(folder)) await mkdir(folder, { recursive: true });
        upload.folders.add(folder);
        handle = await open(target, 'w');
      } catch (error) {
        const { code, message } = error as NodeJS.ErrnoException;
        if (code === 'ENOSPC') throw error;
        throw new StudioError('BAD_UPLOAD', `${JSON.stringify(file.path)}: ${message}`);
      }
      left = file.bytes;
    }
    return true;
  }

  /** The time is set last, so that a file that was torn is not taken for a whole one. */
  async function done(): Promise<void> {
    const file = files[at++]!;
    await handle!.close();
    handle = null;
    await utimes(uploadPath(upload.folder, file.path), new Date(), new Date(file.modified));
    upload.missing.delete(file.path);
  }

  return {
    async write(chunk: Uint8Array): Promise<void> {
      let rest = chunk;
      while (rest.length > 0) {
        if (!(await next()))
          throw new StudioError('BAD_UPLOAD', `${upload.name}: more bytes came than were offered`);
        const part = rest.subarray(0, left);
        await handle!.writeFile(part);
        left -= part.length;
        rest = rest.subarray(part.length);
      }
    },
    async end(): Promise<void> {
      if (await next())
        throw new StudioError(
          'BAD_UPLOAD',
          `${JSON.stringify(files[at]!.path)} ends ${left} bytes before its end`,
        );
    },
    async close(): Promise<void> {
      await handle?.close();
    },
  };
}

/** Whether a file came whole before: its size is right, and its time, which is set when it is whole. */
async function isHere(target: string, { bytes, modified }: OfferedFile): Promise<boolean> {
  const found = await stat(target).catch(() => null);
  return (
    found !== null &&
    found.isFile() &&
    found.size === bytes &&
    Math.abs(found.mtimeMs - modified) < 2
  );
}
