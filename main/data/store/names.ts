import { closeSync, fstatSync, openSync, readSync, writeSync } from 'node:fs';

/** Names of samples in a file, by number: they may be millions, so few are held. */
export interface NameFile {
  /** Adds the next name. */
  add(name: string): void;
  name(number: number): string;
  /** Where each name begins, and where the last one ends. */
  starts(): Float64Array;
  close(): void;
}

/** Bytes that are written at once. */
const HELD = 1 << 16;

/** Makes a file of names. */
export function createNames(path: string): NameFile {
  const starts = [0];
  const file = openSync(path, 'w+');
  let parts: Buffer[] = [];
  let held = 0;
  const flush = () => {
    if (held > 0) writeSync(file, Buffer.concat(parts));
    [parts, held] = [[], 0];
  };
  return {
    add(name) {
      const bytes = Buffer.from(name);
      parts.push(bytes);
      held += bytes.length;
      starts.push(starts.at(-1)! + bytes.length);
      if (held > HELD) flush();
    },
    name(number) {
      flush();
      return readName(file, starts[number]!, starts[number + 1]!);
    },
    starts() {
      flush();
      return Float64Array.from(starts);
    },
    close: () => closeSync(file),
  };
}

/** Opens a file of names to read them; throws when it is shorter than it should be. */
export function openNames(path: string, starts: Float64Array): Pick<NameFile, 'name' | 'close'> {
  const file = openSync(path, 'r');
  if (fstatSync(file).size < starts.at(-1)!) {
    closeSync(file);
    throw new Error(`${path} is too short`);
  }
  return {
    name: (number) => readName(file, starts[number]!, starts[number + 1]!),
    close: () => closeSync(file),
  };
}

function readName(file: number, start: number, end: number): string {
  const bytes = Buffer.alloc(end - start);
  readSync(file, bytes, 0, bytes.length, start);
  return bytes.toString();
}
