import { mkdir, mkdtemp, readdir, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import sharp from 'sharp';
import type { Source, SourceSample } from '../../../../main/data/source.ts';
import type { SplitName } from '../../../../shared/api/data.ts';

/** A source over folders `split/class/image`, or `class/image`. */
export async function folderSource(root: string): Promise<Source> {
  const given = (await readdir(root)).filter((name) => name === 'train' || name === 'test');
  const parts = given.length > 0 ? given.sort().reverse() : ['.'];
  const classes = [...new Set(await all(parts, (part) => readdir(join(root, part))))].sort();
  const splits = await Promise.all(
    parts.map(async (part) => {
      const files: { path: string; index: number }[] = [];
      for (const [index, name] of classes.entries())
        for (const file of (await readdir(join(root, part, name)).catch(() => [])).sort())
          files.push({ path: join(root, part, name, file), index });
      return {
        name: (part === '.' ? 'all' : part) as SplitName,
        size: files.length,
        async *samples(from = 0): AsyncGenerator<SourceSample> {
          for (const { path, index } of files.slice(from)) {
            const { size, mtimeMs } = await stat(path);
            yield {
              name: path.slice(root.length + 1),
              stamp: `${size} ${mtimeMs}`,
              values: { image: { kind: 'file', path }, label: { kind: 'class', index } },
            };
          }
        },
      };
    }),
  );
  return {
    kind: 'image-classes',
    name: basename(root),
    root,
    recognised: `${classes.length} class folders`,
    columns: [
      { name: 'image', kind: 'image' },
      { name: 'label', kind: 'class', classes },
    ],
    splits,
    problems: [],
  };
}

async function all<T>(parts: readonly string[], of: (part: string) => Promise<T[]>): Promise<T[]> {
  return (await Promise.all(parts.map(of))).flat();
}

/** A new folder under the system's temporary one. */
export function temporary(name: string): Promise<string> {
  return mkdtemp(join(tmpdir(), `${name}-`));
}

/** Writes a file, with the folders above it. */
export async function put(path: string, bytes: Uint8Array | string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, bytes);
}

/** A PNG with this value at every pixel, but `mark` at the first: images with different marks differ. */
export async function plainPng(
  height: number,
  width: number,
  value: readonly number[],
  mark = value[0]!,
): Promise<Buffer> {
  const channels = value.length as 1 | 3 | 4;
  const pixels = Uint8Array.from(
    { length: height * width * channels },
    (_, i) => value[i % channels]!,
  );
  pixels[0] = mark;
  return sharp(pixels, { raw: { width, height, channels } })
    .toColourspace(channels === 1 ? 'b-w' : 'srgb')
    .png()
    .toBuffer();
}
