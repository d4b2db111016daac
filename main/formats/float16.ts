const buffer = new DataView(new ArrayBuffer(4));

/** The bits of the nearest half-precision number, ties to even; beyond 65504 an infinity (IEEE 754 binary16). */
function bitsOf(x: number): number {
  buffer.setFloat32(0, x);
  const bits = buffer.getUint32(0);
  const sign = (bits >>> 16) & 0x8000;
  const exponent = (bits >>> 23) & 0xff;
  const fraction = bits & 0x7fffff;
  if (exponent === 0xff) return sign | 0x7c00 | (fraction ? 0x200 : 0);
  const scale = exponent - 112;
  if (scale >= 31) return sign | 0x7c00;
  if (scale < -10) return sign;
  const whole = fraction | 0x800000;
  const shift = scale > 0 ? 13 : 14 - scale;
  const kept = (scale > 0 ? fraction : whole) >>> shift;
  const rest = (scale > 0 ? fraction : whole) & ((1 << shift) - 1);
  const half = 1 << (shift - 1);
  const up = rest > half || (rest === half && (kept & 1) === 1) ? 1 : 0;
  return sign | ((scale > 0 ? scale << 10 : 0) + kept + up);
}

/** Numbers in half precision, as their bits. */
export function toFloat16(data: ArrayLike<number>): Uint16Array<ArrayBuffer> {
  return Uint16Array.from(data, bitsOf);
}

/** Half-precision numbers from their bits. */
export function fromFloat16(bits: Uint16Array): Float32Array<ArrayBuffer> {
  return Float32Array.from(bits, (half) => {
    const sign = half & 0x8000 ? -1 : 1;
    const exponent = (half >> 10) & 0x1f;
    const fraction = half & 0x3ff;
    if (exponent === 31) return fraction ? NaN : sign * Infinity;
    return exponent === 0
      ? sign * fraction * 2 ** -24
      : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
  });
}
