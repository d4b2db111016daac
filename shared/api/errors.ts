import { SpecError } from '../keras/spec.ts';
import type { ErrorInfo } from './events.ts';

/** An error with a stable code, which survives every boundary between processes. */
export class StudioError extends Error {
  /** Stable, in capitals: `DISK_FULL`, `NO_SUCH_RUN`. */
  readonly code: string;
  /** What was saved before it happened. */
  readonly saved?: string;

  constructor(code: string, message: string, saved?: string) {
    super(message);
    this.name = 'StudioError';
    this.code = code;
    if (saved !== undefined) this.saved = saved;
  }
}

/** What the operating system calls a disk without room for more: full, over quota, over the file size limit. */
const fullDisk = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);

/** What it calls a place where nothing may be written. */
const readOnly = new Set(['EROFS', 'EACCES', 'EPERM']);

/**
 * Anything that was thrown, as plain data. A code of its own is kept, a full disk is `DISK_FULL`, a place where nothing
 * may be written `READ_ONLY`, else `INTERNAL`.
 */
export function encodeError(thrown: unknown): ErrorInfo {
  if (thrown instanceof SpecError) return { code: 'BAD_MODEL', message: thrown.message };
  if (typeof thrown !== 'object' || thrown === null)
    return { code: 'INTERNAL', message: String(thrown) };
  const { code, message, saved } = thrown as Partial<Record<keyof ErrorInfo, unknown>>;
  return {
    code: typeof code === 'string' ? stable(code) : 'INTERNAL',
    message: typeof message === 'string' ? message : String(thrown),
    ...(typeof saved === 'string' ? { saved } : {}),
  };
}

function stable(code: string): string {
  return fullDisk.has(code) ? 'DISK_FULL' : readOnly.has(code) ? 'READ_ONLY' : code;
}

/** The error that `encodeError` described. */
export function decodeError(data: unknown): StudioError {
  if (data instanceof StudioError) return data;
  const { code, message, saved } = encodeError(data);
  return new StudioError(code, message, saved);
}

/** What comes of a change that is asked of a run that is over. */
export function runEnded(): StudioError {
  return new StudioError('RUN_ENDED', 'the run has ended; nothing in it can be changed any more');
}
