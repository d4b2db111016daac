/** An SVG path of values in the order of time, in a box of this size, from 0 (below) to `most` (above). */
export function sparkPath(
  values: readonly number[],
  most: number,
  width: number,
  height: number,
  slots = values.length,
): string {
  const step = width / Math.max(1, slots - 1);
  const start = width - step * (values.length - 1);
  return values
    .map((value, i) => {
      const share = Math.min(1, Math.max(0, most > 0 ? value / most : 0));
      const [x, y] = [start + i * step, height - share * (height - 1) - 0.5];
      return `${i === 0 ? 'M' : 'L'}${x.toFixed(1)} ${y.toFixed(1)}`;
    })
    .join('');
}
