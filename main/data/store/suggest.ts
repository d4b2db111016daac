import { readFile, stat } from 'node:fs/promises';
import type { ImagePreprocessing, Preprocessing } from '../../../shared/data/preprocessing.ts';
import type { Source, SourceSample, SourceValue } from '../source.ts';
import { lookAtImage } from './image/decode.ts';

/** Places in a split that are looked at, and samples at each. */
const PLACES = 16;
const SAMPLES = 8;

/** Larger images than this are suggested smaller, in proportion: they train slowly and rarely better. */
const LARGEST = 512;

/** A file of more bytes is not looked at here. */
const MOST_BYTES = 64 << 20;

/** What an image is like before it is decoded. */
interface Look {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly dtype: ImagePreprocessing['dtype'];
  /** Of floats: the largest, and whether all are whole numbers that a byte holds. */
  readonly floats?: { readonly most: number; readonly bytes: boolean };
}

/**
 * The preprocessing that suits the data itself, by a look at some samples of every split: the most common size
 * (smaller where that is over 512 px), grey where most images are, 16 bit where they have it, floats as they are;
 * whole numbers are scaled to 0..1. Images of a few sizes are stretched, of many cropped. What can't be looked at
 * does not count; without any look images become 64 x 64 RGB.
 */
export async function suggestPreprocessing(
  source: Source,
  signal?: AbortSignal,
): Promise<Preprocessing> {
  const images = source.columns.filter(({ kind }) => kind === 'image').map(({ name }) => name);
  const looks = new Map<string, Look[]>(images.map((name) => [name, []]));
  if (images.length > 0)
    for await (const { values } of someSamples(source)) {
      signal?.throwIfAborted();
      for (const name of images) {
        const look = await lookAt(values[name]).catch(() => null);
        if (look) looks.get(name)!.push(look);
      }
    }
  return Object.fromEntries(
    source.columns
      .filter(({ kind }) => kind !== 'class')
      .map(({ name, kind }) => [
        name,
        kind === 'image' ? suggestFor(looks.get(name)!) : { kind: 'numbers', normalize: null },
      ]),
  );
}

function suggestFor(looks: readonly Look[]): ImagePreprocessing {
  const sizes = looks.map(({ height, width }) => `${height} ${width}`);
  const [height, width] = (mostCommon(sizes) ?? '64 64').split(' ').map(Number) as [number, number];
  const shrink = Math.min(1, LARGEST / Math.max(height, width));
  const channels = mostCommon(looks.map(({ channels }) => String(channels))) ?? '3';
  const color = { '1': 'grey', '2': 'grey', '3': 'rgb', '4': 'rgb' } as const;
  return {
    kind: 'image',
    size: [Math.max(1, Math.round(height * shrink)), Math.max(1, Math.round(width * shrink))],
    fit: new Set(sizes).size > Math.max(2, looks.length / 4) ? 'crop' : 'stretch',
    interpolation: 'bilinear',
    color: color[channels as keyof typeof color] ?? Number(channels),
    background: 0,
    dtype: typeOf(looks),
    scale: 'unit',
    normalize: null,
  };
}

/** How the pixels are kept: floats that are whole numbers up to 255 are bytes. */
function typeOf(looks: readonly Look[]): ImagePreprocessing['dtype'] {
  const floats = looks.flatMap(({ floats }) => floats ?? []);
  const areBytes = floats.every(({ bytes }) => bytes) && floats.some(({ most }) => most > 1);
  if (floats.length > 0 && !areBytes) return 'float32';
  return looks.some(({ dtype }) => dtype === 'uint16') ? 'uint16' : 'uint8';
}

async function lookAt(value: SourceValue | null | undefined): Promise<Look | null> {
  if (!value || value.kind === 'class') return null;
  if (value.kind === 'raw') {
    const [height, width, channels = 1] = value.shape;
    if (!height || !width) return null;
    const { data } = value;
    if (data instanceof Uint8Array) return { height, width, channels, dtype: 'uint8' };
    if (data instanceof Uint16Array) return { height, width, channels, dtype: 'uint16' };
    let most = -Infinity;
    let bytes = true;
    for (const number of data) {
      if (number > most) most = number;
      bytes &&= number >= 0 && number <= 255 && Number.isInteger(number);
    }
    return { height, width, channels, dtype: 'float32', floats: { most, bytes } };
  }
  if (value.kind === 'file' && (await stat(value.path)).size > MOST_BYTES) return null;
  const bytes = value.kind === 'file' ? await readFile(value.path) : Buffer.from(value.bytes);
  const { height, width, channels, bits } = await lookAtImage(bytes);
  return { height, width, channels, dtype: bits === 16 ? 'uint16' : 'uint8' };
}

/** A few samples from all over the source. */
async function* someSamples({ splits }: Source): AsyncGenerator<SourceSample, undefined> {
  for (const split of splits) {
    const step = Math.max(SAMPLES, Math.floor(split.size / PLACES));
    for (let from = 0; from < split.size; from += step) {
      let looked = 0;
      let raw = false;
      for await (const sample of split.samples(from)) {
        raw = Object.values(sample.values).some((value) => value?.kind === 'raw');
        yield sample;
        if (++looked === SAMPLES) break;
      }
      // Numbers come from one file, all in the same form; to go on in it may mean to read it anew.
      if (raw) break;
    }
  }
  return undefined;
}

function mostCommon(values: readonly string[]): string | undefined {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].sort(([, a], [, b]) => b - a)[0]?.[0];
}
