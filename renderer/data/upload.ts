import type { StudioService } from '../../shared/api/contract.ts';
import type { DroppedFile } from './dropped.ts';
import type { FileAccess } from './file-access.ts';

/** What is offered at once: many small files, or one that is as large as it likes. */
const PART_FILES = 500;
const PART_BYTES = 16 * 1024 * 1024;

/** Deliveries on their way at once, so that reading and writing overlap. */
const LANES = 3;

/** What an upload asks of the service, whatever becomes of the files. */
export interface UploadEnds {
  readonly start: StudioService['startUpload'];
  readonly offer: StudioService['offerFiles'];
}

/**
 * Sends files to the service's machine. Files that are there already, from an upload that was broken off or of the same
 * folder, are not sent again. Resolves with the id of the upload.
 */
export async function upload(
  service: UploadEnds,
  access: FileAccess,
  dropped: readonly DroppedFile[],
  started: (id: string) => void,
  signal: AbortSignal,
): Promise<string> {
  const { name, files } = underOneName(dropped);
  const id = await fingerprint(files);
  const bytes = files.reduce((sum, { file }) => sum + file.size, 0);
  await service.start({ id, name, files: files.length, bytes });
  started(id);
  const parts = partsOf(files);
  const lane = async () => {
    for (let part = parts.shift(); part; part = parts.shift()) {
      signal.throwIfAborted();
      const offered = part.map(({ path, file }) => ({
        path,
        bytes: file.size,
        modified: file.lastModified,
      }));
      const { ticket, wanted } = await service.offer({ id, files: offered });
      const contents = new Blob(wanted.map((index) => part[index]!.file));
      if (wanted.length > 0) await access.deliver(id, ticket, contents, signal);
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  return id;
}

/** One folder, or one file, is what it is; several get a folder around them, named by the first of them. */
function underOneName(files: readonly DroppedFile[]): {
  name: string;
  files: readonly DroppedFile[];
} {
  const roots = [...new Set(files.map(({ path }) => path.split('/', 1)[0]!))];
  const [first = ''] = roots;
  if (roots.length === 1) return { name: first, files };
  const name = `${first.slice(0, 60)} +${roots.length - 1}`;
  return { name, files: files.map(({ path, file }) => ({ path: `${name}/${path}`, file })) };
}

function partsOf(files: readonly DroppedFile[]): DroppedFile[][] {
  const parts: DroppedFile[][] = [];
  let bytes = Infinity;
  for (const one of files) {
    const part = parts.at(-1);
    bytes += one.file.size;
    if (part && part.length < PART_FILES && bytes <= PART_BYTES) part.push(one);
    else {
      parts.push([one]);
      bytes = one.file.size;
    }
  }
  return parts;
}

/** The same for the same files: SHA-256 of their paths, sizes and times, as 32 hexadecimal digits. */
async function fingerprint(files: readonly DroppedFile[]): Promise<string> {
  const lines = files.map(
    ({ path, file }) => `${file.size} ${file.lastModified} ${JSON.stringify(path)}\n`,
  );
  const text = new TextEncoder().encode(lines.sort().join(''));
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', text));
  return Array.from(hash.subarray(0, 16), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
