/** A file with its place below what was dropped: names with `/` between them. */
export interface DroppedFile {
  readonly path: string;
  readonly file: File;
}

/** What a person dropped or chose, as the browser gives it. Only what is read during the event itself lasts. */
export interface Dropped {
  /** The files and folders themselves. */
  readonly roots: readonly File[];
  readonly entries: readonly FileSystemEntry[];
}

/** Files that are read at most; what holds more is better named by its path. */
export const MOST_FILES = 500_000;

/** Takes hold of what a drop brings. To be called while the event is handled. */
export function takeHold(transfer: DataTransfer): Dropped {
  const items = [...transfer.items].filter((item) => item.kind === 'file');
  return {
    roots: [...transfer.files],
    entries: items.flatMap((item) => item.webkitGetAsEntry() ?? []),
  };
}

/** Whether what is being dragged holds files. */
export function hasFiles(transfer: DataTransfer | null): boolean {
  return transfer?.types.includes('Files') ?? false;
}

/** All files of a drop, folder by folder. `found` is told how many there are so far. Throws when `signal` is aborted. */
export async function filesOf(
  { entries, roots }: Dropped,
  found: (count: number) => void,
  signal: AbortSignal,
): Promise<DroppedFile[]> {
  if (entries.length === 0) return roots.map((file) => ({ path: placeOf(file), file }));
  const files: DroppedFile[] = [];
  const folders: FileSystemDirectoryEntry[] = [];
  const take = async (batch: readonly FileSystemEntry[]) => {
    const plain = batch.filter((entry) => entry.isFile) as FileSystemFileEntry[];
    const taken = await Promise.all(
      plain.map(async (entry) => ({ path: entry.fullPath.slice(1), file: await fileOf(entry) })),
    );
    files.push(...taken);
    folders.push(...(batch.filter((entry) => entry.isDirectory) as FileSystemDirectoryEntry[]));
    found(files.length);
    if (files.length > MOST_FILES) throw new TooManyFilesError();
  };
  await take(entries);
  for (let folder = folders.pop(); folder; folder = folders.pop()) {
    const reader = folder.createReader();
    for (;;) {
      signal.throwIfAborted();
      const batch = await read(reader);
      if (batch.length === 0) break;
      await take(batch);
    }
  }
  return files;
}

/** There are more than `MOST_FILES`. */
export class TooManyFilesError extends Error {}

/** A file that was chosen in a dialog knows its place below the folder that was chosen. */
function placeOf(file: File): string {
  return file.webkitRelativePath || file.name;
}

function read(reader: FileSystemDirectoryReader): Promise<FileSystemEntry[]> {
  return new Promise((resolve, reject) => reader.readEntries(resolve, reject));
}

function fileOf(entry: FileSystemFileEntry): Promise<File> {
  return new Promise((resolve, reject) =>
    entry.file(resolve, (error) => reject(new Error(`${entry.fullPath}: ${error.message}`))),
  );
}
