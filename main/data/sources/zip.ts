import { openPromise, type Entry, type ZipFile } from 'yauzl';
import { DEFLATE_RATIO, type Chunks } from './bytes.ts';

/** A file in a zip archive. */
export interface ZipMember {
  readonly name: string;
  /** Bytes, uncompressed. */
  readonly size: number;
  /** Its bytes, uncompressed. Errors name the archive. */
  bytes(): Chunks;
}

/** More files in an archive than this are refused. */
const MOST_MEMBERS = 100_000;

/**
 * The files in a zip archive. Throws an Error for an archive that is broken, is encrypted, promises more than its size
 * can hold, or has a name that leads out of it.
 */
export async function zipMembers(file: string): Promise<ZipMember[]> {
  return withZip(file, async (zip) => {
    const members: ZipMember[] = [];
    for await (const entry of zip.eachEntry()) {
      if (members.length >= MOST_MEMBERS) throw new Error(`holds more than ${MOST_MEMBERS} files`);
      if (entry.fileName.endsWith('/')) continue;
      if (entry.isEncrypted()) throw new Error(`${entry.fileName} is encrypted`);
      if (entry.uncompressedSize > entry.compressedSize * DEFLATE_RATIO + 1024)
        throw new Error(
          `${entry.fileName} promises ${entry.uncompressedSize} bytes from ${entry.compressedSize}`,
        );
      members.push({
        name: entry.fileName,
        size: entry.uncompressedSize,
        bytes: () => memberBytes(file, entry),
      });
    }
    return members;
  });
}

async function* memberBytes(file: string, entry: Entry): Chunks {
  let zip: ZipFile | undefined;
  try {
    zip = await openPromise(file, { lazyEntries: true, autoClose: false });
    const stream = await zip.openReadStreamPromise(entry);
    for await (const chunk of stream) yield chunk as Uint8Array;
  } catch (error) {
    throw new Error(`${file}: ${entry.fileName}: ${(error as Error).message}`, { cause: error });
  } finally {
    zip?.close();
  }
  return undefined;
}

async function withZip<T>(file: string, use: (zip: ZipFile) => Promise<T>): Promise<T> {
  let zip: ZipFile | undefined;
  try {
    zip = await openPromise(file, { lazyEntries: true, autoClose: false });
    return await use(zip);
  } catch (error) {
    throw new Error(`${file}: ${(error as Error).message}`, { cause: error });
  } finally {
    zip?.close();
  }
}
