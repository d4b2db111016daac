import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Program } from '../../shared/program/program.ts';
import { listCandidates, missingParts, type Candidate } from './candidates.ts';
import { keyOf, openCache } from './content-cache.ts';
import type { DeviceInfo } from './engine.ts';
import { describeMachine } from './machine.ts';
import type { StepSample } from './probe-step.ts';

/** An engine that was the fastest for a step on this machine. */
export interface Choice {
  readonly candidate: Candidate;
  readonly device: DeviceInfo;
  /** What the environment must hold for it to work. */
  readonly env: Readonly<Record<string, string>>;
  readonly resident?: false;
  /** Why it was taken, for people. */
  readonly reason: string;
  /** When it was measured: `2026-11-23`. */
  readonly date: string;
  /** Set while it is being started: a start that never ended took its process along. */
  readonly starting?: true;
}

/** What was chosen for one step on one machine. */
export interface Memory {
  recall(): Promise<Choice | null>;
  remember(choice: Choice): Promise<void>;
  forget(): Promise<void>;
}

/** The form of a Choice; another one makes what is remembered void. */
const VERSION = 'choice 1';

/** The choices are small; a thousand of them are kept. */
const LIMIT = 4 * 1024 * 1024;

const folderIn = (cache: string) => join(cache, 'engines');

/** Forgets all choices in a cache's folder. */
export function forgetChoices(cache: string): Promise<void> {
  return rm(folderIn(cache), { recursive: true, force: true });
}

/** What is remembered for this step, as long as model, batch, preference and machine are the same. */
export async function openMemory(
  folder: string,
  preference: string,
  { program, feeds }: StepSample,
): Promise<Memory> {
  const cache = openCache(folderIn(folder), LIMIT);
  const shapes = Object.entries(feeds).map(([name, { shape }]) => `${name} ${shape}`);
  const parts = listCandidates().map((candidate) => `${missingParts(candidate)}`);
  const key = keyOf(
    VERSION,
    preference,
    contentOf(program),
    shapes.join('\n'),
    parts.join('\n'),
    await describeMachine(),
  );
  return {
    async recall() {
      const bytes = await cache.read(key);
      return bytes && (JSON.parse(new TextDecoder().decode(bytes)) as Choice);
    },
    remember: (choice) => cache.write(key, new TextEncoder().encode(JSON.stringify(choice))),
    forget: () => cache.remove(key),
  };
}

/** A program as text; the numbers of its constants by their hash. */
function contentOf(program: Program): string {
  return JSON.stringify(program, (_, value: unknown) =>
    ArrayBuffer.isView(value)
      ? keyOf(new Uint8Array(value.buffer, value.byteOffset, value.byteLength))
      : value,
  );
}
