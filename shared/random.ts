/**
 * The one source of randomness: Philox4x32-10 (Salmon et al., "Parallel Random Numbers: As Easy as 1, 2, 3", 2011),
 * a counter-based generator. What it gives depends only on seed, purpose and step, never on what was drawn before.
 */
export interface Random {
  /** n numbers in [low, high), float32. */
  uniform(n: number, low?: number, high?: number): Float32Array;
  /** n normal numbers (Box-Muller), float32. */
  normal(n: number, mean?: number, stddev?: number): Float32Array;
  /** The numbers 0 to n - 1 in random order (Fisher-Yates). */
  permutation(n: number): Int32Array;
}

/** The generator for one purpose (`shuffle`, `encoder/conv2d/kernel`) at one step. `seed` is a 32-bit whole number. */
export function createRandom(seed: number, purpose: string, step = 0): Random {
  const [low, high] = hash64(purpose);
  let block = 0;
  let used = 4;
  const words = new Uint32Array(4);
  const next = (): number => {
    if (used === 4) {
      philox(words, block, Math.floor(block / 2 ** 32), step, high, seed, low);
      block += 1;
      used = 0;
    }
    return words[used++]!;
  };
  const unit = () => (next() >>> 8) * 2 ** -24;
  return {
    uniform(n, from = 0, to = 1) {
      const values = new Float32Array(n);
      for (let i = 0; i < n; i++) values[i] = from + (to - from) * unit();
      return values;
    },
    normal(n, mean = 0, stddev = 1) {
      const values = new Float32Array(n);
      for (let i = 0; i < n; i += 2) {
        const radius = Math.sqrt(-2 * Math.log(1 - unit())) * stddev;
        const angle = 2 * Math.PI * unit();
        values[i] = mean + radius * Math.cos(angle);
        if (i + 1 < n) values[i + 1] = mean + radius * Math.sin(angle);
      }
      return values;
    },
    permutation(n) {
      const order = Int32Array.from({ length: n }, (_, i) => i);
      for (let i = n - 1; i > 0; i--) {
        const j = Math.floor((next() / 2 ** 32) * (i + 1));
        [order[i], order[j]] = [order[j]!, order[i]!];
      }
      return order;
    },
  };
}

/** Ten rounds over the counter (c0..c3) with the key (k0, k1), into `out`. */
function philox(
  out: Uint32Array,
  c0: number,
  c1: number,
  c2: number,
  c3: number,
  k0: number,
  k1: number,
): void {
  for (let round = 0; round < 10; round++) {
    const high0 = multiplyHigh(0xd2511f53, c0);
    const low0 = Math.imul(0xd2511f53, c0);
    const high1 = multiplyHigh(0xcd9e8d57, c2);
    const low1 = Math.imul(0xcd9e8d57, c2);
    c0 = high1 ^ c1 ^ k0;
    c1 = low1;
    c2 = high0 ^ c3 ^ k1;
    c3 = low0;
    k0 = (k0 + 0x9e3779b9) | 0;
    k1 = (k1 + 0xbb67ae85) | 0;
  }
  out[0] = c0;
  out[1] = c1;
  out[2] = c2;
  out[3] = c3;
}

/** The upper 32 bits of the product of two unsigned 32-bit numbers. */
function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16);
  const cross = aLow * bHigh + (middle & 0xffff);
  return (aHigh * bHigh + Math.floor(middle / 0x10000) + Math.floor(cross / 0x10000)) | 0;
}

/** Two FNV-1a hashes of a text, the second over the text with a mark before it. */
function hash64(text: string): [number, number] {
  const fnv = (start: number) => {
    let hash = start;
    for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
    return hash;
  };
  return [fnv(0x811c9dc5 | 0), fnv(Math.imul(0x811c9dc5 ^ 0x5bd1, 0x01000193))];
}
