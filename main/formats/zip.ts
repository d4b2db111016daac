import { crc32 } from 'node:zlib';
import { fromBufferPromise, type Entry, type ZipFile } from 'yauzl';

/** More files in an archive than this are refused. */
const MOST_MEMBERS = 10_000;

/** A file over so many bytes may be at most so many times as large as it is in the archive. */
const [LARGE, EXPANSION] = [64 * 2 ** 20, 100];

/** The first bytes of a zip archive. */
export function isZip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x50 && bytes[1] === 0x4b && (bytes[2] === 3 || bytes[2] === 5);
}

/**
 * The files of a zip archive by name, those that `wanted` names. Throws an Error that begins with `name` for an archive
 * that is cut off, damaged or encrypted, for a bomb, and for names that lead out of it.
 */
export async function unzip(
  bytes: Uint8Array,
  name: string,
  wanted: (member: string) => boolean,
): Promise<ReadonlyMap<string, Buffer>> {
  let zip: ZipFile | undefined;
  try {
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    zip = await fromBufferPromise(buffer, { lazyEntries: true });
    if (zip.entryCount > MOST_MEMBERS) throw new Error(`it holds ${zip.entryCount} files`);
    const members = new Map<string, Buffer>();
    for await (const entry of zip.eachEntry()) {
      if (entry.fileName.endsWith('/') || !wanted(entry.fileName)) continue;
      if (members.has(entry.fileName)) throw new Error(`it holds ${entry.fileName} twice`);
      members.set(entry.fileName, await memberOf(zip, entry));
    }
    return members;
  } catch (error) {
    throw new Error(`${name}: no zip archive that can be read: ${(error as Error).message}`, {
      cause: error,
    });
  } finally {
    zip?.close();
  }
}

async function memberOf(zip: ZipFile, entry: Entry): Promise<Buffer> {
  const { fileName, compressedSize, uncompressedSize } = entry;
  if (entry.isEncrypted()) throw new Error(`${fileName} is encrypted`);
  if (uncompressedSize > LARGE && uncompressedSize > compressedSize * EXPANSION)
    throw new Error(`${fileName} promises ${uncompressedSize} bytes from ${compressedSize}`);
  const chunks: Buffer[] = [];
  for await (const chunk of await zip.openReadStreamPromise(entry)) chunks.push(chunk as Buffer);
  const bytes = Buffer.concat(chunks);
  if (crc32(bytes) !== entry.crc32) throw new Error(`${fileName} is damaged`);
  return bytes;
}
