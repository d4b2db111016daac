import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { StudioError } from '../../../shared/api/errors.ts';
import { dataFolder } from '../data-folder.ts';
import { withLock } from '../store/lock.ts';
import type { DownloadableData, DownloadFile } from './catalogue.ts';
import { fetchPart, type Outcome } from './fetch-part.ts';

/** How far a download is, in bytes. */
export interface DownloadProgress {
  readonly done: number;
  readonly total: number;
  /** Bytes a second of late; null until it is known. */
  readonly rate: number | null;
  readonly secondsLeft: number | null;
  /** The host that the bytes come from. */
  readonly from: string;
}

export interface DownloadOptions {
  /** The folder of all downloads; `dataFolder()` unless told. */
  readonly folder?: string;
  readonly signal?: AbortSignal;
  /** Told about ten times a second. */
  readonly onProgress?: (progress: DownloadProgress) => void;
  /** A connection that is silent for so long is given up, in ms; 30 s unless told. */
  readonly silence?: number;
}

const SILENCE = 30_000;

/** So often an address is tried that gives nothing new, with a pause that grows from this, in ms. */
const TRIES = 3;
const PAUSE = 150;

/** The folder in which the files of data lie or will lie. */
export function downloadFolder(data: DownloadableData, folder = dataFolder()): string {
  return join(folder, data.name);
}

/** Bytes of all files. */
export function downloadBytes({ files }: DownloadableData): number {
  return files.reduce((sum, { bytes }) => sum + bytes, 0);
}

/** How many bytes are here already; as many as `downloadBytes` says once all is downloaded and checked. */
export async function downloadedBytes(data: DownloadableData, folder?: string): Promise<number> {
  const sizes = await Promise.all(
    data.files.map(async (file) => {
      const path = join(downloadFolder(data, folder), file.name);
      const size = await sizeOf(path);
      // A file gets its name once its checksum was right.
      return size === file.bytes ? size : Math.min(await sizeOf(`${path}.part`), file.bytes - 1);
    }),
  );
  return sizes.reduce((a, b) => a + b, 0);
}

/**
 * Downloads what is not here yet and gives the folder with the files, whose checksums were right. Each file is tried
 * from all its addresses, or from `MATRYOSHKA_MIRROR/<name>/<file>` alone where that is set; what was received is kept
 * and gone on from, by the next call as well. Two processes that want the same wait for each other. Rejects with a
 * StudioError: `CANCELLED`; `OFFLINE` where no address could be reached; `NO_DOWNLOAD` where none had the file.
 */
export async function download(
  data: DownloadableData,
  options: DownloadOptions = {},
): Promise<string> {
  const folder = downloadFolder(data, options.folder);
  const { signal } = options;
  try {
    signal?.throwIfAborted();
    await mkdir(folder, { recursive: true });
    await withLock(join(folder, '.lock'), () => downloadFiles(data, folder, options), { signal });
  } catch (error) {
    if (!signal?.aborted) throw error;
    throw new StudioError(
      'CANCELLED',
      `the download of ${data.title} was cancelled; what came is kept`,
    );
  }
  return folder;
}

async function downloadFiles(
  data: DownloadableData,
  folder: string,
  { signal, onProgress, silence = SILENCE }: DownloadOptions,
): Promise<void> {
  const total = downloadBytes(data);
  const tell = meter(total, onProgress);
  let before = 0;
  for (const file of data.files) {
    const path = join(folder, file.name);
    if ((await sizeOf(path)) !== file.bytes) {
      const onBytes = (from: string) => (bytes: number) => tell(before + bytes, from);
      await downloadFile(
        data,
        file,
        path,
        (url, part) =>
          fetchPart(file, url, part, { signal, silence, onBytes: onBytes(new URL(url).host) }),
        signal,
      );
    }
    before += file.bytes;
  }
}

/** Tries one address after the other, each as long as it brings something new. */
async function downloadFile(
  data: DownloadableData,
  file: DownloadFile,
  path: string,
  fetchFrom: (url: string, part: string) => Promise<Outcome>,
  signal: AbortSignal | undefined,
): Promise<void> {
  const part = `${path}.part`;
  const failed: { host: string; outcome: Exclude<Outcome, { end: 'done' }> }[] = [];
  for (const url of addressesOf(data, file)) {
    let tries = 0;
    for (;;) {
      const before = await sizeOf(part);
      const outcome = await fetchFrom(url, part);
      if (outcome.end === 'done') return rename(part, path);
      tries = (await sizeOf(part)) > before ? 0 : tries + 1;
      if (outcome.end === 'useless' || tries >= TRIES) {
        failed.push({ host: new URL(url).host, outcome });
        break;
      }
      await wait(PAUSE * 2 ** tries, undefined, { signal });
    }
  }
  const kept = await sizeOf(part);
  if (kept === 0) await rm(part, { force: true });
  throw failure(data, file, failed, kept);
}

function failure(
  data: DownloadableData,
  file: DownloadFile,
  failed: readonly { host: string; outcome: Exclude<Outcome, { end: 'done' }> }[],
  kept: number,
): StudioError {
  const hosts = [...new Map(failed.map(({ host, outcome }) => [host, outcome.why]))];
  const reasons = hosts.map(([host, why]) => `${host} ${why}`).join('; ');
  const offline = failed.every(({ outcome }) => outcome.end === 'lost');
  const rest = kept ? ` ${megabytes(kept)} of ${megabytes(file.bytes)} came and are kept.` : '';
  return offline
    ? new StudioError(
        'OFFLINE',
        `${data.title} can't be downloaded now: no connection to where it lies (${reasons}).${rest} Try again once this machine is online.`,
      )
    : new StudioError(
        'NO_DOWNLOAD',
        `${data.title} can't be downloaded: no address has ${file.name} as it should be (${reasons}).${rest}`,
      );
}

/** Where a file is to be had. */
export function addressesOf(data: DownloadableData, file: DownloadFile): readonly string[] {
  const mirror = process.env['MATRYOSHKA_MIRROR']?.replace(/\/+$/, '');
  return mirror ? [`${mirror}/${data.name}/${file.name}`] : file.urls;
}

/** Tells of progress ten times a second, with the rate of the last seconds. */
function meter(total: number, onProgress: DownloadOptions['onProgress']) {
  let told = 0;
  const marks: { time: number; done: number }[] = [];
  return (done: number, from: string): void => {
    const time = performance.now();
    if (!onProgress || (done < total && time - told < 100)) return;
    told = time;
    if (marks.length && done < marks.at(-1)!.done) marks.length = 0;
    marks.push({ time, done });
    while (marks.length > 2 && time - marks[0]!.time > 3000) marks.shift();
    const [first] = marks;
    const rate = time > first!.time ? ((done - first!.done) / (time - first!.time)) * 1000 : null;
    onProgress({ done, total, rate, secondsLeft: rate ? (total - done) / rate : null, from });
  };
}

async function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    ({ size }) => size,
    () => 0,
  );
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
