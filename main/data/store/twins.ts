import { MISSING } from '../dataset.ts';
import type { Reported } from './report.ts';

/** Samples whose records are equal, byte for byte. */
export interface Twins {
  /** Of each sample: the first one that is equal, itself where none was before. */
  readonly first: Int32Array;
  /** How many samples have an equal one. */
  readonly count: number;
}

/** Finds equal samples: those with equal checksums are compared. */
export async function findTwins({ entry, collected, facts }: Reported): Promise<Twins> {
  const { records } = collected;
  const first = new Int32Array(records.length);
  const many = new Uint8Array(records.length);
  const sums = combined(facts.sums);
  /** Samples with the checksum at hand that differ from one another. */
  let [others, current]: [number[], number] = [[], -1];
  for (const sample of byChecksum(records, sums)) {
    first[sample] = sample;
    const sum = sums[records[sample]!]!;
    if (sum !== current) [others, current] = [[], sum];
    const equal = await findEqual(others, sample);
    if (equal === undefined) others.push(sample);
    else {
      first[sample] = equal;
      many[equal] = many[sample] = 1;
    }
  }
  return { first, count: many.reduce((sum, one) => sum + one, 0) };

  async function findEqual(others: readonly number[], sample: number): Promise<number | undefined> {
    const record = records[sample]!;
    let own: Buffer[] | undefined;
    for (const other of others) {
      if (records[other] === record) return other;
      own ??= (await entry.read(record))?.records;
      const its = (await entry.read(records[other]!))?.records;
      if (own && its && own.every((bytes, i) => bytes.equals(its[i]!))) return other;
    }
    return undefined;
  }
}

/** One checksum a record, of all columns. */
function combined(sums: readonly Uint32Array[]): Uint32Array {
  const [first, ...more] = sums;
  if (more.length === 0) return first!;
  return first!.map((sum, record) =>
    more.reduce((whole, column) => Math.imul(whole, 31) ^ column[record]!, sum),
  );
}

/** The samples ordered by checksum, those with the same one in their order. */
function byChecksum(records: Int32Array, sums: Uint32Array): Float64Array {
  const most = 2 ** 21;
  if (records.length <= most) {
    // A checksum of 32 bits and a number of 21 bits fit into a double.
    const keys = Float64Array.from(
      records,
      (record, sample) => sums[record]! * most + sample,
    ).sort();
    return keys.map((key) => key % most);
  }
  return Float64Array.from(records, (_, sample) => sample).sort(
    (a, b) => sums[records[a]!]! - sums[records[b]!]! || a - b,
  );
}

/** Lists samples that are there again, those that are to judge by but were seen in training, and contradicting labels. */
export function twinProblems(reported: Reported, { first }: Twins): void {
  const { collected, problems, source, splitOf, nameOf } = reported;
  const labels = source.columns.filter(({ kind }) => kind === 'class');
  for (const [sample, other] of first.entries()) {
    if (other === sample) continue;
    const [split, before] = [splitOf(sample), splitOf(other)];
    const path = nameOf(sample);
    const its = nameOf(other);
    if (split !== before)
      problems.addNew({
        code: 'leak',
        path,
        message: `is in ${split} and, as ${its}, in ${before}`,
        action: 'kept; what the model is judged by looks better than it is',
        sample,
      });
    else
      problems.addNew({
        code: 'duplicate',
        path,
        message: `is the same as ${its}`,
        action: 'kept; both count',
        sample,
      });
    for (const { name, classes = [] } of labels) {
      const [own, theirs] = [collected.classes[name]![sample]!, collected.classes[name]![other]!];
      if (own !== theirs && own !== MISSING && theirs !== MISSING)
        problems.addNew({
          code: 'contradiction',
          path,
          message: `has the ${name} ${classes[own]}; the same as ${its} has ${classes[theirs]}`,
          action: 'kept; both count',
          sample,
        });
    }
  }
}
