import { readFileSync } from 'node:fs';

interface Entry {
  readonly files?: Readonly<Record<string, Entry>>;
  /** Set where the file lies beside the archive, not in it. */
  readonly unpacked?: boolean;
}

/** The files that an asar archive lists, by path: true for those in it, false for those beside it. */
export function listArchive(path: string): ReadonlyMap<string, boolean> {
  const bytes = readFileSync(path);
  // Two pickles: the size of the header, then the header, a string of JSON with its length before it.
  const length = bytes.readUInt32LE(12);
  const header = JSON.parse(bytes.toString('utf8', 16, 16 + length)) as Entry;
  const list = new Map<string, boolean>();
  const visit = (entry: Entry, at: string): void => {
    for (const [name, child] of Object.entries(entry.files ?? {})) {
      if (child.files) visit(child, `${at}${name}/`);
      else list.set(`${at}${name}`, child.unpacked !== true);
    }
  };
  visit(header, '');
  return list;
}

/** Electron's fuses in an executable, in their order: `1` on, `0` off, `r` removed. Empty where it has none. */
export function readFuses(executable: string): string {
  const bytes = readFileSync(executable);
  const at = bytes.indexOf('dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX') + 32;
  if (at < 32) return '';
  return bytes.toString('latin1', at + 2, at + 2 + (bytes[at + 1] ?? 0));
}
