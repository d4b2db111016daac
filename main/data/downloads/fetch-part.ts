import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, stat, truncate } from 'node:fs/promises';
import type { DownloadFile } from './catalogue.ts';

/** How a try to get the rest of a file ended. */
export type Outcome =
  | { readonly end: 'done' }
  /** The connection was lost or could not be made; another try may go on from here. */
  | { readonly end: 'lost'; readonly why: string }
  /** What this address has is not the file. */
  | { readonly end: 'useless'; readonly why: string };

export interface PartOptions {
  readonly signal?: AbortSignal | undefined;
  /** Told how many bytes of the file there are. */
  readonly onBytes: (bytes: number) => void;
  /** A connection that is silent for so long is given up, in ms. */
  readonly silence: number;
}

/**
 * Gets what is missing of a file from an address and adds it to what there is at `part`; a server that can't go on from
 * there sends all of it. Once all bytes are there their checksum is compared, and what is wrong is thrown away. Rejects
 * when the signal is aborted, and with what the disk says.
 */
export async function fetchPart(
  file: DownloadFile,
  url: string,
  part: string,
  options: PartOptions,
): Promise<Outcome> {
  const there = await stat(part).then(
    ({ size }) => size,
    () => 0,
  );
  if (there > file.bytes) await truncate(part, 0);
  if (there !== file.bytes) {
    const outcome = await receive(file, url, part, there > file.bytes ? 0 : there, options);
    if (outcome) return outcome;
  }
  const sum = await sha256Of(part, options.signal);
  if (sum === file.sha256) return { end: 'done' };
  await truncate(part, 0);
  return { end: 'useless', why: `expected the SHA-256 checksum ${file.sha256}; got ${sum}` };
}

/** Writes what the address sends; null when all bytes are there. */
async function receive(
  file: DownloadFile,
  url: string,
  part: string,
  start: number,
  { signal, onBytes, silence }: PartOptions,
): Promise<Outcome | null> {
  const quiet = new AbortController();
  const limit = setTimeout(() => quiet.abort(), silence);
  const either = signal ? AbortSignal.any([signal, quiet.signal]) : quiet.signal;
  const lost = (error: unknown): Outcome => {
    signal?.throwIfAborted();
    const why = quiet.signal.aborted
      ? `was silent for ${Math.round(silence / 1000)} s`
      : reasonOf(error);
    return { end: 'lost', why };
  };
  try {
    const response = await fetch(url, {
      headers: {
        // Compressed once more on its way, a file would have another checksum.
        'accept-encoding': 'identity',
        ...(start > 0 ? { range: `bytes=${start}-` } : {}),
      },
      signal: either,
    }).catch(lost);
    if ('end' in response) return response;
    const from = beginningOf(response, file, start);
    if (typeof from !== 'number') {
      await response.body?.cancel();
      return from;
    }
    const handle = await open(part, from === 0 ? 'w' : 'r+');
    let at = from;
    try {
      const reader = response.body!.getReader();
      for (;;) {
        const piece = await reader.read().catch(lost);
        if ('end' in piece) return piece;
        if (piece.done) break;
        limit.refresh();
        const chunk = piece.value as Uint8Array;
        if (at + chunk.length > file.bytes) {
          await reader.cancel();
          await handle.truncate(0);
          return { end: 'useless', why: `sends more than the ${file.bytes} bytes expected` };
        }
        await handle.write(chunk, 0, chunk.length, at);
        at += chunk.length;
        onBytes(at);
      }
    } finally {
      await handle.close();
    }
    return at === file.bytes ? null : { end: 'lost', why: `sent ${at - from} bytes and ended` };
  } finally {
    clearTimeout(limit);
  }
}

/** Where in the file the answer begins, or why it is none. */
function beginningOf(
  { status, statusText, headers }: Response,
  { bytes }: DownloadFile,
  start: number,
): number | Outcome {
  if (status >= 500 || status === 429 || status === 408)
    return { end: 'lost', why: `answers ${status} ${statusText}`.trim() };
  if (status === 206) {
    const range = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(headers.get('content-range') ?? '');
    if (Number(range?.[1]) === start && (range?.[2] === '*' || Number(range?.[2]) === bytes))
      return start;
    return { end: 'useless', why: `answers with ${headers.get('content-range')} of another file` };
  }
  if (status !== 200) return { end: 'useless', why: `answers ${status} ${statusText}`.trim() };
  const length = headers.get('content-length');
  return length === null || Number(length) === bytes
    ? 0
    : { end: 'useless', why: `has a file of ${length} bytes; expected ${bytes}` };
}

/** What is wrong with a connection, in plain words. */
function reasonOf(error: unknown): string {
  const { cause, message } = error as Error;
  const code = (cause as NodeJS.ErrnoException | undefined)?.code;
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'can not be found';
  if (code === 'ECONNREFUSED') return 'refuses the connection';
  if (code === 'ENETUNREACH' || code === 'EHOSTUNREACH') return 'can not be reached';
  if (code?.startsWith('CERT_') || code?.includes('SELF_SIGNED') || code?.startsWith('UNABLE_TO'))
    return `shows a certificate that is not trusted (${code})`;
  return `lost the connection (${(cause as Error | undefined)?.message ?? message})`;
}

async function sha256Of(path: string, signal: AbortSignal | undefined): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) {
    signal?.throwIfAborted();
    hash.update(chunk as Uint8Array);
  }
  return hash.digest('hex');
}
