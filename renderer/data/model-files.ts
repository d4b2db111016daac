import type { Dropped } from './dropped.ts';

/** What a model's file, or one of weights, is called. */
const MODEL_FILE = /\.(keras|h5|hdf5|safetensors)$|^model\.json$/i;

/** Whether a drop is a model: a file of one by its name, or a folder with a `model.json` right in it. */
export async function isModel({ roots, entries }: Dropped): Promise<boolean> {
  if (roots.some(({ name }) => MODEL_FILE.test(name))) return true;
  const [folder, ...others] = entries;
  if (!folder?.isDirectory || others.length > 0) return false;
  const reader = (folder as FileSystemDirectoryEntry).createReader();
  const first = await new Promise<FileSystemEntry[]>((resolve) =>
    reader.readEntries(resolve, () => resolve([])),
  );
  return first.some(({ name }) => name === 'model.json');
}
