import { readAt } from './bytes.ts';
import { wordsOf } from './names.ts';

const FASHION = [
  'T-shirt/top',
  'Trouser',
  'Pullover',
  'Dress',
  'Coat',
  'Sandal',
  'Shirt',
  'Sneaker',
  'Bag',
  'Ankle boot',
];
const KUZUSHIJI = ['o', 'ki', 'su', 'tsu', 'na', 'ha', 'ma', 'ya', 're', 'wo'];

/** Names of the classes of data that say which they are by their name: Fashion-MNIST and Kuzushiji-MNIST. */
export function knownClasses(name: string): readonly string[] | undefined {
  const words = wordsOf(name).join(' ');
  if (/\bfashion/.test(words)) return FASHION;
  return /\b(kmnist|kuzushiji)/.test(words) ? KUZUSHIJI : undefined;
}

/** Names of classes from EMNIST's mapping: in each line a label and the codes of its characters. */
export async function readMapping(file: string): Promise<readonly string[] | undefined> {
  const names: string[] = [];
  for (const line of Buffer.from(await readAt(file, 0, 1 << 16))
    .toString('latin1')
    .split('\n')) {
    const [label, ...codes] = line.trim().split(/\s+/).map(Number);
    if (label === undefined || !Number.isInteger(label) || label < 0 || label > 1000) continue;
    if (codes.length && codes.every((code) => code >= 32 && code < 0x110000))
      names[label] = codes.map((code) => String.fromCodePoint(code)).join('/');
  }
  if (names.length === 0) return undefined;
  return Array.from(names, (name, label) => name ?? String(label));
}
