import { join } from 'node:path';
import type { SourceSample, SourceValue } from '../source.ts';
import { stampOf } from './look.ts';

/** So many files are looked at a time. */
const AT_A_TIME = 64;

/** An image in a file of its own, with its stamp. */
export interface FileValue {
  readonly value: SourceValue;
  readonly stamp: string;
}

/** The image at a path below the root. A file that can't be looked at is told when it is read. */
export async function fileValue(root: string, path: string): Promise<FileValue> {
  const file = join(root, path);
  const stamp = await stampOf(file).catch(() => 'unreadable');
  return { value: { kind: 'file', path: file }, stamp };
}

/** Makes samples of items, several at a time, in the items' order. */
export async function* samplesFrom<T>(
  items: Iterable<T>,
  make: (item: T) => Promise<SourceSample>,
): AsyncGenerator<SourceSample, undefined, void> {
  let some: T[] = [];
  for (const item of items) {
    some.push(item);
    if (some.length < AT_A_TIME) continue;
    yield* await Promise.all(some.map(make));
    some = [];
  }
  yield* await Promise.all(some.map(make));
  return undefined;
}
