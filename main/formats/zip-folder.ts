import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Zip, ZipDeflate, ZipPassThrough } from 'fflate';

/** Larger archives, and ones with more files, need a newer form of zip than is written here. */
const TOO_LARGE = 0xffff_ffff;
const MOST_FILES = 0xfffe;

/** Read at once. */
const CHUNK = 1024 * 1024;

/** Their bytes are as good as random: packing them takes time and gains nothing. */
const PACKED = /\.(safetensors|png|jpe?g|gz|zip|npz)$/i;

/**
 * Packs a folder as one zip, whole or not at all; inside, its files lie in a folder of the name given. Hidden files,
 * unfinished ones and links are left out. A file that is there already is not replaced. Returns the size in bytes.
 */
export async function zipFolder(folder: string, name: string, file: string): Promise<number> {
  const paths = await filesIn(folder);
  const sizes = await Promise.all(paths.map(async (path) => (await stat(join(folder, path))).size));
  const bytes = sizes.reduce((sum, size) => sum + size, 0);
  if (bytes >= TOO_LARGE)
    throw new Error(`${folder} holds ${bytes} bytes; a zip takes less than ${TOO_LARGE}`);
  if (paths.length > MOST_FILES)
    throw new Error(`${folder} holds ${paths.length} files; a zip takes ${MOST_FILES} at most`);
  await mkdir(dirname(file), { recursive: true });
  await refuseExisting(file);
  const part = `${file}.${randomUUID()}.part`;
  try {
    const out = await open(part, 'wx');
    try {
      const chunks: Uint8Array[] = [];
      const zip = new Zip((error, chunk) => {
        if (error) throw error;
        chunks.push(chunk);
      });
      const flush = async () => {
        for (const chunk of chunks.splice(0)) await out.writeFile(chunk);
      };
      for (const path of paths) {
        const entry = PACKED.test(path)
          ? new ZipPassThrough(`${name}/${path}`)
          : new ZipDeflate(`${name}/${path}`, { level: 6 });
        zip.add(entry);
        for await (const chunk of chunksOf(join(folder, path))) {
          entry.push(chunk);
          await flush();
        }
        entry.push(new Uint8Array(0), true);
      }
      zip.end();
      await flush();
      await out.sync();
    } finally {
      await out.close();
    }
    await refuseExisting(file);
    await rename(part, file);
    return (await stat(file)).size;
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
}

async function refuseExisting(file: string): Promise<void> {
  const there = await stat(file).catch(() => null);
  if (there) throw new Error(`${file} exists already; name another file`);
}

/** Paths of the files in a folder and the folders inside, with `/` between names, in a fixed order. */
async function filesIn(folder: string, below = ''): Promise<string[]> {
  const entries = await readdir(join(folder, below), { withFileTypes: true });
  const paths: string[] = [];
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (entry.name.startsWith('.') || entry.name.endsWith('.part')) continue;
    const path = below ? `${below}/${entry.name}` : entry.name;
    if (entry.isDirectory()) paths.push(...(await filesIn(folder, path)));
    else if (entry.isFile()) paths.push(path);
  }
  return paths;
}

async function* chunksOf(file: string): AsyncGenerator<Uint8Array> {
  const handle = await open(file);
  try {
    for (;;) {
      const buffer = new Uint8Array(CHUNK);
      const { bytesRead } = await handle.read(buffer, 0, CHUNK);
      if (bytesRead === 0) return;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await handle.close();
  }
}
