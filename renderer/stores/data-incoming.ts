import { inject, shallowRef, type InjectionKey, type ShallowRef } from 'vue';
import { messageOf } from '../../shared/api/message.ts';
import { filesOf, TooManyFilesError, type Dropped, type DroppedFile } from '../data/dropped.ts';
import type { FileAccess } from '../data/file-access.ts';
import { upload } from '../data/upload.ts';
import type { Studio } from './studio.ts';

/** A drop whose files the browser is still listing or reading. */
export interface Reading {
  readonly id: number;
  readonly name: string;
  readonly files: number;
}

/** Why data did not come in. */
export interface IncomingProblem {
  readonly id: number;
  /** What was dropped or typed. */
  readonly name: string;
  /** In the studio's words where it is known (`empty`, `tooMany`), else as the error says it. */
  readonly code: 'empty' | 'tooMany' | null;
  readonly message: string;
}

/** How data come into the studio: dropped, chosen, by a path, or from the list of what can be got. */
export interface Incoming {
  readonly reading: Readonly<ShallowRef<readonly Reading[]>>;
  readonly problems: Readonly<ShallowRef<readonly IncomingProblem[]>>;
  /** The imports that this window began: what they become is shown when they are done. */
  readonly own: ReadonlySet<string>;
  take(dropped: Dropped): void;
  /** Whether the desktop's own dialog asks for files; else the page does. */
  readonly hasDialog: boolean;
  pick(folder: boolean): void;
  takePath(path: string): void;
  stopReading(id: number): void;
  dismiss(id: number): void;
}

/** Brings data in through the service, by paths where the host knows them, else as an upload. */
export function createIncoming(studio: Studio, access: FileAccess): Incoming {
  const reading = shallowRef<readonly Reading[]>([]);
  const problems = shallowRef<readonly IncomingProblem[]>([]);
  const own = new Set<string>();
  const stops = new Map<number, AbortController>();
  /** Ends the sending of files whose import has ended. */
  const uploads = new Map<string, AbortController>();
  let count = 0;

  studio.importEnded.add(({ id }) => {
    uploads.get(id)?.abort();
    uploads.delete(id);
  });

  function say(name: string, code: IncomingProblem['code'], message = ''): void {
    count += 1;
    problems.value = [...problems.value, { id: count, name, code, message }].slice(-5);
  }

  function fail(name: string, error: unknown): void {
    if (error instanceof TooManyFilesError) say(name, 'tooMany');
    else say(name, null, messageOf(error));
  }

  function begin(name: string, work: () => Promise<string>): void {
    work().then(
      (id) => own.add(id),
      (error: unknown) => fail(name, error),
    );
  }

  async function takeDropped(dropped: Dropped): Promise<void> {
    const [first] = dropped.roots;
    const name = dropped.entries[0]?.name ?? first?.name ?? '';
    try {
      const paths = await access.paths(dropped.roots);
      if (paths) {
        const known = paths.filter((path) => path !== '');
        if (known.length > 0) own.add(await studio.service.importData({ paths: known }));
        return;
      }
      const files = await list(name, dropped);
      if (files?.length) await send(name, files);
      else if (files) say(name, 'empty');
    } catch (error) {
      fail(name, error);
    }
  }

  /** The files of a drop, or null when somebody stopped. */
  async function list(name: string, dropped: Dropped): Promise<DroppedFile[] | null> {
    const id = ++count;
    const stop = new AbortController();
    stops.set(id, stop);
    const show = (files: number) => {
      reading.value = [...reading.value.filter((one) => one.id !== id), { id, name, files }];
    };
    show(0);
    try {
      return await filesOf(dropped, show, stop.signal);
    } catch (error) {
      if (stop.signal.aborted) return null;
      throw error;
    } finally {
      stops.delete(id);
      reading.value = reading.value.filter((one) => one.id !== id);
    }
  }

  async function send(name: string, files: readonly DroppedFile[]): Promise<void> {
    const stop = new AbortController();
    let begun: string | null = null;
    const started = (id: string) => {
      begun = id;
      own.add(id);
      uploads.set(id, stop);
    };
    try {
      const ends = { start: studio.service.startUpload, offer: studio.service.offerFiles };
      const id = await upload(ends, access, files, started, stop.signal);
      await studio.service.importData({ upload: id });
    } catch (error) {
      // An import that ended is told by itself.
      if (stop.signal.aborted) return;
      if (begun !== null) await studio.service.cancelImport({ id: begun }).catch(() => {});
      fail(name, error);
    } finally {
      if (begun !== null) uploads.delete(begun);
    }
  }

  return {
    reading,
    problems,
    own,
    take: (dropped) => void takeDropped(dropped),
    get hasDialog() {
      return studio.snapshot.value?.host === 'electron';
    },
    pick: (folder) =>
      void studio.service
        .pickData({ folder })
        .then(async (paths) => {
          if (paths.length > 0) own.add(await studio.service.importData({ paths }));
        })
        .catch((error: unknown) => fail('', error)),
    takePath: (path) => begin(path, () => studio.service.importData({ paths: [path] })),
    stopReading: (id) => stops.get(id)?.abort(),
    dismiss: (id) => (problems.value = problems.value.filter((one) => one.id !== id)),
  };
}

export const incomingKey: InjectionKey<Incoming> = Symbol('incoming');

/** The one way of data into this window's studio. */
export function useIncoming(): Incoming {
  return inject(incomingKey)!;
}
