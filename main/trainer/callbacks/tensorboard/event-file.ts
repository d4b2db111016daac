import { existsSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { JsonObject } from '../../../../shared/keras/spec.ts';
import { openGrowingFile } from '../growing-file.ts';
import { encodeEvent, encodeVersion, type SummaryValue } from './event.ts';
import { encodeRecord } from './record.ts';

/** A file of events, as TensorBoard reads them. */
export interface EventFile {
  add(step: number, values: readonly SummaryValue[]): Promise<void>;
  /** The file and where it ends; all up to there is on the disk. */
  state(): Promise<JsonObject>;
  close(): Promise<void>;
}

/** Begins a file of events in a folder, or goes on with the one that `state` tells of. */
export async function openEventFile(folder: string, state: JsonObject | null): Promise<EventFile> {
  const seconds = () => Date.now() / 1000;
  const name = state ? String(state['name']) : fresh(folder, seconds());
  const file = await openGrowingFile(join(folder, name), state ? Number(state['size']) : 0);
  if (file.size === 0) await file.append(encodeRecord(encodeVersion(seconds())));
  return {
    add: (step, values) => file.append(encodeRecord(encodeEvent(seconds(), step, values))),
    async state() {
      await file.sync();
      return { name, size: file.size };
    },
    close: file.close,
  };
}

/** TensorBoard takes the files whose names hold `tfevents`, in the order of their names. */
function fresh(folder: string, seconds: number): string {
  const base = `events.out.tfevents.${Math.floor(seconds)}.${hostname()}.${process.pid}`;
  let count = 0;
  while (existsSync(join(folder, `${base}.${count}.v2`))) count += 1;
  return `${base}.${count}.v2`;
}
