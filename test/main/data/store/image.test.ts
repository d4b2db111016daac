import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp, { type Sharp } from 'sharp';
import { expect, test } from 'vitest';
import { decodeImage, FIRST_FRAME, FLATTENED } from '../../../../main/data/store/image/decode.ts';
import { plainHeader } from '../../../../main/data/store/image/header.ts';
import { decodePlain } from '../../../../main/data/store/image/plain.ts';
import type { ImagePreprocessing } from '../../../../shared/data/preprocessing.ts';
import { createRandom } from '../../../../shared/random.ts';

const [HEIGHT, WIDTH] = [21, 34];

const wanted: ImagePreprocessing = {
  kind: 'image',
  size: [HEIGHT, WIDTH],
  fit: 'stretch',
  interpolation: 'bilinear',
  color: 'rgb',
  background: 0,
  dtype: 'uint8',
  scale: 'unit',
  normalize: null,
};

/** A smooth picture of colours. */
const random = createRandom(3, 'image-test');
const pixels = await sharp(Uint8Array.from(random.uniform(5 * 7 * 3, 0, 255)), {
  raw: { width: 7, height: 5, channels: 3 },
})
  .resize(WIDTH, HEIGHT)
  .raw()
  .toBuffer();
const picture = () => sharp(pixels, { raw: { width: WIDTH, height: HEIGHT, channels: 3 } });

/** The largest and the mean difference. */
function differences(a: ArrayLike<number>, b: ArrayLike<number>): { most: number; mean: number } {
  expect(a.length).toBe(b.length);
  const all = Array.from(a, (value, i) => Math.abs(value - b[i]!));
  return { most: Math.max(...all), mean: all.reduce((sum, one) => sum + one, 0) / all.length };
}

test.each<[string, () => Sharp, number]>([
  ['PNG', () => picture().png(), 0],
  ['PNG, interlaced', () => picture().png({ progressive: true }), 0],
  ['grey PNG', () => picture().greyscale().png(), 0],
  ['PNG with a palette', () => picture().png({ palette: true, colours: 9 }), 0],
  ['JPEG', () => picture().jpeg(), 6],
  ['JPEG, whole colours', () => picture().jpeg({ chromaSubsampling: '4:4:4' }), 3],
  ['progressive JPEG', () => picture().jpeg({ progressive: true }), 6],
  ['grey JPEG', () => picture().greyscale().jpeg(), 2],
])('%s is plain, and decoded as by libvips', async (_, make, tolerance) => {
  const bytes = await make().toBuffer();
  expect(plainHeader(bytes)).toEqual({ height: HEIGHT, width: WIDTH });
  const plain = await decodePlain(bytes);
  const { data, info } = await sharp(bytes).raw().toBuffer({ resolveWithObject: true });
  expect(plain).toMatchObject({ height: HEIGHT, width: WIDTH, channels: info.channels });
  expect(differences(plain!.data, data).most).toBeLessThanOrEqual(tolerance);
});

test('what is not plain, or cut, is left to libvips', async () => {
  const whole = await picture().jpeg().toBuffer();
  const others = [
    await picture().withMetadata({ orientation: 6 }).jpeg().toBuffer(),
    await picture().toColourspace('cmyk').jpeg().toBuffer(),
    await picture().toColourspace('rgb16').png().toBuffer(),
    whole.subarray(0, whole.length - 9),
    (await picture().png().toBuffer()).subarray(0, 400),
    Buffer.from([0x89]),
    Buffer.from([0xff, 0xd8, 0xff, 0xd9]),
  ];
  for (const bytes of others) {
    expect(plainHeader(bytes)).toBeNull();
    expect(await decodePlain(bytes)).toBeNull();
  }
});

test.each([1, 2, 3, 4, 5, 6, 7, 8])('EXIF orientation %i is turned right', async (orientation) => {
  // The inverse of what the orientation says, as EXIF 2.32 has it: row 0 and column 0 lie at these sides.
  const turned = {
    1: () => picture(),
    2: () => picture().flop(),
    3: () => picture().rotate(180),
    4: () => picture().flip(),
    5: () => picture().rotate(270).flop(),
    6: () => picture().rotate(270),
    7: () => picture().rotate(90).flop(),
    8: () => picture().rotate(90),
  }[orientation]!;
  const stored = await turned().raw().toBuffer({ resolveWithObject: true });
  const raw = { width: stored.info.width, height: stored.info.height, channels: 3 } as const;
  const bytes = await sharp(stored.data, { raw })
    .withMetadata({ orientation })
    .jpeg({ quality: 100, chromaSubsampling: '4:4:4' })
    .toBuffer();
  const { data, facts } = await decodeImage(bytes, wanted);
  expect(facts).toMatchObject({ height: HEIGHT, width: WIDTH });
  expect(differences(data, pixels).most).toBeLessThan(8);
});

test('16 bits are kept where they are wanted, and become 8 where not', async () => {
  const deep = Uint16Array.from({ length: 12 }, (_, i) => i * 5957);
  const raw = { width: 4, height: 3, channels: 1 } as const;
  const image = () => sharp(deep, { raw }).toColourspace('grey16');
  const to = { ...wanted, size: [3, 4], color: 'grey' } satisfies ImagePreprocessing;
  for (const bytes of [
    await image().png().toBuffer(),
    await image().tiff({ compression: 'deflate' }).toBuffer(),
  ]) {
    const kept = await decodeImage(bytes, { ...to, dtype: 'uint16' });
    expect(kept.facts).toMatchObject({ channels: 1, bits: 16 });
    expect([...kept.data]).toEqual([...deep]);
    const bytesOnly = await decodeImage(bytes, to);
    expect(
      differences(
        bytesOnly.data,
        deep.map((value) => value >> 8),
      ).most,
    ).toBeLessThanOrEqual(1);
  }
});

test('alpha is laid on the background, and said', async () => {
  const raw = { width: 2, height: 1, channels: 4 } as const;
  const see = Uint8Array.of(200, 100, 0, 255, 200, 100, 0, 0);
  const size: [number, number] = [1, 2];
  for (const bytes of [
    await sharp(see, { raw }).png().toBuffer(),
    await sharp(see, { raw }).webp({ lossless: true }).toBuffer(),
    await sharp(see, { raw }).tiff({ compression: 'lzw' }).toBuffer(),
  ]) {
    const { data, facts } = await decodeImage(bytes, { ...wanted, size, background: 1 });
    expect([...data]).toEqual([200, 100, 0, 255, 255, 255]);
    expect(facts.notes & FLATTENED).toBe(FLATTENED);
    const kept = await decodeImage(bytes, { ...wanted, size, color: 'rgba' });
    expect([...kept.data.subarray(0, 4)]).toEqual([200, 100, 0, 255]);
    expect(kept.data[7]).toBe(0);
  }
});

test('inks become the colours that PIL makes of them', async () => {
  const goldens = join(import.meta.dirname, '../../../goldens/data/images');
  const { shape, pixels: expected } = JSON.parse(
    await readFile(join(goldens, 'cmyk.json'), 'utf8'),
  ) as { shape: [number, number, 3]; pixels: number[] };
  const [height, width] = shape;
  const bytes = await readFile(join(goldens, 'cmyk.jpg'));
  const { data } = await decodeImage(bytes, { ...wanted, size: [height, width] });
  expect(differences(data, expected).most).toBeLessThanOrEqual(2);
});

test('of moving pictures the first is taken, and said', async () => {
  const frames = sharp(Buffer.alloc(4 * 8 * 3, 90).fill(200, 4 * 4 * 3), {
    raw: { width: 4, height: 8, channels: 3, pageHeight: 4 },
  });
  for (const bytes of [
    await frames.clone().gif({ loop: 0 }).toBuffer(),
    await frames.clone().webp({ lossless: true }).toBuffer(),
  ]) {
    const { data, facts } = await decodeImage(bytes, { ...wanted, size: [4, 4] });
    expect(new Set(data)).toEqual(new Set([90]));
    expect(facts).toMatchObject({ height: 4, width: 4 });
    expect(facts.notes & FIRST_FRAME).toBe(FIRST_FRAME);
  }
});

test('what is behind see-through pixels does not shine through at another size', async () => {
  const raw = { width: 4, height: 1, channels: 4 } as const;
  const see = Uint8Array.of(
    ...[255, 255, 255, 0],
    ...[0, 0, 0, 255],
    ...[0, 0, 0, 255],
    9,
    9,
    9,
    0,
  );
  const bytes = await sharp(see, { raw }).png().toBuffer();
  const { data } = await decodeImage(bytes, { ...wanted, size: [1, 2], color: 'grey' });
  expect(Math.max(...data)).toBe(0);
});

test('other sizes come from the same picture whichever decoder read it', async () => {
  const large = { ...wanted, size: [12, 12] } satisfies ImagePreprocessing;
  const png = await picture().png().toBuffer();
  const webp = await picture().webp({ lossless: true }).toBuffer();
  for (const fit of ['stretch', 'crop', 'pad'] as const)
    for (const color of ['rgb', 'grey'] as const) {
      const to = { ...large, fit, color };
      const [one, other] = [await decodeImage(png, to), await decodeImage(webp, to)];
      expect(differences(one.data, other.data).most).toBeLessThanOrEqual(1);
    }
});
