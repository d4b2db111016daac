import { KEY_BYTES } from './row.ts';

/** Finds numbers by keys of 16 bytes; a key that is added again has the later number. Takes 24 to 40 bytes a key. */
export class KeyTable {
  #keys = Buffer.alloc(KEY_BYTES * 1024);
  #values = new Int32Array(1024);
  #slots = new Int32Array(2048).fill(-1);
  #size = 0;

  get(key: Buffer): number | undefined {
    const at = this.#slots[this.#slotOf(key)]!;
    return at < 0 ? undefined : this.#values[at]!;
  }

  set(key: Buffer, value: number): void {
    const slot = this.#slotOf(key);
    const known = this.#slots[slot]!;
    if (known >= 0) {
      this.#values[known] = value;
      return;
    }
    if (this.#size === this.#values.length) {
      this.#grow();
      this.set(key, value);
      return;
    }
    key.copy(this.#keys, this.#size * KEY_BYTES);
    this.#values[this.#size] = value;
    this.#slots[slot] = this.#size++;
  }

  /** The slot that holds the key, or the free one where it belongs. Keys are hashes, so their start spreads them. */
  #slotOf(key: Buffer): number {
    const mask = this.#slots.length - 1;
    let slot = key.readUInt32LE(0) & mask;
    for (; this.#slots[slot]! >= 0; slot = (slot + 1) & mask) {
      const at = this.#slots[slot]! * KEY_BYTES;
      if (key.compare(this.#keys, at, at + KEY_BYTES) === 0) break;
    }
    return slot;
  }

  #grow(): void {
    const keys = Buffer.alloc(this.#keys.length * 2);
    this.#keys.copy(keys);
    this.#keys = keys;
    const values = new Int32Array(this.#values.length * 2);
    values.set(this.#values);
    this.#values = values;
    this.#slots = new Int32Array(values.length * 2).fill(-1);
    for (let i = 0; i < this.#size; i++)
      this.#slots[this.#slotOf(keys.subarray(i * KEY_BYTES, (i + 1) * KEY_BYTES))] = i;
  }
}
