import { dataError } from '../dataset.ts';
import type { SourceSplit, SourceValue } from '../source.ts';
import { addClassProblems, namedClasses } from './classes.ts';
import { fileValue, samplesFrom } from './files.ts';
import { placesOf, type Place, type Places } from './folders.ts';
import { recognisePairs } from './image-pairs.ts';
import { filesWith, type Look, type Recognised, type Recogniser } from './look.ts';
import { counted, describeSplits, isImageName, nameKey, SPLIT_ORDER } from './names.ts';
import { WITHOUT_VALUE } from './problems.ts';

/** Folders of images: pairs of folders, a folder a class, or images without labels. */
export const recogniseImages: Recogniser = async (look) => {
  const { listing, options, problems } = look;
  const { kind } = options;
  const places = placesOf(listing);
  if (places.filled.length === 0 || (kind === undefined && hasRatherTables(places, look)))
    return null;
  for (const { path, images } of places.outside)
    problems.add(
      'outside-splits',
      path || '.',
      `${counted(images.length, 'image')} of this folder lie beside those for training and testing`,
      'left out',
    );
  const pairs = kind === undefined || kind === 'image-pairs' ? recognisePairs(places, look) : null;
  if (pairs) return pairs;
  if (kind === 'image-pairs')
    throw dataError(`${look.root} has no two folders with pairs of images, like input and target`);
  const classOf = kind === 'images' ? null : classRule(places, look);
  if (kind === 'image-classes' && !classOf) return null;
  return imageSource(places, classOf, look);
};

/** Whether a picture or two lie beside data of another kind. */
function hasRatherTables({ filled }: Places, { listing }: Look): boolean {
  const images = filled.reduce((sum, place) => sum + place.images.length, 0);
  return images <= 3 && filesWith(listing, '.csv', '.tsv', '.npy', '.npz').length > 0;
}

/** The class of a folder, or null where it belongs to none. */
type ClassRule = (place: Place) => string | null;

function classRule({ filled, empty }: Places, { options }: Look): ClassRule | null {
  const top: ClassRule = ({ rest }) => (rest.length ? nameKey(rest[0]!) : null);
  const innermost: ClassRule = ({ rest }) => (rest.length ? nameKey(rest.join('/')) : null);
  const nested = options.classFolders ? options.classFolders === 'innermost' : isNested(filled);
  const rule = nested ? innermost : top;
  const classes = new Set([...filled, ...empty].map(rule).filter((name) => name !== null));
  return classes.size > (options.kind === 'image-classes' ? 0 : 1) ? rule : null;
}

/** Whether folders group classes: all images lie two or more deep, and no name there occurs in two groups. */
function isNested(filled: readonly Place[]): boolean {
  const groups = new Map<string, Set<string>>();
  for (const { rest } of filled) {
    if (rest.length < 2) return false;
    const below = rest.slice(1).join('/');
    groups.set(below, (groups.get(below) ?? new Set()).add(rest[0]!));
  }
  return (
    new Set(filled.map(({ rest }) => rest[0])).size > 1 &&
    [...groups.values()].every(({ size }) => size === 1)
  );
}

function imageSource(places: Places, classOf: ClassRule | null, look: Look): Recognised {
  const { filled, empty } = places;
  const { root } = look.listing;
  const named = classOf ? [...filled, ...empty].map(classOf) : [];
  const classes = classOf ? namedClasses(named.filter((name) => name !== null)) : null;
  const labelOf = (place: Place): number | null => {
    const name = classOf?.(place) ?? null;
    return name === null ? null : (classes?.indexOf(name) ?? null);
  };
  const splits = SPLIT_ORDER.flatMap((name): SourceSplit[] => {
    const own = filled.filter(({ split }) => split === name);
    if (own.length === 0) return [];
    const samples = (from = 0) =>
      samplesFrom(imagesFrom(own, from), async ({ place, path }) => {
        const { value, stamp } = await fileValue(root, path);
        const values: Record<string, SourceValue | null> = { image: value };
        if (classes) {
          const index = labelOf(place);
          values['label'] = index === null ? null : { kind: 'class', index };
        }
        return { name: path, stamp, values };
      });
    return [{ name, size: own.reduce((sum, { images }) => sum + images.length, 0), samples }];
  });
  if (classOf && classes) addLabelProblems(places, classOf, classes.names, look);
  return {
    kind: classes ? 'image-classes' : 'images',
    recognised: classes
      ? `${counted(classes.names.length, 'class folder')} with ${describeSplits(splits, 'image')}`
      : `${describeSplits(splits, 'image')}, without labels`,
    columns: [
      { name: 'image', kind: 'image' },
      ...(classes ? [{ name: 'label', kind: 'class', classes: classes.names } as const] : []),
    ],
    splits,
    uses: isImageName,
  };
}

function addLabelProblems(
  { filled, empty }: Places,
  classOf: ClassRule,
  classes: readonly string[],
  { problems }: Look,
): void {
  const folders = new Map<string, string>();
  for (const place of [...empty, ...filled])
    folders.set(`${place.split} ${classOf(place)}`, place.path);
  for (const { path, images } of filled.filter((place) => classOf(place) === null))
    problems.add(
      'missing-label',
      path || '.',
      `${counted(images.length, 'image')} lie beside the folders of the classes`,
      WITHOUT_VALUE,
    );
  const splits = SPLIT_ORDER.filter((name) => filled.some(({ split }) => split === name));
  const counts = splits.map((split) => {
    const sizes = new Map<string | null, number>();
    for (const place of filled.filter((one) => one.split === split))
      sizes.set(classOf(place), (sizes.get(classOf(place)) ?? 0) + place.images.length);
    return { split, counts: classes.map((name) => sizes.get(name) ?? 0) };
  });
  addClassProblems(
    classes,
    counts,
    problems,
    (name, split) => folders.get(`${split} ${name}`) ?? name,
  );
}

/** The images of folders, one after the other, without the first `from`. */
function* imagesFrom(places: readonly Place[], from: number) {
  let skip = from;
  for (const place of places) {
    for (const name of place.images.slice(skip))
      yield { place, path: place.path ? `${place.path}/${name}` : name };
    skip = Math.max(0, skip - place.images.length);
  }
}
