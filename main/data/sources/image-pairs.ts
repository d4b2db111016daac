import { samplesFrom, fileValue } from './files.ts';
import type { Place, Places } from './folders.ts';
import type { Look, Recognised } from './look.ts';
import {
  describeSplits,
  isImageName,
  nameKey,
  SPLIT_ORDER,
  stemOf,
  type SplitName,
} from './names.ts';

const INPUTS =
  'input inputs image images img imgs source src noisy low lr blur blurred blurry rainy hazy degraded gray grey before original originals jpegimages x a';
const TARGETS =
  'target targets mask masks label labels output outputs dst clean high hr sharp gt groundtruth ground_truth color colour after reference annotations segmentationclass y b';
const INPUT = new Set(INPUTS.split(' '));
const TARGET = new Set(TARGETS.split(' '));

/** Names that two classes may have as well: nearly all images must find their partner. */
const WEAK = new Set(
  'x y a b low high gray grey color colour before after original label'.split(' '),
);

/** Ends of a name that say which of the two an image is: `car_mask.png` belongs to `car.jpg`. */
const SUFFIX = /[-_. ](mask|target|label|gt|clean|noisy|input|output)$/i;

interface Pair {
  readonly input: string;
  readonly target: string;
}

/** Pairs of images from two folders, matched by their names without extension; null where there are none. */
export function recognisePairs({ filled }: Places, look: Look): Recognised | null {
  const level = pairLevel(filled);
  if (!level) return null;
  const { at, input, target } = level;
  const sides = (name: string) => filled.filter(({ rest }) => rest[at] === name);
  const inputs = byKey(sides(input), at);
  const targets = byKey(sides(target), at);
  const pairs = new Map<SplitName, Pair[]>();
  const unmatched: string[] = [];
  for (const [key, { path, split, also }] of inputs) {
    const other = targets.get(key);
    targets.delete(key);
    unmatched.push(...also, ...(other?.also ?? []));
    if (!other) unmatched.push(path);
    else if (pairs.has(split)) pairs.get(split)!.push({ input: path, target: other.path });
    else pairs.set(split, [{ input: path, target: other.path }]);
  }
  for (const { path, also } of targets.values()) unmatched.push(path, ...also);
  const matched = [...pairs.values()].reduce((sum, { length }) => sum + length, 0);
  const forced = look.options.kind === 'image-pairs';
  const share = WEAK.has(input.toLowerCase()) || WEAK.has(target.toLowerCase()) ? 0.9 : 0.5;
  if (matched === 0 || (!forced && 2 * matched < share * (2 * matched + unmatched.length)))
    return null;
  for (const path of unmatched.sort())
    look.problems.add(
      'unmatched',
      path,
      'has no partner of the same name in the other folder, or shares it with another',
      'left out',
    );
  const { root } = look.listing;
  const splits = SPLIT_ORDER.flatMap((name) => {
    const own = pairs.get(name);
    if (!own) return [];
    const samples = (from = 0) =>
      samplesFrom(own.slice(from), async (pair) => {
        const [a, b] = await Promise.all([
          fileValue(root, pair.input),
          fileValue(root, pair.target),
        ]);
        return {
          name: pair.input,
          stamp: `${a.stamp} ${b.stamp}`,
          values: { input: a.value, target: b.value },
        };
      });
    return [{ name, size: own.length, samples }];
  });
  return {
    kind: 'image-pairs',
    recognised: `${describeSplits(splits, 'pair')} of images from the folders ${input} and ${target}`,
    columns: [
      { name: 'input', kind: 'image' },
      { name: 'target', kind: 'image' },
    ],
    splits,
    uses: isImageName,
  };
}

/** Where on the way to the images two folders lie side by side whose names make a pair. */
function pairLevel(filled: readonly Place[]) {
  for (const at of [0, 1]) {
    const names = [...new Set(filled.map(({ rest }) => rest[at]))];
    if (names.length !== 2) continue;
    for (const [input, target] of [names, names.toReversed()])
      if (input !== undefined && target !== undefined && makePair(input, target))
        return { at, input, target };
  }
  return null;
}

function makePair(first: string, second: string): boolean {
  const [a, b] = [first.toLowerCase(), second.toLowerCase()];
  if (a === 'a' || b === 'b') return a === 'a' && b === 'b';
  if (a === 'x' || b === 'y') return a === 'x' && b === 'y';
  return INPUT.has(a) && TARGET.has(b);
}

interface Keyed {
  readonly path: string;
  readonly split: SplitName;
  /** Others with the same key. */
  readonly also: string[];
}

/** Images by split, folder below the pair's, and name without extension. */
function byKey(places: readonly Place[], at: number): Map<string, Keyed> {
  const found = new Map<string, Keyed>();
  for (const { path: folder, split, rest, images } of places) {
    const below = rest.filter((_, i) => i !== at).join('/');
    for (const image of images) {
      const path = folder ? `${folder}/${image}` : image;
      const key = nameKey(`${split} ${below} ${stemOf(image).replace(SUFFIX, '')}`);
      const other = found.get(key);
      if (other) other.also.push(path);
      else found.set(key, { path, split, also: [] });
    }
  }
  return found;
}
