import { dataError } from '../dataset.ts';
import { arraySource, type ArrayPart, type StoredArray } from './arrays.ts';
import { filesWith, stampOf, type ListedFile, type Look, type Recogniser } from './look.ts';
import {
  counted,
  extensionOf,
  splitNamed,
  splitOfPath,
  stemOf,
  wordsOf,
  type SplitName,
} from './names.ts';
import { npyFile, npyMember } from './npy-array.ts';
import { zipMembers } from './zip.ts';

const INPUT = new Set(
  'x image images img imgs data feature features input inputs pixels sample samples'.split(' '),
);
const TARGET = new Set('y label labels target targets class classes'.split(' '));

/** More arrays than this are no dataset in arrays. */
const MOST_ARRAYS = 256;

/** An array with the name it is known by: `x_train` of `mnist.npz`, or `x_train.npy`. */
interface NamedArray {
  readonly key: string;
  readonly file: ListedFile;
  readonly array: StoredArray;
}

/** NumPy's arrays, in .npy files or in .npz archives, paired by their names. */
export const recogniseNumpy: Recogniser = async (look) => {
  const files = filesWith(look.listing, '.npy', '.npz');
  if (files.length === 0) return null;
  if (files.length > MOST_ARRAYS)
    throw dataError(
      `${look.root} holds ${counted(files.length, 'NumPy file')}; expected at most ${MOST_ARRAYS}, each with many samples`,
    );
  const arrays: NamedArray[] = [];
  const broken: Error[] = [];
  for (const file of files) {
    const found = await arraysOf(file).catch((error: Error) => error);
    if (!(found instanceof Error)) arrays.push(...found);
    else {
      broken.push(found);
      look.problems.add('unreadable', file.path, found.message, 'left out');
    }
  }
  if (arrays.length === 0 && broken[0]) throw broken[0];
  const names = arrays.find(({ key, array }) => array.type === 'text' && isNames(key));
  const parts = partsOf(
    arrays.filter((one) => one !== names),
    look,
  );
  if (parts.length === 0) throw dataError(`${look.root} holds no array of samples`);
  return arraySource({
    ...look,
    kind: 'numpy',
    what: files.length === 1 ? files[0]!.path : counted(files.length, 'NumPy file'),
    parts,
    ...(names ? { classNames: await textsOf(names.array) } : {}),
  });
};

async function arraysOf(file: ListedFile): Promise<NamedArray[]> {
  const stamp = await stampOf(file.file);
  const stem = stemOf(file.name);
  if (extensionOf(file.name) === '.npy')
    return [{ key: stem, file, array: await npyFile(file.file, file.path, stamp) }];
  const members = (await zipMembers(file.file)).filter(({ name }) => name.endsWith('.npy'));
  if (members.length > MOST_ARRAYS)
    throw dataError(
      `${file.file} holds ${counted(members.length, 'array')}; at most ${MOST_ARRAYS} are read`,
    );
  const arrays: NamedArray[] = [];
  for (const member of members) {
    const name = stemOf(member.name);
    // What numpy.savez was given without a name is known by its file where it is alone.
    const key = members.length === 1 && /^arr_\d+$/.test(name) ? stem : name;
    arrays.push({
      key,
      file,
      array: await npyMember(member, file.file, `${file.path}:${name}`, stamp),
    });
  }
  return arrays;
}

function partsOf(arrays: readonly NamedArray[], { problems, options }: Look): ArrayPart[] {
  const taken = new Set<string>();
  const parts = arrays
    .filter(({ array, key }) => {
      if (array.shape.length > 0 && options.columns?.[key] !== 'ignore') return true;
      if (array.shape.length === 0)
        problems.add('ignored', array.path, 'holds a single value, no samples', 'left out');
      return false;
    })
    .map(({ key, file, array }): ArrayPart => {
      const named = partNamed(key);
      const split = named.split ?? splitOfPath(file.path);
      const part = taken.has(`${split} ${named.part as string}`) ? { column: key } : named.part;
      taken.add(`${split} ${part as string}`);
      return { key, array, split, part };
    });
  // A lone array is what a model is given, whatever its name.
  if (parts.length === 1) return [{ ...parts[0]!, part: 'input' }];
  return parts.filter(({ array, split, part }) => {
    const given =
      parts.find((other) => other.split === split && other.part === 'input') ??
      parts.find((other) => other.split === split)!;
    if (typeof part === 'string' || array.shape[0] === given.array.shape[0]) return true;
    problems.add(
      'ignored',
      array.path,
      `holds ${counted(array.shape[0]!, 'value')}; ${given.array.path} ${counted(given.array.shape[0]!, 'sample')}`,
      'left out',
    );
    return false;
  });
}

/** What an array is by its name: `x_train`, `trainY`, `test_labels`, `xtest`, `arr_0`. */
function partNamed(key: string): { split: SplitName | null; part: ArrayPart['part'] } {
  if (key === 'arr_0') return { split: null, part: 'input' };
  if (key === 'arr_1') return { split: null, part: 'target' };
  const words = wordsOf(key.replace(/^([xy])(?=(train|test|val))/i, '$1 '));
  const split = words.map(splitNamed).find((one) => one !== null) ?? null;
  const rest = words.filter((word) => !splitNamed(word));
  if (rest.some((word) => TARGET.has(word))) return { split, part: 'target' };
  if (rest.length === 0 || rest.some((word) => INPUT.has(word))) return { split, part: 'input' };
  return { split, part: { column: rest.join('_') } };
}

function isNames(key: string): boolean {
  const words = wordsOf(key);
  return words.includes('names') || (words.includes('classes') && words.length === 1);
}

async function textsOf(array: StoredArray): Promise<string[]> {
  const texts: string[] = [];
  for await (const [text] of array.samples(0)) texts.push(String(text));
  return texts;
}
