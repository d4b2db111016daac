import { mkdir, open, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';

/** A file that grows at its end while a model trains. */
export interface GrowingFile {
  readonly size: number;
  append(bytes: Uint8Array): Promise<void>;
  /** Resolves when all is on the disk. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** Opens a file, and its folder, to go on at byte `from`; what stands behind it is cut off. */
export async function openGrowingFile(path: string, from: number): Promise<GrowingFile> {
  await mkdir(dirname(path), { recursive: true });
  const file: FileHandle = await open(path, 'a+');
  const { size: found } = await file.stat();
  let size = Math.min(from, found);
  if (found > size) await file.truncate(size);
  return {
    get size() {
      return size;
    },
    async append(bytes) {
      await file.write(bytes);
      size += bytes.length;
    },
    sync: () => file.datasync(),
    close: () => file.close(),
  };
}
