/** Numbers that grow at their end, in one typed array: cheap with millions of them. */
export class Series {
  private data = new Float64Array(1024);
  private used = 0;
  private readonly fine = new Blocks(64);
  private readonly coarse = new Blocks(4096);
  private rewritten = 0;

  get length(): number {
    return this.used;
  }

  /** How often numbers that stood already were replaced or taken back. */
  get rewrites(): number {
    return this.rewritten;
  }

  /** The numbers so far, without a copy; the view is valid until the next change. */
  get values(): Float64Array {
    return this.data.subarray(0, this.used);
  }

  /** The number at an index, counted from the end when negative; NaN outside. */
  at(index: number): number {
    const position = index < 0 ? this.used + index : index;
    return position < this.used ? (this.data[position] ?? NaN) : NaN;
  }

  push(value: number): void {
    this.set(this.used, value);
  }

  /** Writes at an index; a hole between the old end and the index is filled with NaN. */
  set(index: number, value: number): void {
    if (index < this.used) this.rewrite(index);
    if (index >= this.data.length) {
      const larger = new Float64Array(Math.max(index + 1, this.data.length * 2));
      larger.set(this.data);
      this.data = larger;
    }
    if (index >= this.used) {
      this.data.fill(NaN, this.used, index);
      this.used = index + 1;
    }
    this.data[index] = value;
  }

  /** Takes back all numbers from an index on. */
  truncate(length: number): void {
    if (length >= this.used) return;
    this.rewrite(length);
    this.used = Math.max(0, length);
  }

  /**
   * Where the smallest and the largest number stand among those from `start` up to `end`, and one that is not finite;
   * -1 where there is none. Takes time with the root of how many there are, not with their number.
   */
  extremes(start: number, end: number): Extremes {
    const { data, used, fine, coarse } = this;
    fine.grow(data, used);
    coarse.grow(data, used);
    const found: Extremes = { low: -1, high: -1, broken: -1 };
    const last = Math.min(end, used);
    for (let i = Math.max(0, start); i < last;) {
      if (coarse.has(i, last)) i = coarse.take(data, i, found);
      else if (fine.has(i, last)) i = fine.take(data, i, found);
      else see(data, i++, found);
    }
    return found;
  }

  private rewrite(index: number): void {
    this.rewritten += 1;
    this.fine.cut(index);
    this.coarse.cut(index);
  }
}

/** Indices of numbers; -1 for none. */
export interface Extremes {
  low: number;
  high: number;
  broken: number;
}

/** The extremes of each whole block of so many numbers. */
class Blocks {
  readonly size: number;
  /** Low, high and broken of one block after the other. */
  private indices = new Int32Array(48);
  private count = 0;

  constructor(size: number) {
    this.size = size;
  }

  grow(data: Float64Array, used: number): void {
    const whole = Math.floor(used / this.size);
    if (whole * 3 > this.indices.length) {
      const larger = new Int32Array(whole * 6);
      larger.set(this.indices);
      this.indices = larger;
    }
    for (; this.count < whole; this.count++) {
      const found: Extremes = { low: -1, high: -1, broken: -1 };
      const start = this.count * this.size;
      for (let i = start; i < start + this.size; i++) see(data, i, found);
      this.indices.set([found.low, found.high, found.broken], this.count * 3);
    }
  }

  /** Whether a block begins at an index and ends before another. */
  has(index: number, end: number): boolean {
    return index % this.size === 0 && index + this.size <= end;
  }

  /** Looks at the extremes of the block that begins at an index; gives where the next begins. */
  take(data: Float64Array, index: number, found: Extremes): number {
    const at = (index / this.size) * 3;
    for (let part = at; part < at + 3; part++) {
      const extreme = this.indices[part]!;
      if (extreme >= 0) see(data, extreme, found);
    }
    return index + this.size;
  }

  cut(index: number): void {
    this.count = Math.min(this.count, Math.floor(index / this.size));
  }
}

function see(data: Float64Array, index: number, found: Extremes): void {
  const value = data[index]!;
  if (!Number.isFinite(value)) found.broken = index;
  else {
    if (found.low < 0 || value < data[found.low]!) found.low = index;
    if (found.high < 0 || value > data[found.high]!) found.high = index;
  }
}
