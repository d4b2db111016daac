/** Numbers that only grow at their end, in one typed array: cheap with a million of them. */
export class Series {
  private data = new Float64Array(1024);
  private used = 0;

  get length(): number {
    return this.used;
  }

  /** The numbers so far, without a copy; the view is valid until the next `push` or `set`. */
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

  /** Takes back all numbers from an index on. */
  truncate(length: number): void {
    this.used = Math.min(this.used, length);
  }

  /** Writes at an index; a hole between the old end and the index is filled with NaN. */
  set(index: number, value: number): void {
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
}
