/*
 * A short text by which two states of a dataset are told apart sample by sample, without a list of all samples: each
 * sample falls into one of a few hundred buckets by its name, and a bucket keeps how many it got and the sum of what
 * they hold.
 */

const BUCKETS = 512;
/** Hexadecimal digits of a bucket's count and of its sum. */
const COUNT = 6;
const SUM = 8;

/** What a sketch looks like. */
export const sketchPattern = new RegExp(`^([0-9a-f]{${COUNT + SUM}}){${BUCKETS}}$`);

/** How samples differ: at least so many, exactly so while they are few. */
export interface SampleChanges {
  readonly added: number;
  readonly removed: number;
  /** Of the same name, but with another content, class or part. */
  readonly changed: number;
}

/** Gathers a sketch. */
export interface Sketcher {
  /** Takes a sample: 32 bits made of its name, and 32 bits made of its name and all that it holds. */
  add(name: number, content: number): void;
  text(): string;
}

/** Begins a sketch. */
export function createSketch(): Sketcher {
  const counts = new Uint32Array(BUCKETS);
  const sums = new Uint32Array(BUCKETS);
  return {
    add(name, content) {
      counts[name % BUCKETS]!++;
      sums[name % BUCKETS]! += content;
    },
    text: () =>
      Array.from(counts, (count, i) => digits(count, COUNT) + digits(sums[i]!, SUM)).join(''),
  };
}

const digits = (value: number, length: number) =>
  value.toString(16).padStart(length, '0').slice(-length);

/** How many samples differ between two sketches. */
export function compareSketches(before: string, now: string): SampleChanges {
  const changes = { added: 0, removed: 0, changed: 0 };
  for (let at = 0; at < BUCKETS * (COUNT + SUM); at += COUNT + SUM) {
    if (before.slice(at, at + COUNT + SUM) === now.slice(at, at + COUNT + SUM)) continue;
    const more =
      parseInt(now.slice(at, at + COUNT), 16) - parseInt(before.slice(at, at + COUNT), 16);
    if (more > 0) changes.added += more;
    else if (more < 0) changes.removed -= more;
    else changes.changed++;
  }
  return changes;
}
