import { ByteReader, bytesOf } from './bytes.ts';

/** A regular file in a tar archive. */
export interface TarMember {
  readonly name: string;
  readonly size: number;
  /** Where its bytes begin in the (uncompressed) archive. */
  readonly offset: number;
}

const BLOCK = 512;
const MOST_MEMBERS = 100_000;
const MOST_NAME = 1 << 16;

/**
 * Lists the regular files of a tar archive, plain or compressed with gzip. Links, devices and folders are passed over,
 * and nothing is written, so a name can lead nowhere. Throws an Error that names an archive that is broken or cut short.
 * Format: POSIX ustar with pax headers, and GNU's long names.
 */
export async function tarMembers(file: string, signal?: AbortSignal): Promise<TarMember[]> {
  const reader = new ByteReader(bytesOf(file));
  const members: TarMember[] = [];
  let at = 0;
  let longName: string | null = null;
  try {
    for (;;) {
      signal?.throwIfAborted();
      const header = Buffer.from(await reader.read(BLOCK));
      at += BLOCK;
      if (header.length < BLOCK) {
        if (header.length === 0 && members.length) return members;
        throw new Error(`${file}: ends within the header of a tar archive`);
      }
      if (header.every((byte) => byte === 0)) return members;
      checkSum(header, file);
      const size = numberAt(header, 124, 12);
      if (!Number.isSafeInteger(size) || size < 0)
        throw new Error(`${file}: a file in it promises ${size} bytes`);
      const type = String.fromCharCode(header[156]!);
      const padded = Math.ceil(size / BLOCK) * BLOCK;
      if ((type === 'x' || type === 'L') && size <= MOST_NAME) {
        const text = Buffer.from(await reader.read(padded)).toString('utf8', 0, size);
        longName = type === 'L' ? text.replace(/\0.*$/s, '') : (paxPath(text) ?? longName);
      } else {
        const name = longName ?? nameIn(header);
        longName = null;
        if (type === '0' || type === '\0') members.push({ name, size, offset: at });
        if (members.length > MOST_MEMBERS)
          throw new Error(`${file}: holds more than ${MOST_MEMBERS} files`);
        const skipped = await reader.skip(padded);
        if (skipped < size)
          throw new Error(
            `${file}: ${name} promises ${size} bytes; the archive ends after ${skipped}`,
          );
      }
      at += padded;
    }
  } finally {
    await reader.close();
  }
}

function nameIn(header: Buffer): string {
  const prefix = header.toString('latin1', 257, 262) === 'ustar' ? textAt(header, 345, 155) : '';
  const name = textAt(header, 0, 100);
  return prefix ? `${prefix}/${name}` : name;
}

function textAt(header: Buffer, at: number, length: number): string {
  return header.toString('utf8', at, at + length).replace(/\0.*$/s, '');
}

/** An octal number, or GNU's base 256 where the first bit is set. */
function numberAt(header: Buffer, at: number, length: number): number {
  if (header[at]! < 0x80) return parseInt(textAt(header, at, length).trim() || '0', 8);
  return header.subarray(at + 1, at + length).reduce((sum, byte) => sum * 256 + byte, 0);
}

function checkSum(header: Buffer, file: string): void {
  const promised = numberAt(header, 148, 8);
  const sum = header.reduce((a, byte, i) => a + (i >= 148 && i < 156 ? 32 : byte), 0);
  if (sum !== promised)
    throw new Error(
      `${file}: expected a tar archive; the checksum of a header is ${sum}, not ${promised}`,
    );
}

function paxPath(text: string): string | undefined {
  return /(?:^|\n)\d+ path=([^\n]*)\n/.exec(text)?.[1];
}
