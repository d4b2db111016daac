/** Memory as Keras writes it: `110.32 KB`, `0.00 B`. Two decimals, halves to even as Python rounds. */
export function readableBytes(bytes: number, smallest: 'B' | 'Byte'): string {
  const units = [smallest, 'KB', 'MB', 'GB', 'TB', 'PB'];
  let size = bytes;
  let unit = 0;
  while (size >= 1024 && unit < units.length - 1) {
    size /= 1024;
    unit++;
  }
  const hundredths = Math.floor(size * 100);
  const half = size * 100 - hundredths === 0.5;
  return `${half ? ((hundredths + (hundredths % 2)) / 100).toFixed(2) : size.toFixed(2)} ${units[unit]}`;
}
